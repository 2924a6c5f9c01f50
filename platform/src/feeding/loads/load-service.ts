import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractBody, DataContract } from '../../contracts/data-contracts.ts';
import type { LoadMode, LoadOptions } from '../../contracts/data-loads.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { killPoint } from '../../kernel/kill-points.ts';
import { requireName } from '../../kernel/names.ts';
import type { Tx } from '../../ports/transaction.ts';
import type { ColumnType, TableSchema } from '../../tables/table.ts';
import {
  contractName,
  currentContract,
  type FeedingContext,
  findVersion,
  headOf,
  partFiles,
} from '../context.ts';
import { feedFrom, feedOf, positionOf, type RememberedSource, saveFeed } from '../feeds.ts';
import type { FetchedFile, SourcePosition, SourceSpec } from '../ports.ts';
import { resolveSecrets } from '../secrets.ts';
import { mergeStatistics, profileOf } from '../statistics.ts';
import {
  MAIN_BRANCH,
  type Operation,
  type PartStatistics,
  type QuarantineBlob,
  type SnapshotManifest,
  type SnapshotRow,
  type StagedSnapshot,
} from '../types.ts';
import type { LoadJob, LoadOutcome, LoadStatus } from './job.ts';
import { keptParts, putJson, storePart } from './store-parts.ts';

/** One load to be made. */
export interface LoadCommand {
  readonly dataset: string;
  readonly input:
    | { readonly kind: 'files'; readonly files: readonly FetchedFile[] }
    | { readonly kind: 'source'; readonly spec: SourceSpec };
  readonly options: LoadOptions;
  /** Default: the mode. */
  readonly operation?: Operation;
  /** Folder that survives a killed attempt. Default: one of this attempt. */
  readonly fetchDir?: string;
  readonly mayRefuseAll?: boolean;
  /** The source becomes the data set's own when the load is published: one that cannot be read never does. */
  readonly remember?: RememberedSource;
}

export interface LoadControl {
  readonly signal?: AbortSignal;
  readonly onProgress?: (status: LoadStatus) => void;
}

/** A finished load whose blobs are durable, not yet visible. */
export interface StagedLoad extends StagedSnapshot {
  readonly dataset: string;
  /** The source had nothing new: publishing only moves the position. */
  readonly unchanged: boolean;
  readonly branch: string;
  readonly operation: Operation;
  readonly expected: number | null;
  readonly contract: DataContract | null;
  readonly contractVersion: number;
  readonly quarantine: readonly QuarantineBlob[];
  readonly position: SourcePosition | null;
  readonly remember: RememberedSource | null;
  /** Rows of the load, as its report tells. */
  readonly report: Pick<
    LoadOutcome,
    | 'sourceRows'
    | 'loaded'
    | 'quarantined'
    | 'quarantinedValues'
    | 'quarantineReasons'
    | 'warnings'
    | 'changes'
  >;
}

/** Reads and checks in a child process, stores files, makes the manifest. Holds no lock: `publishLoad` refuses when the branch moved. */
export async function stageLoad(
  deps: FeedingContext,
  command: LoadCommand,
  control: LoadControl,
  workDir: string,
): Promise<StagedLoad> {
  const { dataset, options } = command;
  requireName('data set', dataset);
  const branch = options.branch ?? MAIN_BRANCH;
  const head = await headOf(deps, dataset, branch);
  const contract = await currentContract(deps, dataset);
  const mode = options.mode ?? 'replace';
  const job = await jobOf(deps, command, { head, contract: contract?.body ?? null, mode, workDir });
  const outcome = await deps.isolate.run<LoadJob, LoadOutcome, LoadStatus>('load', job, {
    ...(control.signal === undefined ? {} : { signal: control.signal }),
    ...(control.onProgress === undefined ? {} : { onProgress: control.onProgress }),
  });
  killPoint('load.read');
  return keepOutcome(deps, { command, outcome, head, contract, mode, branch });
}

export async function jobOf(
  deps: FeedingContext,
  command: LoadCommand,
  now: { head: SnapshotRow | undefined; contract: ContractBody | null; mode: LoadMode; workDir: string },
): Promise<LoadJob> {
  const { dataset, options, input } = command;
  const { head, contract, mode, workDir } = now;
  const key = options.key ?? contract?.key ?? [];
  if (mode === 'merge' && key.length === 0) {
    throw new SlipwayError('KEY_REQUIRED', {
      message: `a merge into ${dataset} needs a key`,
      fix: 'Name the columns that identify a row with --key, or in the contract.',
      details: { dataset },
    });
  }
  const fetchDir = command.fetchDir ?? join(workDir, 'fetch');
  await mkdir(fetchDir, { recursive: true });
  const parent =
    head === undefined || mode === 'replace'
      ? null
      : { schema: head.manifest.schema, parts: await partFiles(deps, head.manifest) };
  const feed = await feedOf(deps, dataset);
  return {
    dataset,
    workDir,
    fetchDir,
    input:
      input.kind === 'files'
        ? input
        : {
            ...input,
            secrets: await resolveSecrets(deps, input.spec.credentials ?? {}),
            position: options.full || mode === 'replace' ? null : positionOf(feed, input.spec),
          },
    ...{ mode, key, contract, parent },
    header: options.header ?? 'auto',
    types: (options.types ?? {}) as Record<string, ColumnType>,
    references: await referencesOf(deps, contract),
    mayRefuseAll: command.mayRefuseAll ?? false,
  };
}

export async function referencesOf(
  deps: FeedingContext,
  contract: ContractBody | null,
): Promise<LoadJob['references']> {
  const found: Record<
    string,
    { parts: LoadJob['references'][string]['parts']; schema: TableSchema; column: string }
  > = {};
  for (const { name, references } of contract?.columns ?? []) {
    if (references === undefined) continue;
    const { manifest } = await findVersion(deps, references.dataset);
    if (!manifest.schema.columns.some((column) => column.name === references.column)) {
      throw new SlipwayError('CONTRACT_INVALID', {
        message: `${name} refers to ${references.dataset}.${references.column}, which does not exist`,
        fix: 'Correct `references` in the contract.',
        details: { column: name },
      });
    }
    found[name] = {
      parts: await partFiles(deps, manifest),
      schema: manifest.schema,
      column: references.column,
    };
  }
  return found;
}

export interface Finished {
  readonly command: LoadCommand;
  readonly outcome: LoadOutcome;
  readonly head: SnapshotRow | undefined;
  readonly contract: DataContract | undefined;
  readonly mode: LoadMode;
  readonly branch: string;
  /** Snapshots it was made of. Default: the version before, unless it is replaced. */
  readonly parents?: readonly string[];
}

export async function keepOutcome(deps: FeedingContext, finished: Finished): Promise<StagedLoad> {
  const { command, outcome, head, contract, mode, branch } = finished;
  const { dataset } = command;
  const kept = await keptParts(deps, finished);
  const fresh = await Promise.all(outcome.parts.map((part) => storePart(deps, part)));
  const parts = [...kept.parts, ...fresh.map(({ part }) => part)];
  const statistics = [kept.statistics, ...fresh.map((part) => part.statistics)]
    .filter((part) => part !== undefined)
    .reduce<PartStatistics | undefined>((a, b) => (a === undefined ? b : mergeStatistics(a, b)), undefined);
  const quarantine: QuarantineBlob[] = [];
  for (const { path, ...facts } of outcome.quarantine) {
    const blob = await deps.blobs.putFile(path, { consume: true });
    quarantine.push({ ...facts, ...blob });
  }
  const next = nextContract(deps, finished);
  const manifest: SnapshotManifest = {
    format: 2,
    dataset,
    parents: finished.parents ?? (mode === 'replace' || head === undefined ? [] : [head.id]),
    parts,
    ...(statistics === undefined ? {} : { statistics: (await putJson(deps, statistics)).digest }),
    quarantineParts: quarantine,
    rows: statistics?.rows ?? 0,
    loaded: outcome.loaded,
    quarantined: outcome.quarantined,
    sourceRows: outcome.sourceRows,
    schema: outcome.schema,
    profile: statistics === undefined ? [] : profileOf(statistics, outcome.schema),
    quarantineSample: outcome.quarantineSample,
    quarantineReasons: outcome.quarantineReasons,
    fingerprint: `${statistics?.rows ?? 0}-${statistics?.fingerprint ?? '0'.repeat(16)}`,
    source: outcome.source,
    lineage: outcome.lineage,
  };
  const { digest } = await putJson(deps, manifest);
  killPoint('load.staged');
  return {
    id: digest,
    manifest,
    dataset,
    unchanged: outcome.unchanged,
    branch,
    operation: command.operation ?? mode,
    expected: head?.version ?? null,
    contract: next,
    contractVersion: next?.version ?? contract?.version ?? 0,
    quarantine,
    position: outcome.position,
    remember: command.remember ?? null,
    report: outcome,
  };
}

function nextContract(deps: FeedingContext, { command, outcome, contract }: Finished): DataContract | null {
  if (outcome.changes.length === 0 || outcome.unchanged) return null;
  return {
    dataset: command.dataset,
    version: (contract?.version ?? 0) + 1,
    body: outcome.contract,
    origin: contract === undefined ? 'inferred' : 'evolved',
    changes: [...outcome.changes],
    createdAt: deps.clock.now(),
  };
}

/** Makes a staged load visible, with its contract, quarantine and position, in the caller's transaction. */
export async function publishLoad(
  deps: FeedingContext,
  tx: Tx,
  staged: StagedLoad,
): Promise<{ version: number | null }> {
  const { dataset, manifest, branch, operation, expected, contract, contractVersion } = staged;
  const at = deps.clock.now();
  const { remember, position } = staged;
  if (remember !== null || position !== null) {
    await saveFeed(deps, tx, dataset, (feed) => ({
      ...(remember === null ? feed : feedFrom(deps, feed, remember)),
      ...(position === null ? {} : { position }),
    }));
  }
  if (staged.unchanged) return { version: expected };
  const row = await deps.store.insertSnapshot(tx, {
    ...{ id: staged.id, manifest, createdAt: at, branch, operation, contractVersion },
    parent: expected,
    expected,
  });
  if (contract !== null) {
    await deps.records.put(tx, 'contract', {
      dataset,
      name: contractName(contract.version),
      body: contract,
      at,
    });
    const data = { version: contract.version, origin: contract.origin, changes: contract.changes };
    await deps.events.append(tx, { type: 'contract.changed', subject: `datasets/${dataset}`, data });
  }
  for (const part of staged.quarantine) {
    const { digest, rows, bytes: _bytes, ...shape } = part;
    await deps.quarantine.addPart(tx, {
      ...{ dataset, digest, rows, version: row.version, contractVersion, createdAt: at },
      source: JSON.stringify(shape),
    });
  }
  const { rows, quarantined, sourceRows } = manifest;
  const data = {
    ...{ version: row.version, snapshot: staged.id, rows, quarantined, sourceRows, branch, operation },
    loaded: manifest.loaded ?? rows,
    source: manifest.source.uri,
  };
  await deps.events.append(tx, { type: 'dataset.snapshot', subject: `datasets/${dataset}`, data });
  return { version: row.version };
}
