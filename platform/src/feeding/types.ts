import type { QuarantinedRow } from '../contracts/datasets.ts';
import type { ColumnProfile } from '../contracts/profile.ts';
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
  /** Which hash made the fingerprint and the sketches; statistics of different hashes do not add up. */
  readonly hash: string;
  /** Random order of the sampled rows, ascending: float64 in base64. */
  readonly sampleKeys: string;
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
  /** One character. Default: found out. */
  readonly delimiter?: string;
  /** Types that override inference, by column name. Unknown names throw COLUMN_NOT_FOUND with the nearest. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** The one mark for a missing text, from a writer that marks it: 'NA' and 'null' then mean themselves. */
  readonly missingMark?: '\\N';
  /** Share of rows that may be quarantined before the load fails with REJECT_BUDGET_EXCEEDED. Default 0.2, and at least 100 rows. */
  readonly rejectShareMax?: number;
  /** Even all rows may be refused: somebody else decides. Default false. */
  readonly mayRefuseAll?: boolean;
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
  readonly statistics: PartStatistics;
}

export const MAIN_BRANCH = 'main';

/** What made a version. */
export type Operation =
  | 'replace'
  | 'append'
  | 'merge'
  | 'replay'
  | 'release'
  | 'push'
  | 'join'
  | 'proposal'
  | 'compact';

export interface SnapshotPart {
  readonly digest: string;
  readonly bytes: number;
  readonly rows: number;
  /** Blob of the part's own statistics; absent in format 1. */
  readonly statistics?: string;
}

/** How the records of one input are written: enough to read a kept-back record again. */
export interface RecordShape {
  readonly uri: string;
  readonly format: SourceFormat | 'rows';
  readonly delimiter: string | null;
  readonly columns: readonly string[];
}

/** NDJSON of {record, byteOffset, reason, message, column?, source?, bytes (base64)}. */
export interface QuarantineBlob extends RecordShape {
  readonly digest: string;
  readonly bytes: number;
  readonly rows: number;
}

/** Canonical JSON of this, hashed, is the snapshot's id. Stored as a blob. Format 1 has one part and no statistics. */
export interface SnapshotManifest {
  readonly format: 1 | 2;
  readonly dataset: string;
  /** Ids of the snapshots whose parts or rows it was made from. */
  readonly parents: readonly string[];
  readonly parts: readonly SnapshotPart[];
  /** Blob of the merged statistics of all parts; absent in format 1. */
  readonly statistics?: string;
  /** What the load that made it kept back, a part for each differently shaped input. Format 1 has `quarantinePart`, or null. */
  readonly quarantineParts?: readonly QuarantineBlob[];
  readonly quarantinePart?: { readonly digest: string; readonly bytes: number; readonly rows: number } | null;
  /** Of all parts. */
  readonly rows: number;
  /** Of the load that made it: loaded + quarantined = sourceRows. `loaded` is absent in format 1, where it is `rows`. */
  readonly loaded?: number;
  readonly quarantined: number;
  readonly sourceRows: number;
  readonly schema: TableSchema;
  readonly profile: readonly ColumnProfile[];
  readonly quarantineSample: readonly QuarantinedRow[];
  readonly quarantineReasons: readonly { readonly reason: string; readonly count: number }[];
  readonly fingerprint: string;
  readonly source: SourceFacts;
  /** The source's own state that was read: etags, log position, partitions, query; engine version. */
  readonly lineage?: Readonly<Record<string, unknown>>;
}

export interface SourceFacts {
  readonly uri: string;
  readonly format: SourceFormat | 'rows';
  readonly compression: Compression;
  readonly digest: string;
  readonly bytes: number;
  readonly header: boolean;
  readonly delimiter: string | null;
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
  readonly branch: string;
  readonly operation: Operation;
  readonly parent: number | null;
  readonly contractVersion: number;
}

export interface LoadProgress {
  readonly rows: number;
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly phase: 'reading' | 'checking' | 'profiling' | 'storing';
}
