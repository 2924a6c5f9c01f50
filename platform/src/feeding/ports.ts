import type { Page, PageQuery } from '../contracts/common.ts';
import type { DatasetSummary } from '../contracts/datasets.ts';
import type { Tx } from '../ports/transaction.ts';
import type { ColumnType } from '../tables/table.ts';
import type { Operation, SnapshotManifest, SnapshotRow } from './types.ts';

/** Beside what a snapshot is (its manifest): how this version came about. */
export interface VersionFacts {
  readonly branch: string;
  readonly operation: Operation;
  /** Version it was made from; null for a first one. */
  readonly parent: number | null;
  readonly contractVersion: number;
}

export interface NewVersion extends VersionFacts {
  readonly id: string;
  readonly manifest: SnapshotManifest;
  readonly createdAt: number;
  /** The branch's newest version that this was made for: another one meanwhile throws VERSION_MOVED. Undefined: whatever is newest. */
  readonly expected?: number | null;
}

/** Main facts of a data set, as the database has them at hand. */
export type DatasetRow = Omit<DatasetSummary, 'freshness' | 'failing' | 'held' | 'everySeconds'>;

/** Where data sets and snapshots are recorded. */
export interface DatasetStore {
  /** Inserts the next version and moves its branch; returns the existing row when this id is already the branch's newest. */
  insertSnapshot(tx: Tx, version: NewVersion): Promise<SnapshotRow>;
  list(query: PageQuery): Promise<Page<DatasetRow>>;
  find(name: string): Promise<DatasetRow | undefined>;
  names(): Promise<string[]>;
  /** Newest first, of all branches; manifests only of the first `limit`. */
  snapshots(name: string): Promise<SnapshotRow[]>;
  snapshotById(id: string): Promise<SnapshotRow | undefined>;
  /** Model versions that were trained on snapshots of this data set. */
  usedBy(name: string): Promise<{ snapshot: string; model: string; version: number }[]>;
  removeVersion(tx: Tx, name: string, version: number): Promise<void>;
  remove(tx: Tx, name: string): Promise<void>;
}

/** Small documents that belong to data sets, by kind and name; `lineage` belongs to none ('') and is how far its events were sent. */
export type RecordKind = 'branch' | 'tag' | 'contract' | 'feed' | 'proposal' | 'split' | 'push' | 'lineage';

export interface DataRecord<T> {
  readonly dataset: string;
  readonly name: string;
  readonly body: T;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface RecordStore {
  get<T>(kind: RecordKind, dataset: string, name: string): Promise<DataRecord<T> | undefined>;
  /** In creation order. */
  list<T>(kind: RecordKind, dataset?: string): Promise<DataRecord<T>[]>;
  put(
    tx: Tx,
    kind: RecordKind,
    record: { dataset: string; name: string; body: unknown; at: number },
  ): Promise<void>;
  remove(tx: Tx, kind: RecordKind, dataset: string, name: string): Promise<void>;
}

export interface QuarantinePart {
  readonly dataset: string;
  /** Blob of NDJSON lines, one a row. */
  readonly digest: string;
  readonly version: number;
  readonly contractVersion: number;
  readonly source: string;
  readonly rows: number;
}

/** A row of a quarantine part that somebody did something with; the others are held. */
export interface QuarantineMark {
  readonly digest: string;
  /** 0-based line of the part. */
  readonly position: number;
  readonly status: 'fixed' | 'replayed' | 'released' | 'discarded';
  readonly fixed: string | null;
  /** Version it went into. */
  readonly version: number | null;
}

export interface QuarantineStore {
  addPart(tx: Tx, part: QuarantinePart & { createdAt: number }): Promise<void>;
  /** Newest first. */
  parts(dataset: string): Promise<QuarantinePart[]>;
  marks(dataset: string, digest?: string): Promise<QuarantineMark[]>;
  mark(tx: Tx, dataset: string, marks: readonly QuarantineMark[], at: number): Promise<void>;
  /** Rows still held or fixed, by data set. */
  held(): Promise<ReadonlyMap<string, number>>;
  remove(tx: Tx, dataset: string): Promise<void>;
}

export interface SecretStore {
  names(): Promise<{ name: string; updatedAt: number }[]>;
  /** Sealed text. */
  get(name: string): Promise<string | undefined>;
  put(tx: Tx, secret: { name: string; sealed: string; at: number }): Promise<void>;
  remove(tx: Tx, name: string): Promise<boolean>;
}

/** Where rows come from, as it is stored with a data set. Never holds a secret: `credentials` are references. */
export interface SourceSpec {
  /**
   * `file:///data/*.csv` (or an absolute path), `https://host/file.csv.gz`, `s3://bucket/prefix/**.parquet`,
   * `postgres://user@host:5432/db`, `mysql://user@host:3306/db`, `sqlite:///path/to/file.db`.
   */
  readonly uri: string;
  /** Databases: a table (`schema.table`), or a query; exactly one of the two. */
  readonly table?: string;
  readonly query?: string;
  /** Databases: a column that only grows; later reads take what is at or after its last value. Postgres: also `xmin`. */
  readonly cursor?: string;
  /** S3: endpoint of a compatible server, and its region (default us-east-1). */
  readonly endpoint?: string;
  readonly region?: string;
  /** By name: password (databases), accessKeyId, secretAccessKey, sessionToken (S3), bearer or header:<Name> (HTTP). */
  readonly credentials?: Readonly<Record<string, SecretRef>>;
  /** HTTP and S3: addresses of private networks and of this machine may be reached. Default false. */
  readonly allowPrivate?: boolean;
}

/** `env:NAME`, `file:/absolute/path` or `store:name` (Slipway's encrypted store). */
export type SecretRef = string;

/** Where the next read begins: whatever the connector needs to know, as plain JSON. Committed with the snapshot it led to. */
export type SourcePosition = { readonly [key: string]: unknown };

export interface SourceContext {
  /** Values of `spec.credentials`, by their names. Never logged, never in an error. */
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * Folder for what is fetched. It outlives a killed attempt: a partition whose bytes are complete there, with the same etag, is
   * not fetched again, and a partial one is continued where the source can (ranges).
   */
  readonly workDir: string;
  /** Null: read everything. */
  readonly position: SourcePosition | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {
    readonly bytes: number;
    readonly bytesTotal: number;
    readonly message: string;
  }) => void;
}

/** One partition, complete on this machine. */
export interface FetchedFile {
  readonly path: string;
  /** Shown to people and used to recognise the format. */
  readonly fileName: string;
  /** Without credentials. */
  readonly uri: string;
  readonly bytes: number;
  /** ETag, or another mark of the source's version of these bytes. */
  readonly etag?: string;
  /** Databases know their columns: such a file is CSV with a header, `\\N` unquoted for missing, and these types. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  readonly header?: 'yes' | 'no';
  /** One character, where it is known. */
  readonly delimiter?: string;
  /** Whether the reader must remove it (a spool), or it is the user's own file. */
  readonly temporary: boolean;
}

export interface FetchedSource {
  readonly files: readonly FetchedFile[];
  /** Where the next read begins; null where the source has no notion of it. */
  readonly position: SourcePosition | null;
  /** The source's own consistent state, for lineage: LSN or transaction snapshot, etags, row count it claims. */
  readonly lineage: { readonly [key: string]: unknown };
  /** Rows the source itself says were sent, where it does (COPY's count); compared with what was read. */
  readonly rows?: number;
}

export interface DiscoveredStream {
  /** Table, object key or file name. */
  readonly name: string;
  readonly bytes?: number;
  readonly rows?: number;
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
}

/** A kind of source. Runs in child processes. Adapters: `adapters/sources-*`. */
export interface SourceConnector {
  /** Schemes of the URIs it reads, without the colon. */
  readonly schemes: readonly string[];
  /** Whether the source can be reached and read with these credentials. Throws SOURCE_* errors that say what to do. */
  check(spec: SourceSpec, context: SourceContext): Promise<{ readonly message: string }>;
  /** Tables, objects or files that could be read. At most `limit`. */
  discover(spec: SourceSpec, context: SourceContext, limit: number): Promise<DiscoveredStream[]>;
  fetch(spec: SourceSpec, context: SourceContext): Promise<FetchedSource>;
}
