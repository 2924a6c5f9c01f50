import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetSummary, RowsPreview, SnapshotDetail, SnapshotSummary } from '../contracts/datasets.ts';
import { canonicalJson, sha256 } from '../kernel/canonical-json.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/ids.ts';
import { nearestName, requireName } from '../kernel/names.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { EventLog } from '../ports/events.ts';
import type { Isolate } from '../ports/isolate.ts';
import type { Transactor } from '../ports/transaction.ts';
import './errors.ts';
import type { DatasetStore } from './ports.ts';
import type { PreviewRequest } from './preview.ts';
import type {
  FeedingService,
  LoadedSource,
  LoadProgress,
  LoadRequest,
  SnapshotManifest,
  SnapshotRow,
  StagedSnapshot,
} from './types.ts';

export interface FeedingDeps {
  readonly store: DatasetStore;
  readonly blobs: BlobStore;
  readonly isolate: Isolate;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly workRoot: string;
}

const PREVIEW_ROWS_DEFAULT = 20;

export function createFeeding(deps: FeedingDeps): FeedingService {
  const { store, events, clock } = deps;
  return {
    stage: (request, control) => stage(deps, request, control),
    publish: async (tx, staged) => {
      const row = await store.insertSnapshot(tx, { ...staged, createdAt: clock.now() });
      const { rows, quarantined, dataset } = staged.manifest;
      const data = { version: row.version, snapshot: staged.id, rows, quarantined };
      await events.append(tx, { type: 'dataset.snapshot', subject: `datasets/${dataset}`, data });
      return { version: row.version };
    },
    list: (query) => store.list(query),
    get: async (name) => {
      const summary = await requireDataset(deps, name);
      const versions = await store.snapshots(name);
      return {
        ...summary,
        versions: versions.map(snapshotSummary),
        current: await detail(deps, versions[0]!),
      };
    },
    snapshot: async (name, version) => detail(deps, await requireSnapshot(deps, name, version)),
    manifest: async (snapshotId) => {
      const row = await store.snapshotById(snapshotId);
      if (row !== undefined) return row.manifest;
      throw new SlipwayError('DATASET_NOT_FOUND', {
        message: `there is no snapshot ${snapshotId}`,
        fix: 'List data sets with `slipway data ls`.',
      });
    },
    preview: async (name, query) =>
      preview(deps, await requireSnapshot(deps, name, query.version), query.limit ?? PREVIEW_ROWS_DEFAULT),
    remove: (name) => remove(deps, name),
  };
}

async function stage(
  deps: FeedingDeps,
  request: LoadRequest,
  control: { signal?: AbortSignal; onProgress?: (progress: LoadProgress) => void },
): Promise<StagedSnapshot> {
  requireName('data set', request.name);
  const workDir = join(deps.workRoot, `load-${deps.ids()}`);
  await mkdir(workDir, { recursive: true });
  try {
    const loaded = await deps.isolate.run<
      { request: LoadRequest; workDir: string },
      LoadedSource,
      LoadProgress
    >('feed', { request, workDir }, control);
    const part = await deps.blobs.putFile(loaded.partPath, { consume: true });
    const quarantined =
      loaded.quarantinePath === undefined
        ? null
        : await deps.blobs.putFile(loaded.quarantinePath, { consume: true });
    const manifest = manifestOf(request.name, loaded, { part, quarantined });
    const { digest } = await deps.blobs.put(new TextEncoder().encode(canonicalJson(manifest)));
    return { id: digest, manifest };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

function manifestOf(
  dataset: string,
  loaded: LoadedSource,
  files: { part: { digest: string; bytes: number }; quarantined: { digest: string; bytes: number } | null },
): SnapshotManifest {
  const { rows, sourceRows, schema, profile, quarantineSample, quarantineReasons, fingerprint, source } =
    loaded;
  return {
    format: 1,
    dataset,
    // A whole load derives from its source alone; what was newest before it is told by the versions' order.
    parents: [],
    parts: [{ ...files.part, rows }],
    quarantinePart: files.quarantined === null ? null : { ...files.quarantined, rows: loaded.quarantined },
    ...{ rows, quarantined: loaded.quarantined, sourceRows, schema, profile },
    ...{ quarantineSample, quarantineReasons, fingerprint, source },
  };
}

async function requireDataset({ store }: FeedingDeps, name: string): Promise<DatasetSummary> {
  const summary = await store.find(name);
  if (summary !== undefined) return summary;
  const near = nearestName(name, await store.names());
  throw new SlipwayError('DATASET_NOT_FOUND', {
    message: `there is no data set '${name}'`,
    fix: near === undefined ? 'List data sets with `slipway data ls`.' : `Did you mean '${near}'?`,
    details: { dataset: name, ...(near === undefined ? {} : { nearest: near }) },
  });
}

async function requireSnapshot(deps: FeedingDeps, name: string, version?: number): Promise<SnapshotRow> {
  await requireDataset(deps, name);
  const rows = await deps.store.snapshots(name);
  const found = version === undefined ? rows[0] : rows.find((row) => row.version === version);
  if (found !== undefined) return found;
  throw new SlipwayError('DATASET_NOT_FOUND', {
    message: `${name} has no version ${version}`,
    fix: `It has versions 1 to ${rows[0]?.version ?? 0}.`,
    details: { dataset: name, version },
  });
}

function snapshotSummary(row: SnapshotRow): SnapshotSummary {
  const { rows, quarantined, sourceRows, schema, parts } = row.manifest;
  return {
    ...{ dataset: row.dataset, version: row.version, snapshot: row.id, rows, quarantined, sourceRows },
    columns: schema.columns.length,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    createdAt: row.createdAt,
  };
}

async function detail(deps: FeedingDeps, row: SnapshotRow): Promise<SnapshotDetail> {
  const { source, schema, profile, quarantineSample, quarantineReasons, fingerprint, parts } = row.manifest;
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
    usedBy: used
      .filter((entry) => entry.snapshot === row.id)
      .map(({ model, version }) => ({ model, version })),
  };
}

async function preview(deps: FeedingDeps, row: SnapshotRow, limit: number): Promise<RowsPreview> {
  const partPath = await deps.blobs.localPath(row.manifest.parts[0]!.digest);
  const request: PreviewRequest = { partPath, schema: row.manifest.schema, workDir: deps.workRoot, limit };
  return deps.isolate.run<PreviewRequest, RowsPreview>('preview', request);
}

/** Blobs stay: another data set may have the same parts. Garbage collection is a job of its own. */
async function remove(deps: FeedingDeps, name: string): Promise<void> {
  await requireDataset(deps, name);
  const used = await deps.store.usedBy(name);
  if (used.length > 0) {
    const models = [...new Set(used.map((entry) => `${entry.model} v${entry.version}`))];
    throw new SlipwayError('DATASET_IN_USE', {
      message: `${models.slice(0, 5).join(', ')} ${models.length === 1 ? 'was' : 'were'} trained on ${name}`,
      fix: 'Remove those models first, or keep the data set: it is their lineage.',
      details: { dataset: name, models },
    });
  }
  await deps.transactor.transaction(async (tx) => {
    await deps.store.remove(tx, name);
    await deps.events.append(tx, { type: 'dataset.removed', subject: `datasets/${name}`, data: {} });
  });
}
