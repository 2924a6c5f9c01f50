import type { Page, PageQuery } from '../contracts/common.ts';
import type { ModelSignature } from '../contracts/models.ts';
import type {
  CandidateFailure,
  GuardFinding,
  LeaderboardRow,
  Schedule,
  StudyDetail,
  StudySummary,
} from '../contracts/studies.ts';
import type { SplitRule } from '../estimators/bundle.ts';
import type { Model, Task } from '../estimators/types.ts';
import type { Coercions } from '../tables/coercion.ts';
import type { TableSchema } from '../tables/table.ts';
import type { ExternalEnvironment } from './ports.ts';

/** Everything a search depends on. Plain data: it crosses into the child process and is part of the cache key. */
export interface StudyRequest {
  readonly studyId: string;
  readonly name: string;
  /** Parquet part of the snapshot. */
  readonly partPath: string;
  readonly schema: TableSchema;
  readonly snapshotId: string;
  /** Column name; 'last' is resolved by the caller. */
  readonly target: string;
  readonly task: 'auto' | Task;
  readonly positive?: string;
  /** Default per task: auc, logLoss, rmse. */
  readonly metric?: string;
  readonly exclude: readonly string[];
  readonly time?: string;
  readonly group?: string;
  readonly leaks: 'exclude' | 'fail' | 'keep';
  readonly budgetSeconds: number;
  /** Exactly this many schedule entries, whatever the budget. */
  readonly position?: number;
  readonly seed: number;
  /** Rule of the version in service, so that both can be compared; used when its columns still exist. */
  readonly inheritedSplit?: SplitRule;
  /** The user's own test file was given: all rows train, and rows equal to test rows are reported. */
  readonly separateTest: boolean;
  /** Folder for the journal: finished candidates survive a kill and are not fitted again. */
  readonly journalDir: string;
  /** Families of another runtime that are tried, too. Default: none. */
  readonly external?: ExternalEnvironment;
  /** Worker threads for folds and candidates. Changes nothing but time. Default 2. */
  readonly threads: number;
}

export type StudyProgress =
  | {
      readonly type: 'guards';
      readonly guards: readonly GuardFinding[];
      readonly task: Task;
      readonly metric: string;
    }
  /** The first servable model: exported and parity-passed; files are in the journal folder. */
  | {
      readonly type: 'first-model';
      readonly onnxPath: string;
      readonly signature: ModelSignature;
      readonly coercions: Coercions;
      readonly seconds: number;
    }
  | {
      readonly type: 'candidate';
      readonly row: LeaderboardRow;
      readonly position: number;
      readonly length: number;
      readonly remainingSeconds: number;
    }
  /** An external family's candidate is lost; the study goes on. */
  | {
      readonly type: 'candidate-failed';
      readonly failure: CandidateFailure;
      readonly position: number;
      readonly length: number;
    }
  | { readonly type: 'phase'; readonly message: string; readonly fraction?: number };

export interface StudyResult {
  readonly task: Task;
  readonly metric: string;
  readonly guards: readonly GuardFinding[];
  readonly features: readonly string[];
  readonly leaderboard: readonly LeaderboardRow[];
  /** Schedule entries that could not be fitted. */
  readonly failures: readonly CandidateFailure[];
  readonly schedule: Schedule;
  readonly split: SplitRule;
  readonly splitDescription: string;
  readonly trainRows: number;
  readonly testRows: number;
  readonly folds: number;
  readonly classes: readonly { readonly label: string; readonly rows: number; readonly fitted: boolean }[];
  readonly signature: ModelSignature;
  readonly coercions: Coercions;
  /** Candidate id of the winner, and the files of its refit on the whole train part, in the journal folder. */
  readonly winner: string;
  readonly winnerModelPath: string;
  readonly winnerOnnxPath: string;
  /** Constant and linear baselines refitted on the same rows, as ONNX files. */
  readonly baselines: readonly { readonly name: string; readonly onnxPath: string }[];
  readonly parity: { readonly rows: number; readonly maxAbsDelta: number; readonly tolerance: number };
  readonly importance: readonly { readonly feature: string; readonly importance: number }[];
  readonly seconds: number;
  readonly firstModelSeconds: number;
}

/** The winner's model as stored in `winnerModelPath` (JSON). */
export interface StoredModel {
  readonly candidate: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly model: Model;
  /** Libraries of another runtime that fitted it, or parts of it. Absent: Slipway alone. */
  readonly trainers?: readonly Trainer[];
}

/** Who fitted a model, as the model card tells it. */
export interface Trainer {
  readonly library: string;
  readonly version: string;
  readonly licence: string;
  /** e.g. "sealed (sha256 0123…), Python 3.11.7". */
  readonly environment: string;
}

export interface SelectionService {
  /** Runs a study in a child process; records the study, its candidates as they finish, and its result. */
  run(
    request: Omit<StudyRequest, 'studyId' | 'journalDir'> & {
      readonly dataset: string;
      readonly datasetVersion: number;
      /** Run whose step this is, to find the winner's files by. */
      readonly runId?: string;
    },
    control: { signal?: AbortSignal; onProgress?: (progress: StudyProgress) => void; journalKey: string },
  ): Promise<{ studyId: string; result: StudyResult }>;
  list(query: PageQuery): Promise<Page<StudySummary>>;
  get(id: string): Promise<StudyDetail>;
}
