import type { ContractBody } from '../../contracts/data-contracts.ts';
import type { LoadMode } from '../../contracts/data-loads.ts';
import type { QuarantinedRow } from '../../contracts/datasets.ts';
import type { ColumnType, TableSchema } from '../../tables/table.ts';
import type { FetchedFile, SourcePosition, SourceSpec } from '../ports.ts';
import type { PartStatistics, RecordShape, SourceFacts } from '../types.ts';

/** A part of an earlier snapshot, as a child process finds it. */
export interface PartFile {
  readonly digest: string;
  readonly path: string;
  readonly rows: number;
}

/** One load, as the child process is given it. Plain values. */
export interface LoadJob {
  readonly dataset: string;
  /** Folder of this attempt. */
  readonly workDir: string;
  /** Survives a killed attempt: what was fetched is not fetched again. */
  readonly fetchDir: string;
  /** Either files of this machine or a source to fetch. */
  readonly input:
    | { readonly kind: 'files'; readonly files: readonly FetchedFile[] }
    | {
        readonly kind: 'source';
        readonly spec: SourceSpec;
        readonly secrets: Readonly<Record<string, string>>;
        readonly position: SourcePosition | null;
      };
  readonly mode: LoadMode;
  readonly key: readonly string[];
  readonly header: 'auto' | 'yes' | 'no';
  /** Types that the caller insists on. */
  readonly types: Readonly<Record<string, ColumnType>>;
  /** Null: the first load; the contract is inferred from it. */
  readonly contract: ContractBody | null;
  /** What the branch holds now; null for a first load. */
  readonly parent: { readonly schema: TableSchema; readonly parts: readonly PartFile[] } | null;
  /** Values that columns refer to, by the column of the contract. */
  readonly references: Readonly<
    Record<
      string,
      { readonly parts: readonly PartFile[]; readonly schema: TableSchema; readonly column: string }
    >
  >;
  /** A batch in which every row is refused is still a load (pushed rows); otherwise it fails. */
  readonly mayRefuseAll: boolean;
}

export interface NewPart {
  readonly path: string;
  readonly rows: number;
  readonly statistics: PartStatistics;
}

export interface QuarantineFile extends RecordShape {
  readonly path: string;
  /** Lines: refused rows, and single values that were kept back. */
  readonly rows: number;
}

/** What a load made, in its work folder. Nothing is published yet. */
export interface LoadOutcome {
  /** The source has nothing new; only `position` may have moved. */
  readonly unchanged: boolean;
  readonly position: SourcePosition | null;
  readonly parts: readonly NewPart[];
  /** Merge: digests of parent parts whose rows were replaced, with what is left of each (null: nothing). */
  readonly replaced: readonly { readonly digest: string; readonly part: NewPart | null }[];
  readonly quarantine: readonly QuarantineFile[];
  readonly sourceRows: number;
  readonly loaded: number;
  /** Rows of this load that an even newer row with the same key replaced within the load (merge). Counted as loaded. */
  readonly superseded: number;
  readonly quarantined: number;
  readonly quarantinedValues: number;
  readonly quarantineReasons: readonly { readonly reason: string; readonly count: number }[];
  readonly quarantineSample: readonly QuarantinedRow[];
  /** Of the whole data set after this load. */
  readonly schema: TableSchema;
  readonly contract: ContractBody;
  /** How the contract changed, for people; empty when it did not. */
  readonly changes: readonly string[];
  readonly warnings: readonly string[];
  readonly source: SourceFacts;
  readonly lineage: Readonly<Record<string, unknown>>;
}

export interface LoadStatus {
  readonly message: string;
  readonly rows: number;
  readonly bytes: number;
  readonly bytesTotal: number;
}
