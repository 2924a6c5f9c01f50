import type { Page, PageQuery } from '../contracts/common.ts';
import type { DataContract } from '../contracts/data-contracts.ts';
import type {
  DatasetCheck,
  DatasetDetail,
  DatasetSummary,
  SnapshotDetail,
  SnapshotSummary,
} from '../contracts/datasets.ts';
import { sha256 } from '../kernel/canonical-json.ts';
import { currentContract, type FeedingContext, findVersion, requireDataset } from './context.ts';
import type { Feed } from './feed.ts';
import { feedDetail } from './feeds.ts';
import type { DatasetRow } from './ports.ts';
import type { SnapshotManifest, SnapshotRow } from './types.ts';
import { branchesOf, tagsOf } from './versions/version-service.ts';

/** Data sets as people see them: what is there, how fresh it is, and what needs a look. */
export async function listDatasets(deps: FeedingContext, query: PageQuery): Promise<Page<DatasetSummary>> {
  const page = await deps.store.list(query);
  const held = await deps.quarantine.held();
  const contracts = new Map<string, DataContract>();
  for (const { dataset, body } of await deps.records.list<DataContract>('contract'))
    contracts.set(dataset, body);
  const items: DatasetSummary[] = [];
  for (const row of page.items) {
    const manifest = (await deps.store.snapshotById(row.snapshot))?.manifest;
    items.push(
      summaryOf(deps, row, { held: held.get(row.name) ?? 0, contract: contracts.get(row.name), manifest }),
    );
  }
  return { ...page, items };
}

interface Facts {
  readonly held: number;
  readonly contract: DataContract | undefined;
  readonly manifest: SnapshotManifest | undefined;
}

function summaryOf(
  deps: FeedingContext,
  row: DatasetRow,
  { held, contract, manifest }: Facts,
): DatasetSummary {
  const feed = deps.feedCache.get(row.name);
  const limit = contract?.body.freshSeconds ?? null;
  // A source that was read and had nothing new is as fresh as one that had.
  const seenAt = Math.max(row.updatedAt, feed?.failures === 0 ? (feed.lastLoadAt ?? 0) : 0);
  const stale = limit !== null && deps.clock.now() - seenAt > limit * 1000;
  return {
    ...row,
    freshness: limit === null ? 'none' : stale ? 'stale' : 'fresh',
    failing: checksOf({ held, stale, feed, manifest, limit }),
    held,
    everySeconds: feed?.schedule?.paused === true ? null : (feed?.schedule?.everySeconds ?? null),
  };
}

function checksOf(facts: {
  held: number;
  stale: boolean;
  feed: Feed | undefined;
  manifest: SnapshotManifest | undefined;
  limit: number | null;
}): DatasetCheck[] {
  const { held, stale, feed, manifest, limit } = facts;
  const checks: DatasetCheck[] = [];
  if (feed !== undefined && feed.failures > 0)
    checks.push({
      check: 'load',
      severity: 'error',
      message: `the last ${feed.failures === 1 ? 'load' : `${feed.failures} loads`} failed: ${feed.lastError}`,
    });
  if (stale)
    checks.push({ check: 'freshness', severity: 'error', message: `nothing came for more than ${limit} s` });
  if (manifest?.rows === 0) checks.push({ check: 'rows', severity: 'error', message: 'it has no rows' });
  if (held > 0)
    checks.push({ check: 'quarantine', severity: 'warning', message: `${held} rows are kept back` });
  const pii = (manifest?.profile ?? []).filter((column) => column.pii != null);
  if (pii.length > 0)
    checks.push({
      check: 'pii',
      severity: 'warning',
      message: `likely personal data: ${pii.map((column) => `${column.name} (${column.pii!.kind})`).join(', ')}`,
    });
  const odd = (manifest?.profile ?? []).filter((column) => (column.issues ?? []).length > 0);
  if (odd.length > 0)
    checks.push({
      check: 'columns',
      severity: 'info',
      message: odd
        .map(
          ({ name, issues }) =>
            `${name} is ${issues!.map(({ issue, of }) => (of === undefined ? issue : `${issue} of ${of}`)).join(', ')}`,
        )
        .join('; '),
    });
  return checks;
}

export async function datasetDetail(
  deps: FeedingContext,
  name: string,
  pendingRows: number,
): Promise<DatasetDetail> {
  const row = await requireDataset(deps, name);
  const current = await findVersion(deps, name);
  const versions = await deps.store.snapshots(name);
  const held = (await deps.quarantine.held()).get(name) ?? 0;
  const contract = await currentContract(deps, name);
  const proposals = await deps.records.list<{ status: string }>('proposal', name);
  return {
    ...summaryOf(deps, row, { held, contract, manifest: current.manifest }),
    versions: versions.map(snapshotSummary),
    current: await snapshotDetail(deps, current),
    branches: await branchesOf(deps, name),
    tags: await tagsOf(deps, name),
    feed: feedDetail(deps.feedCache.get(name)),
    contractVersion: contract?.version ?? 0,
    openProposals: proposals.filter(({ body }) => body.status === 'open').length,
    splits: (await deps.records.list('split', name)).map((split) => split.name),
    pushed: { pendingRows },
  };
}

function snapshotSummary(row: SnapshotRow): SnapshotSummary {
  const { rows, quarantined, sourceRows, schema, parts, loaded } = row.manifest;
  return {
    ...{ dataset: row.dataset, version: row.version, snapshot: row.id, rows, quarantined, sourceRows },
    loaded: loaded ?? rows,
    columns: schema.columns.length,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    ...{ createdAt: row.createdAt, operation: row.operation, branch: row.branch, parent: row.parent },
    contractVersion: row.contractVersion,
  };
}

export async function snapshotDetail(deps: FeedingContext, row: SnapshotRow): Promise<SnapshotDetail> {
  const { source, schema, profile, quarantineSample, quarantineReasons, fingerprint, parts, lineage } =
    row.manifest;
  const used = await deps.store.usedBy(row.dataset);
  return {
    ...snapshotSummary(row),
    source,
    schema: schema.columns.map(({ name, type, missingTokens }) => ({
      name,
      type,
      missingTokens: [...missingTokens],
    })),
    profile: [...profile],
    quarantine: [...quarantineSample],
    quarantineReasons: [...quarantineReasons],
    fingerprint,
    partDigest: parts[0]?.digest ?? sha256(''),
    parts: parts.map(({ digest, bytes, rows }) => ({ digest, bytes, rows })),
    lineage: { ...lineage, parents: row.manifest.parents },
    usedBy: used
      .filter((entry) => entry.snapshot === row.id)
      .map(({ model, version }) => ({ model, version })),
  };
}
