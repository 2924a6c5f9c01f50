import type { Page, PageQuery } from '../contracts/common.ts';
import type { LeaderboardRow, StudyDetail, StudySummary } from '../contracts/studies.ts';
import type { Task, Tree } from '../estimators/types.ts';
import type { Tx } from '../ports/transaction.ts';

/** Where studies and their candidates are recorded. */
export interface StudyStore {
  insert(tx: Tx, study: StudyDetail): Promise<void>;
  /** Replaces the study's own fields (status, guards, schedule, best…); the leaderboard is kept by `addCandidate`. */
  update(tx: Tx, study: StudyDetail): Promise<void>;
  /** Idempotent by (study, candidate). */
  addCandidate(tx: Tx, studyId: string, row: LeaderboardRow): Promise<void>;
  find(id: string): Promise<StudyDetail | undefined>;
  list(query: PageQuery): Promise<Page<StudySummary>>;
}

/** Families that another runtime fits. Their models become our own trees, so that everything after the fit is the same. */
export const EXTERNAL_FAMILIES = [
  'lightgbm',
  'xgboost',
  'catboost',
  'sklearn-hgb',
  'sklearn-forest',
  'sklearn-extra',
] as const;
export type ExternalFamily = (typeof EXTERNAL_FAMILIES)[number];

/** A library that is there, and what a reader of the model card must know of it. */
export interface ExternalLibrary {
  readonly family: ExternalFamily;
  /** e.g. LightGBM */
  readonly library: string;
  readonly version: string;
  /** SPDX name of the library's licence. */
  readonly licence: string;
}

/** Where external families are fitted. Plain data: it crosses into the child process and is part of a study's identity. */
export interface ExternalEnvironment {
  /** Absolute path of the interpreter. */
  readonly interpreter: string;
  /** Version of the interpreter, e.g. 3.11.7. */
  readonly version: string;
  /** Installed by us from the lock file with hashes; otherwise packages are used as they were found. */
  readonly sealed: boolean;
  /** sha256: of the lock file when sealed, else of the names and versions that were found. */
  readonly digest: string;
  readonly libraries: readonly ExternalLibrary[];
}

/** Rows as an external family takes them. All features are numbers: categories come as their place in an order, NaN = missing. */
export interface ExternalRows {
  /** One float32 array of `rows` values a feature. */
  readonly columns: readonly Float32Array[];
  /** Per row: class index in [0, classes), or the value. */
  readonly target: Float64Array;
}

export interface ExternalFit {
  readonly family: ExternalFamily;
  readonly task: Task;
  /** Classes; 1 for regression. */
  readonly classes: number;
  readonly params: Readonly<Record<string, unknown>>;
  /** 32-bit seed: the same seed and versions give the same trees on the same machine. */
  readonly seed: number;
  readonly train: ExternalRows;
  /** Rows to predict. */
  readonly valid?: ExternalRows;
  /** The loss of `valid` decides when to stop. Default false: exactly `params.rounds` are fitted. */
  readonly earlyStopping: boolean;
}

export interface ExternalLimits {
  /** Wall and processor seconds of one fit. */
  readonly secondsMax: number;
  readonly signal?: AbortSignal;
}

export interface ExternalFitted {
  /** Round-major as in `BoosterModel`: features by the index of their column, raw scores. */
  readonly trees: readonly Tree[];
  readonly base: readonly number[];
  readonly rounds: number;
  /** Seconds of the fit alone, without starting and reading. */
  readonly seconds: number;
  /** The library's own answer for `valid`, row-major rows × outputs as `predictModel` gives it; empty without `valid`. */
  readonly predictions: Float64Array;
}

/**
 * Fits families of another runtime, each in a process of its own.
 *
 * @throws FAMILY_FAILED, FAMILY_TIMED_OUT, FAMILY_OUT_OF_MEMORY from `fit`: the candidate is lost, never the study; CANCELLED.
 */
export interface ExternalFamilies {
  fit(fit: ExternalFit, limits: ExternalLimits): Promise<ExternalFitted>;
  /** Ends all processes and removes their files. */
  close(): Promise<void>;
}
