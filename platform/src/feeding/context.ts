import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataContract } from '../contracts/data-contracts.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/ids.ts';
import { nearestName } from '../kernel/names.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { EventLog } from '../ports/events.ts';
import type { Isolate, IsolateOptions } from '../ports/isolate.ts';
import type { Transactor } from '../ports/transaction.ts';
import './errors.ts';
import type { Feed } from './feed.ts';
import type { PartFile } from './loads/job.ts';
import type { DatasetRow, DatasetStore, QuarantineStore, RecordStore, SecretStore } from './ports.ts';
import type { SnapshotSource } from './queries/snapshot-source.ts';
import { MAIN_BRANCH, type SnapshotManifest, type SnapshotRow } from './types.ts';

export interface FeedingDeps {
  readonly store: DatasetStore;
  readonly records: RecordStore;
  readonly quarantine: QuarantineStore;
  readonly secrets: SecretStore;
  readonly blobs: BlobStore;
  readonly isolate: Isolate;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly workRoot: string;
  /** Segments of pushed rows. */
  readonly pushRoot: string;
  /** Key of the encrypted store, 32 bytes; made on first use. */
  readonly secretKey: () => Promise<Uint8Array>;
  /** A variable of the server's environment, for credentials `env:NAME`. */
  readonly environment: (name: string) => string | undefined;
}

/** What happens to one data set at a time: loads, merges, replays. Waiting is in order. */
export class DatasetLocks {
  private readonly tails = new Map<string, Promise<unknown>>();

  async run<T>(dataset: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(dataset) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result.catch(() => undefined);
    this.tails.set(dataset, tail);
    try {
      return await result;
    } finally {
      if (this.tails.get(dataset) === tail) this.tails.delete(dataset);
    }
  }
}

export interface FeedingContext extends FeedingDeps {
  readonly locks: DatasetLocks;
  /** Feeds as the database has them. */
  readonly feedCache: Map<string, Feed>;
}

export async function requireDataset({ store }: FeedingDeps, name: string): Promise<DatasetRow> {
  const row = await store.find(name);
  if (row !== undefined) return row;
  const near = nearestName(name, await store.names());
  throw new SlipwayError('DATASET_NOT_FOUND', {
    message: `there is no data set '${name}'`,
    fix: near === undefined ? 'List data sets with `slipway data ls`.' : `Did you mean '${near}'?`,
    details: { dataset: name, ...(near === undefined ? {} : { nearest: near }) },
  });
}

export interface BranchBody {
  readonly version: number;
  readonly base: number;
}

/**
 * A version by what people call it: a number (`3`, `v3`), a tag or a branch; main's newest without one.
 *
 * @throws DATASET_NOT_FOUND, DATASET_VERSION_NOT_FOUND naming what there is
 */
export async function findVersion(
  deps: FeedingDeps,
  name: string,
  ref?: string | number,
): Promise<SnapshotRow> {
  const main = await requireDataset(deps, name);
  const number = await versionNumber(deps, main, ref);
  const rows = await deps.store.snapshots(name);
  const found = number === undefined ? undefined : rows.find((row) => row.version === number);
  if (found !== undefined) return found;
  const records = [...(await deps.records.list('tag', name)), ...(await deps.records.list('branch', name))];
  throw new SlipwayError('DATASET_VERSION_NOT_FOUND', {
    message: `${name} has no version, tag or branch '${ref}'`,
    fix: `It has versions ${rows.at(-1)?.version ?? 0} to ${rows[0]?.version ?? 0}${records.length === 0 ? '' : ` and the names ${records.map((record) => record.name).join(', ')}`}.`,
    details: { dataset: name, ref },
  });
}

async function versionNumber(
  { records }: FeedingDeps,
  main: DatasetRow,
  ref: string | number | undefined,
): Promise<number | undefined> {
  if (ref === undefined || ref === MAIN_BRANCH) return main.version;
  if (typeof ref === 'number') return ref;
  const match = /^v?(\d+)$/.exec(ref);
  if (match !== null) return Number(match[1]);
  const named =
    (await records.get<{ version: number }>('tag', main.name, ref)) ??
    (await records.get<BranchBody>('branch', main.name, ref));
  return named?.body.version;
}

/** Newest version of a branch, undefined when the data set (or main) has none yet. */
export async function headOf(
  deps: FeedingDeps,
  dataset: string,
  branch: string,
): Promise<SnapshotRow | undefined> {
  const main = await deps.store.find(dataset);
  if (branch === MAIN_BRANCH) return main === undefined ? undefined : findVersion(deps, dataset);
  const record = await deps.records.get<BranchBody>('branch', dataset, branch);
  if (record === undefined) {
    throw new SlipwayError('BRANCH_NOT_FOUND', {
      message: `${dataset} has no branch '${branch}'`,
      fix: `Begin it with \`slipway data branch ${dataset} ${branch}\`.`,
      details: { dataset, branch },
    });
  }
  return findVersion(deps, dataset, record.body.version);
}

export async function partFiles(deps: FeedingDeps, manifest: SnapshotManifest): Promise<PartFile[]> {
  return Promise.all(
    manifest.parts.map(async ({ digest, rows }) => ({
      digest,
      rows,
      path: await deps.blobs.localPath(digest),
    })),
  );
}

export async function sourceOf(deps: FeedingDeps, row: SnapshotRow): Promise<SnapshotSource> {
  const parts = await partFiles(deps, row.manifest);
  return {
    ...{ dataset: row.dataset, version: row.version, snapshot: row.id, schema: row.manifest.schema },
    paths: parts.map(({ path }) => path),
  };
}

/** Runs `work` with a folder of its own, removed afterwards. */
export async function inFolder<T>(
  deps: FeedingDeps,
  kind: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(deps.workRoot, `${kind}-${deps.ids()}`);
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One of the room's tasks in a child process (see work.ts). */
export function inChild<O>(
  deps: FeedingDeps,
  op: string,
  input: unknown,
  options?: IsolateOptions<unknown>,
): Promise<O> {
  return deps.isolate.run<{ op: string; input: unknown }, O>('data', { op, input }, options);
}

/** The contract as it stands; undefined before the first load. */
export async function currentContract(deps: FeedingDeps, dataset: string): Promise<DataContract | undefined> {
  const all = await deps.records.list<DataContract>('contract', dataset);
  return all.at(-1)?.body;
}

/** Contracts are kept by number; the name sorts like it. */
export function contractName(version: number): string {
  return String(version).padStart(8, '0');
}
