import type { CollectReport, CollectRequest } from '../../contracts/data-versions.ts';
import type { BranchBody, FeedingContext } from '../context.ts';
import type { SnapshotManifest, SnapshotRow } from '../types.ts';

const KEEP_VERSIONS_DEFAULT = 10;
const KEEP_DAYS_DEFAULT = 30;
const DAY_MS = 24 * 3600 * 1000;
/** A blob that was written or found again within this time may belong to a load that is not published yet. */
const GRACE_MS = 3600 * 1000;

/**
 * Removes versions that are old and that nothing refers to, then the files that only they had. What refers to a version: a model that
 * was made of it, a tag, a branch and where it began, an open proposal, a data set that was made of it, rows still in quarantine. A
 * file is removed only when no version that stays has it, nothing else in the program names it, and it was not touched for an hour.
 *
 * @param named digests that other rooms refer to, asked once per run
 */
export async function collectGarbage(
  deps: FeedingContext,
  request: CollectRequest,
  named: (digests: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<Omit<CollectReport, 'orphans'>> {
  const dryRun = request.dryRun ?? true;
  const names = await deps.store.names();
  const kept: CollectReport['kept'] = [];
  const stay: SnapshotRow[] = [];
  const leave: SnapshotRow[] = [];
  const rowsOf = new Map<string, SnapshotRow[]>();
  for (const name of names) rowsOf.set(name, await deps.store.snapshots(name));
  const parents = parentsOf([...rowsOf.values()].flat());
  for (const [name, rows] of rowsOf) {
    const because = await reasonsToKeep(deps, name, rows, request, parents);
    for (const row of rows) {
      const reason = because(row);
      if (reason === undefined) leave.push(row);
      else {
        stay.push(row);
        if (reason !== 'recent') kept.push({ dataset: name, version: row.version, because: reason });
      }
    }
  }
  const blobs = await lonelyBlobs(stay, leave, named);
  const report = {
    dryRun,
    versions: leave.map(({ dataset, version }) => ({ dataset, version })),
    kept,
  };
  if (dryRun) return { ...report, ...(await sizesOf(deps, blobs)) };
  await deps.transactor.transaction(async (tx) => {
    for (const { dataset, version } of leave) await deps.store.removeVersion(tx, dataset, version);
    if (leave.length > 0)
      await deps.events.append(tx, {
        type: 'dataset.collected',
        subject: 'datasets',
        data: { versions: report.versions },
      });
  });
  // Versions are gone first: a crash here leaves files that nothing names. They cost room and nothing else.
  return { ...report, ...(await removeBlobs(deps, blobs)) };
}

/** Snapshot ids that others were made of. Within a data set's own line only the next version, which holds the parts itself, refers to them. */
function parentsOf(rows: readonly SnapshotRow[]): ReadonlySet<string> {
  const byId = new Map(rows.map((row) => [row.id, row.dataset]));
  const found = new Set<string>();
  for (const row of rows)
    for (const parent of row.manifest.parents) if (byId.get(parent) !== row.dataset) found.add(parent);
  return found;
}

async function reasonsToKeep(
  deps: FeedingContext,
  name: string,
  rows: readonly SnapshotRow[],
  request: CollectRequest,
  parents: ReadonlySet<string>,
): Promise<(row: SnapshotRow) => string | undefined> {
  const newest = new Set(
    rows.slice(0, request.keepVersions ?? KEEP_VERSIONS_DEFAULT).map(({ version }) => version),
  );
  const since = deps.clock.now() - (request.keepDays ?? KEEP_DAYS_DEFAULT) * DAY_MS;
  const models = new Map(
    (await deps.store.usedBy(name)).map((use) => [use.snapshot, `model ${use.model} v${use.version}`]),
  );
  const byVersion = new Map<number, string>();
  for (const { body, name: tag } of await deps.records.list<{ version: number }>('tag', name))
    byVersion.set(body.version, `tag ${tag}`);
  for (const { body, name: branch } of await deps.records.list<BranchBody>('branch', name)) {
    byVersion.set(body.version, `branch ${branch}`);
    byVersion.set(body.base, `branch ${branch} began here`);
  }
  for (const { body } of await deps.records.list<{ status: string; base: number; head: number; id: string }>(
    'proposal',
    name,
  ))
    if (body.status === 'open')
      for (const version of [body.base, body.head]) byVersion.set(version, `proposal ${body.id}`);
  const main = (await deps.store.find(name))?.version;
  const held = await versionsWithHeldRows(deps, name);
  return (row) => {
    if (row.version === main || newest.has(row.version) || row.createdAt >= since) return 'recent';
    if (models.has(row.id)) return models.get(row.id);
    if (byVersion.has(row.version)) return byVersion.get(row.version);
    if (parents.has(row.id)) return 'another data set was made of it';
    return held.has(row.version) ? 'rows in quarantine' : undefined;
  };
}

async function versionsWithHeldRows(deps: FeedingContext, name: string): Promise<ReadonlySet<number>> {
  const ended = new Map<string, number>();
  for (const { digest, status } of await deps.quarantine.marks(name))
    if (status !== 'fixed') ended.set(digest, (ended.get(digest) ?? 0) + 1);
  const parts = await deps.quarantine.parts(name);
  return new Set(
    parts.filter(({ digest, rows }) => rows > (ended.get(digest) ?? 0)).map(({ version }) => version),
  );
}

export function blobsOf(id: string, manifest: SnapshotManifest): string[] {
  return [
    id,
    ...manifest.parts.flatMap(({ digest, statistics }) => [
      digest,
      ...(statistics === undefined ? [] : [statistics]),
    ]),
    ...(manifest.statistics === undefined ? [] : [manifest.statistics]),
    ...(manifest.quarantineParts ?? []).map(({ digest }) => digest),
    ...(manifest.quarantinePart == null ? [] : [manifest.quarantinePart.digest]),
  ];
}

async function lonelyBlobs(
  stay: readonly SnapshotRow[],
  leave: readonly SnapshotRow[],
  named: (digests: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<string[]> {
  const used = new Set(stay.flatMap(({ id, manifest }) => blobsOf(id, manifest)));
  const lonely = [...new Set(leave.flatMap(({ id, manifest }) => blobsOf(id, manifest)))].filter(
    (digest) => !used.has(digest),
  );
  if (lonely.length === 0) return [];
  const others = await named(lonely);
  return lonely.filter((digest) => !others.has(digest));
}

async function sizesOf(
  deps: FeedingContext,
  digests: readonly string[],
): Promise<{ blobs: number; bytes: number }> {
  let blobs = 0;
  let bytes = 0;
  for (const digest of digests) {
    const size = await deps.blobs.size(digest);
    if (size === undefined) continue;
    blobs++;
    bytes += size;
  }
  return { blobs, bytes };
}

async function removeBlobs(
  deps: FeedingContext,
  digests: readonly string[],
): Promise<{ blobs: number; bytes: number }> {
  let blobs = 0;
  let bytes = 0;
  for (const digest of digests) {
    const size = await deps.blobs.size(digest);
    if (size === undefined || !(await deps.blobs.delete(digest, { untouchedMs: GRACE_MS }))) continue;
    blobs++;
    bytes += size;
  }
  return { blobs, bytes };
}
