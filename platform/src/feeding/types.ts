import type { Page, PageQuery } from '../contracts/common.ts';
import type {
  DatasetDetail,
  DatasetSummary,
  QuarantinedRow,
  RowsPreview,
  SnapshotDetail,
} from '../contracts/datasets.ts';
import type { ColumnProfile } from '../contracts/profile.ts';
import type { Tx } from '../ports/transaction.ts';
import type { ColumnType, TableSchema } from '../tables/table.ts';

export type SourceFormat = 'csv' | 'tsv' | 'ndjson' | 'json' | 'parquet';
export type Compression = 'none' | 'gzip' | 'zstd';

/**
 * What a part says of its rows, in a form that adds up: an append is profiled by merging the new part's statistics into the old ones,
 * whatever the size of the data set. Plain JSON. `statistics.ts` makes, merges and reads it.
 */
export interface PartStatistics {
  readonly rows: number;
  /** Sum of stable row hashes modulo 2^64, 16 hex digits. */
  readonly fingerprint: string;
  readonly columns: readonly ColumnStatistics[];
}

export interface ColumnStatistics {
  readonly name: string;
  readonly type: ColumnType;
  readonly [key: string]: unknown;
}

export interface LoadRequest {
  /** Data set name. */
  readonly name: string;
  /** File readable by this machine. */
  readonly path: string;
  /** Shown to people; its endings (`.csv.gz`) help to recognise the format, content decides. */
  readonly fileName: string;
  /** Default 'auto'. Without a header columns are `column_1`, `column_2`, … */
  readonly header?: 'auto' | 'yes' | 'no';
  /** Types that override inference, by column name. Unknown names throw COLUMN_NOT_FOUND with the nearest. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Share of rows that may be quarantined before the load fails with REJECT_BUDGET_EXCEEDED. Default 0.2, and at least 100 rows. */
  readonly rejectShareMax?: number;
}

/** What the child that reads the source hands back: files in its work folder, and facts. Nothing is published yet. */
export interface LoadedSource {
  readonly partPath: string;
  /** NDJSON of {record, byteOffset, reason, message, column?, bytes (base64)}; absent when nothing was quarantined. */
  readonly quarantinePath?: string;
  readonly rows: number;
  readonly quarantined: number;
  /** Counted independently of the two above. */
  readonly sourceRows: number;
  readonly source: SnapshotManifest['source'];
  readonly schema: TableSchema;
  readonly profile: readonly ColumnProfile[];
  readonly quarantineSample: readonly QuarantinedRow[];
  readonly quarantineReasons: readonly { readonly reason: string; readonly count: number }[];
  readonly fingerprint: string;
  /** Mergeable: statistics of several parts give the profile of all their rows. */
  readonly statistics?: PartStatistics;
}

/** Canonical JSON of this, hashed, is the snapshot's id. Stored as a blob. */
export interface SnapshotManifest {
  readonly format: 1;
  readonly dataset: string;
  readonly parents: readonly string[];
  readonly parts: readonly { readonly digest: string; readonly bytes: number; readonly rows: number }[];
  readonly quarantinePart: { readonly digest: string; readonly bytes: number; readonly rows: number } | null;
  readonly rows: number;
  readonly quarantined: number;
  readonly sourceRows: number;
  readonly schema: TableSchema;
  readonly profile: readonly ColumnProfile[];
  readonly quarantineSample: readonly QuarantinedRow[];
  readonly quarantineReasons: readonly { readonly reason: string; readonly count: number }[];
  readonly fingerprint: string;
  readonly source: {
    readonly uri: string;
    readonly format: SourceFormat;
    readonly compression: Compression;
    readonly digest: string;
    readonly bytes: number;
    readonly header: boolean;
    readonly delimiter: string | null;
  };
}

/** A snapshot whose blobs are durable but which no data set names yet; `publish` makes it visible. */
export interface StagedSnapshot {
  readonly id: string;
  readonly manifest: SnapshotManifest;
}

export interface SnapshotRow {
  readonly id: string;
  readonly dataset: string;
  readonly version: number;
  readonly manifest: SnapshotManifest;
  readonly createdAt: number;
}

export interface FeedingService {
  /** Reads, checks, profiles and stores a source (in a child process). Deterministic in the bytes and options. */
  stage(
    request: LoadRequest,
    control: { signal?: AbortSignal; onProgress?: (p: LoadProgress) => void },
  ): Promise<StagedSnapshot>;
  /** Makes the snapshot the newest version of its data set; the same snapshot again is the same version. */
  publish(tx: Tx, staged: StagedSnapshot): Promise<{ version: number }>;
  list(query: PageQuery): Promise<Page<DatasetSummary>>;
  /** Throws DATASET_NOT_FOUND with the nearest name. */
  get(name: string): Promise<DatasetDetail>;
  snapshot(name: string, version?: number): Promise<SnapshotDetail>;
  manifest(snapshotId: string): Promise<SnapshotManifest>;
  preview(name: string, query: { version?: number; limit?: number }): Promise<RowsPreview>;
  /** Throws DATASET_IN_USE while a model version refers to it. */
  remove(name: string): Promise<void>;
}

export interface LoadProgress {
  readonly rows: number;
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly phase: 'reading' | 'checking' | 'profiling' | 'storing';
}
