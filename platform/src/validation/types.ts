import type { Page, PageQuery } from '../contracts/common.ts';
import type { Explanation } from '../contracts/explanations.ts';
import type { ModelSignature } from '../contracts/models.ts';
import type { GuardFinding } from '../contracts/studies.ts';
import type { Policy, ReportDetail, ReportSummary } from '../contracts/validations.ts';
import type { SplitRule } from '../estimators/bundle.ts';
import type { Tx } from '../ports/transaction.ts';
import type { Coercions } from '../tables/coercion.ts';
import type { TableSchema } from '../tables/table.ts';

/** One exported model to be judged on rows: the same bytes that serve. */
export interface ModelUnderTest {
  readonly name: string;
  readonly onnxPath: string;
  readonly signature: ModelSignature;
  readonly coercions: Coercions;
}

/** Plain data for the child process. */
export interface ValidationRequest {
  readonly reportId: string;
  readonly model: string;
  readonly modelDigest: string;
  readonly candidate: ModelUnderTest;
  readonly baselines: readonly ModelUnderTest[];
  /** The version in service, when there is one, with the rule that says which rows it was not trained on. */
  readonly champion?: ModelUnderTest & {
    readonly version: number;
    readonly split: SplitRule;
    readonly snapshotId: string;
  };
  /** Snapshot part, or the part of the user's test file. */
  readonly partPath: string;
  readonly schema: TableSchema;
  readonly split: SplitRule;
  /** The user's own labelled test set: all its rows are test rows. */
  readonly testPart?: {
    readonly partPath: string;
    readonly schema: TableSchema;
    readonly description: string;
  };
  readonly snapshotId: string;
  readonly metric: string;
  readonly policy: Policy;
  /** What selection's guards found (leaks become findings of check `leakage`). */
  readonly guards: readonly GuardFinding[];
  readonly leaks: 'exclude' | 'fail' | 'keep';
  readonly classes: readonly { readonly label: string; readonly rows: number; readonly fitted: boolean }[];
  readonly testOpened: number;
  /** Folder for what the data engine spills. */
  readonly workDir: string;
  readonly seed: number;
  readonly createdAt: number;
}

/** What `explainModel` is asked, by a child process. */
export type ExplanationRequest = ExplanationInput & { readonly workDir: string };

/** Where the test rows are, and the trained model to explain on them. */
export interface ExplanationInput
  extends Pick<
    ValidationRequest,
    'candidate' | 'classes' | 'partPath' | 'schema' | 'split' | 'testPart' | 'seed'
  > {
  /** File with an `ExplainableModel`. */
  readonly explainerPath: string;
}

export interface ValidationService {
  /**
   * Explains a model in a child process, on the rows that `judge` opens: to be called for the same launch, so that the test part is
   * opened once. Throws what reading the rows throws.
   */
  explain(input: ExplanationInput, control: { signal?: AbortSignal }): Promise<Explanation>;
  /** Judges in a child process. A check that crashes makes the verdict `error`, never `pass`. */
  judge(
    request: Omit<ValidationRequest, 'reportId' | 'testOpened' | 'createdAt' | 'workDir'> & {
      /** As given to `publish`: without it the report cannot say how often its test part was opened. */
      readonly testKey?: string;
    },
    control: {
      signal?: AbortSignal;
      onProgress?: (progress: { message: string; fraction?: number }) => void;
    },
  ): Promise<ReportDetail>;
  publish(tx: Tx, report: ReportDetail, use: { readonly testKey: string }): Promise<void>;
  list(query: PageQuery & { model?: string }): Promise<Page<ReportSummary>>;
  /** Throws REPORT_NOT_FOUND. */
  get(id: string): Promise<ReportDetail>;
  /** The gate: throws GATE_REFUSED (exit 6) or VALIDATION_ERROR (exit 1) unless the report's verdict lets this digest through. */
  requirePass(report: ReportDetail, modelDigest: string): void;
}
