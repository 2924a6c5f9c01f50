import type { SplitDetail, SplitProof, SplitRequest, SplitRule } from '../../contracts/data-query.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { requireName } from '../../kernel/names.ts';
import { type FeedingContext, findVersion, inChild, inFolder, requireDataset, sourceOf } from '../context.ts';
import type { DataRecord } from '../ports.ts';
import { splitSql } from './split-sql.ts';

interface StoredSplit {
  readonly rule: SplitRule;
  readonly proofs: readonly SplitProof[];
}

/** Proofs kept per split, newest first. */
const PROOFS_MAX = 20;

export async function listSplits(deps: FeedingContext, dataset: string): Promise<{ items: SplitDetail[] }> {
  await requireDataset(deps, dataset);
  return { items: (await deps.records.list<StoredSplit>('split', dataset)).map(detailOf) };
}

function detailOf({ dataset, name, body, createdAt }: DataRecord<StoredSplit>): SplitDetail {
  return { dataset, name, rule: body.rule, createdAt, proofs: [...body.proofs] };
}

/**
 * Stores a rule and proves it on a version. A rule that exists is only proved again: changing what its name means would silently move
 * rows between parts.
 *
 * @throws SPLIT_INVALID, COLUMN_NOT_FOUND, CONFLICT for another rule under the same name
 */
export async function createSplit(
  deps: FeedingContext,
  dataset: string,
  request: SplitRequest,
): Promise<SplitDetail> {
  requireName('split', request.name);
  const row = await findVersion(deps, dataset, request.version);
  const known = await deps.records.get<StoredSplit>('split', dataset, request.name);
  if (known !== undefined && JSON.stringify(known.body.rule) !== JSON.stringify(request.rule)) {
    throw new SlipwayError('CONFLICT', {
      message: `split '${request.name}' of ${dataset} has another rule`,
      fix: 'Choose another name, or remove it first.',
      details: { dataset, split: request.name, rule: known.body.rule },
    });
  }
  // Told here, before a child process is started.
  splitSql(request.rule, row.manifest.schema);
  const source = await sourceOf(deps, row);
  const proof = await inFolder(deps, 'split', (workDir) =>
    inChild<SplitProof>(deps, 'split', { source, rule: request.rule, workDir }),
  );
  const others = (known?.body.proofs ?? []).filter(({ version }) => version !== row.version);
  const body: StoredSplit = { rule: request.rule, proofs: [proof, ...others].slice(0, PROOFS_MAX) };
  const at = deps.clock.now();
  await deps.transactor.transaction(async (tx) => {
    await deps.records.put(tx, 'split', { dataset, name: request.name, body, at });
    const data = { split: request.name, version: row.version, verdict: proof.verdict };
    await deps.events.append(tx, { type: 'split.proved', subject: `datasets/${dataset}`, data });
  });
  return {
    dataset,
    name: request.name,
    rule: request.rule,
    createdAt: known?.createdAt ?? at,
    proofs: [...body.proofs],
  };
}

export async function removeSplit(deps: FeedingContext, dataset: string, name: string): Promise<void> {
  await requireDataset(deps, dataset);
  if ((await deps.records.get('split', dataset, name)) === undefined) {
    throw new SlipwayError('NOT_FOUND', {
      message: `${dataset} has no split '${name}'`,
      fix: `\`slipway data split ${dataset}\` lists them.`,
    });
  }
  await deps.transactor.transaction((tx) => deps.records.remove(tx, 'split', dataset, name));
}
