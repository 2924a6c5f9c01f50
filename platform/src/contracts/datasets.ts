import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, Digest, Name, TimeMs } from './common.ts';
import { DatasetSource } from './data-loads.ts';
import { BranchSummary, TagSummary } from './data-versions.ts';
import { ColumnProfile } from './profile.ts';

export const QuarantinedRow = Type.Object({
  /** 1-based record number in the source (header not counted), -1 when unknown. */
  record: Type.Integer(),
  /** Byte offset in the (decompressed) source, -1 when unknown. */
  byteOffset: Type.Integer(),
  reason: Type.String({ description: 'Stable reason code, e.g. WRONG_TYPE, TOO_MANY_FIELDS, INVALID_UTF8' }),
  message: Type.String(),
  column: Type.Optional(Type.String()),
  /** The original bytes as text (invalid UTF-8 as U+FFFD), cut at 2,000 characters; the full bytes are in the quarantine part. */
  excerpt: Type.String(),
});
export type QuarantinedRow = Static<typeof QuarantinedRow>;

export const DatasetCheck = Type.Object({
  check: Type.String({ description: 'load, freshness, quarantine, pii, columns' }),
  severity: Type.Unsafe<'error' | 'warning' | 'info'>({
    type: 'string',
    enum: ['error', 'warning', 'info'],
  }),
  message: Type.String(),
});
export type DatasetCheck = Static<typeof DatasetCheck>;

export const DatasetSummary = Type.Object({
  name: Name,
  version: Type.Integer({ description: 'Newest snapshot version, from 1' }),
  snapshot: Digest,
  rows: Type.Integer(),
  quarantined: Type.Integer(),
  columns: Type.Integer(),
  bytes: Type.Integer(),
  source: Type.String({ description: 'What was loaded, without credentials' }),
  createdAt: TimeMs,
  updatedAt: TimeMs,
  /** Against the contract's `freshSeconds`; none: nothing is asked. */
  freshness: Type.Unsafe<'fresh' | 'stale' | 'none'>({ type: 'string', enum: ['fresh', 'stale', 'none'] }),
  /** What needs a look: a failed load, staleness, rows held back, personal data, suspicious columns. */
  failing: Type.Array(DatasetCheck),
  /** Rows still held in quarantine, over all versions. */
  held: Type.Integer(),
  /** It feeds by itself this often; null when not. */
  everySeconds: Type.Union([Type.Integer(), Type.Null()]),
});
export type DatasetSummary = Static<typeof DatasetSummary>;

export const SnapshotSummary = Type.Object({
  dataset: Name,
  version: Type.Integer(),
  snapshot: Digest,
  rows: Type.Integer(),
  quarantined: Type.Integer(),
  sourceRows: Type.Integer({
    description: 'Rows in the source of this load: loaded + quarantined, counted independently',
  }),
  loaded: Type.Integer({ description: 'Rows of this load; `rows` are all rows of the version' }),
  columns: Type.Integer(),
  bytes: Type.Integer(),
  createdAt: TimeMs,
  /** replace, append, merge, or how else it came: replay, release, join, proposal, compact. */
  operation: Type.String(),
  branch: Type.String(),
  parent: Type.Union([Type.Integer(), Type.Null()]),
  contractVersion: Type.Integer(),
});
export type SnapshotSummary = Static<typeof SnapshotSummary>;

export const SnapshotDetail = Type.Composite([
  SnapshotSummary,
  Type.Object({
    source: Type.Object({
      uri: Type.String(),
      format: Type.String({ description: 'csv, tsv, ndjson, json, parquet' }),
      compression: Type.String({ description: 'none, gzip, zstd' }),
      digest: Digest,
      bytes: Type.Integer(),
      header: Type.Boolean(),
      delimiter: Type.Union([Type.String(), Type.Null()]),
    }),
    schema: Type.Array(
      Type.Object({ name: Type.String(), type: ColumnType, missingTokens: Type.Array(Type.String()) }),
    ),
    profile: Type.Array(ColumnProfile),
    quarantine: Type.Array(QuarantinedRow, { description: 'The first rows of the quarantine' }),
    quarantineReasons: Type.Array(Type.Object({ reason: Type.String(), count: Type.Integer() })),
    /** Order-independent fingerprint of the rows. */
    fingerprint: Type.String(),
    partDigest: Digest,
    parts: Type.Array(Type.Object({ digest: Digest, bytes: Type.Integer(), rows: Type.Integer() })),
    lineage: Type.Record(Type.String(), Type.Unknown()),
    usedBy: Type.Array(Type.Object({ model: Type.String(), version: Type.Integer() })),
  }),
]);
export type SnapshotDetail = Static<typeof SnapshotDetail>;

export const DatasetDetail = Type.Composite([
  DatasetSummary,
  Type.Object({
    versions: Type.Array(SnapshotSummary),
    current: SnapshotDetail,
    branches: Type.Array(BranchSummary),
    tags: Type.Array(TagSummary),
    feed: Type.Union([DatasetSource, Type.Null()]),
    contractVersion: Type.Integer(),
    openProposals: Type.Integer(),
    splits: Type.Array(Type.String()),
    pushed: Type.Object({
      pendingRows: Type.Integer({ description: 'Acknowledged and not yet in a version' }),
    }),
  }),
]);
export type DatasetDetail = Static<typeof DatasetDetail>;

export const RowsQuery = Type.Object({
  version: Type.Optional(Type.Integer({ minimum: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Only rows of which this column … */
  column: Type.Optional(Type.String({ maxLength: 1000 })),
  /** … has this value, … */
  value: Type.Optional(Type.String({ maxLength: 10_000 })),
  /** … or lies in [from, to) (dates in epoch milliseconds; `closed` includes `to`), … */
  from: Type.Optional(Type.Number()),
  to: Type.Optional(Type.Number()),
  closed: Type.Optional(Type.Boolean()),
  /** … or is missing. */
  missing: Type.Optional(Type.Boolean()),
});
export type RowsQuery = Static<typeof RowsQuery>;

/** A few rows to look at, values as text (empty = missing). */
export const RowsPreview = Type.Object({
  columns: Type.Array(Type.String()),
  rows: Type.Array(Type.Array(Type.String())),
  /** Rows that the filter lets through. */
  total: Type.Integer(),
});
export type RowsPreview = Static<typeof RowsPreview>;
