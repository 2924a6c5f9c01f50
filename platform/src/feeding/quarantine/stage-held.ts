import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractBody } from '../../contracts/data-contracts.ts';
import { currentContract, type FeedingContext, headOf } from '../context.ts';
import { readHeld, writeRecords } from '../loads/held-records.ts';
import type { LoadJob, LoadOutcome } from '../loads/job.ts';
import { jobOf, keepOutcome, type LoadCommand, type StagedLoad } from '../loads/load-service.ts';
import type { FetchedFile } from '../ports.ts';
import { MAIN_BRANCH, type RecordShape } from '../types.ts';
import type { HeldItem } from './held-items.ts';

/** Differently shaped groups of rows that one action takes. */
const GROUPS_MAX = 8;

/**
 * Reads kept-back rows again, as they were fixed, into a version on main. A row that is refused again stays where it is.
 *
 * @returns the load, undefined when no row went in, and the rows that did
 */
export async function stageHeld(
  deps: FeedingContext,
  work: {
    readonly dataset: string;
    readonly items: readonly HeldItem[];
    readonly action: 'replay' | 'release';
    readonly folder: string;
  },
): Promise<{ load: StagedLoad | undefined; taken: readonly HeldItem[] }> {
  const { dataset, action, folder } = work;
  const contract = await currentContract(deps, dataset);
  const head = await headOf(deps, dataset, MAIN_BRANCH);
  // A value that was kept back alone has its row in the data set already.
  const groups = groupsOf(work.items.filter(({ record }) => record.value !== true));
  const files: FetchedFile[] = [];
  const itemsOf = new Map<string, readonly HeldItem[]>();
  for (const [index, { shape, items }] of groups.entries()) {
    const uri = `quarantine-${index}`;
    itemsOf.set(uri, items);
    files.push(await recordsFile(join(folder, uri), uri, shape, items));
  }
  if (files.length === 0) return { load: undefined, taken: [] };
  const command: LoadCommand = {
    dataset,
    input: { kind: 'files', files },
    options: { mode: 'append' },
    operation: action,
    mayRefuseAll: true,
  };
  const body = contract?.body ?? null;
  const job = await jobOf(deps, command, {
    ...{ head, mode: 'append', workDir: folder },
    contract: body === null ? null : actingContract(body, action),
  });
  const outcome = await deps.isolate.run<LoadJob, LoadOutcome>('load', job);
  const refused = await refusedOf(outcome);
  const taken = [...itemsOf].flatMap(([uri, items]) =>
    items.filter((_, i) => !refused.has(`${uri}:${i + 1}`)),
  );
  if (outcome.loaded === 0) return { load: undefined, taken: [] };
  const load = await keepOutcome(deps, {
    ...{ command, head, contract, mode: 'append', branch: MAIN_BRANCH },
    outcome: {
      ...outcome,
      ...{
        quarantine: [],
        quarantined: 0,
        quarantinedValues: 0,
        quarantineReasons: [],
        quarantineSample: [],
      },
      // Where the rows came from at first, not the file they were written to.
      source: { ...outcome.source, uri: groups[0]!.shape.uri },
      sourceRows: outcome.loaded,
      // Rows that somebody let in say nothing of what rows should look like.
      ...(body === null ? {} : { contract: body, changes: [] }),
      lineage: { ...outcome.lineage, [action]: { rows: outcome.loaded } },
    },
  });
  return { load, taken };
}

function groupsOf(items: readonly HeldItem[]): { shape: RecordShape; items: HeldItem[] }[] {
  const groups = new Map<string, { shape: RecordShape; items: HeldItem[] }>();
  for (const item of items) {
    const shape = JSON.parse(item.part.source) as RecordShape;
    const key = JSON.stringify([shape.format, shape.delimiter, shape.columns]);
    const group = groups.get(key);
    if (group !== undefined) group.items.push(item);
    else if (groups.size < GROUPS_MAX) groups.set(key, { shape, items: [item] });
  }
  return [...groups.values()];
}

async function recordsFile(
  folder: string,
  uri: string,
  shape: RecordShape,
  items: readonly HeldItem[],
): Promise<FetchedFile> {
  await mkdir(folder, { recursive: true });
  const records = items.map(({ record, mark }) => ({
    bytes: mark?.fixed == null ? record.bytes : Buffer.from(mark.fixed),
  }));
  const { path, fileName, header } = await writeRecords(folder, shape, records);
  return {
    ...{ path, fileName, uri, temporary: true },
    ...(header === 'yes' ? { header } : {}),
    ...(shape.delimiter === null ? {} : { delimiter: shape.delimiter }),
    bytes: records.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
}

/** Replay: today's contract, which a handful of rows may not change. Release: what breaks a rule is let in. */
function actingContract(body: ContractBody, action: 'replay' | 'release'): ContractBody {
  if (action === 'replay') return { ...body, types: 'quarantine-row', rowsRequired: false };
  return {
    ...body,
    ...{ types: 'quarantine-value', rules: 'evolve', newColumns: 'quarantine-value', rowsRequired: false },
    columns: body.columns.map(({ onViolation: _mode, required: _required, ...column }) => column),
  };
}

async function refusedOf(outcome: LoadOutcome): Promise<Set<string>> {
  const refused = new Set<string>();
  for (const file of outcome.quarantine)
    for await (const record of readHeld(file.path))
      if (record.value !== true) refused.add(`${file.uri}:${record.record}`);
  return refused;
}
