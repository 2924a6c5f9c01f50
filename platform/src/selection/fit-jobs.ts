import type { BoosterModel, Family, Task } from '../estimators/types.ts';
import type { SerializedError } from '../kernel/errors.ts';
import type { FeatureMatrix } from '../tables/features.ts';
import type { ExternalFamily } from './ports.ts';

/** The rows all fits share. Arrays lie in shared memory, so a worker costs no copy of them. */
export interface FitData {
  readonly features: FeatureMatrix;
  /** Per row: class index or value. */
  readonly target: Float64Array;
  readonly task: Task;
  /** Classes; 1 for regression. */
  readonly classes: number;
  readonly labels: readonly string[];
}

/** One fit. Its result is a function of data and job alone: which worker runs it, and when, changes nothing. */
export interface FitJob {
  readonly family: Family | ExternalFamily;
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Rows to fit on. */
  readonly train: Int32Array;
  /** Rows to predict. Default: none. */
  readonly valid?: Int32Array;
  /** The loss of `valid` decides when to stop. */
  readonly earlyStopping?: boolean;
  readonly wants: {
    /** The exported graph. */
    readonly graph?: boolean;
    /** The model as JSON. */
    readonly model?: boolean;
    /** Importance of the features on (a sample of) `valid`. */
    readonly importance?: boolean;
  };
  /** What an external family has fitted already: only the rest is to be done. */
  readonly fitted?: FittedOutside;
}

/** A model that another runtime fitted, in our form. */
export interface FittedOutside {
  readonly model: BoosterModel;
  readonly rounds: number;
  readonly seconds: number;
  /** The library's own predictions of `valid`, which the model must give, too; empty without `valid`. */
  readonly predictions: Float64Array;
}

export interface FitOutcome {
  /** Row-major valid rows × outputs; empty without `valid`. */
  readonly predictions: Float64Array;
  readonly rounds: number;
  readonly seconds: number;
  readonly graph?: Uint8Array;
  readonly model?: Uint8Array;
  /** One value per feature of the data: growth of the loss when its values are shuffled. */
  readonly importance?: Float64Array;
}

/** Messages to a worker. */
export type ToWorker =
  | { readonly type: 'data'; readonly data: FitData; readonly cancelled: Int32Array }
  | { readonly type: 'job'; readonly id: number; readonly job: FitJob };

/** Messages from a worker. */
export type FromWorker =
  | { readonly type: 'done'; readonly id: number; readonly outcome: FitOutcome }
  | { readonly type: 'failed'; readonly id: number; readonly error: SerializedError };
