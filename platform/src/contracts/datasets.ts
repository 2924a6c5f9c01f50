import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, Digest, Name, TimeMs } from './common.ts';
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
});
export type DatasetSummary = Static<typeof DatasetSummary>;

export const SnapshotSummary = Type.Object({
  dataset: Name,
  version: Type.Integer(),
  snapshot: Digest,
  rows: Type.Integer(),
  quarantined: Type.Integer(),
  sourceRows: Type.Integer({ description: 'rows + quarantined, counted independently' }),
  columns: Type.Integer(),
  bytes: Type.Integer(),
  createdAt: TimeMs,
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
    usedBy: Type.Array(Type.Object({ model: Type.String(), version: Type.Integer() })),
  }),
]);
export type SnapshotDetail = Static<typeof SnapshotDetail>;

export const DatasetDetail = Type.Composite([
  DatasetSummary,
  Type.Object({ versions: Type.Array(SnapshotSummary), current: SnapshotDetail }),
]);
export type DatasetDetail = Static<typeof DatasetDetail>;

export const RowsQuery = Type.Object({
  version: Type.Optional(Type.Integer({ minimum: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});
export type RowsQuery = Static<typeof RowsQuery>;

/** A few rows to look at, values as text (empty = missing). */
export const RowsPreview = Type.Object({
  columns: Type.Array(Type.String()),
  rows: Type.Array(Type.Array(Type.String())),
});
export type RowsPreview = Static<typeof RowsPreview>;
