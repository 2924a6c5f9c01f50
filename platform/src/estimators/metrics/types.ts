import type { Task } from '../types.ts';

/** What really happened. A `TrainingSet` is one, too. */
export interface Truth {
  readonly task: Task;
  /** Class index, or the value. */
  readonly target: Float64Array;
  /** Number of classes; 1 for regression. */
  readonly classes: number;
  /** Optional row weights, positive. */
  readonly weights?: Float64Array;
}

/** As `predictModel` gives them: row-major rows × k, k = classes, or 1 for regression. */
export type Predictions = ArrayLike<number>;

export type MetricName = 'auc' | 'prAuc' | 'logLoss' | 'accuracy' | 'brier' | 'ece' | 'rmse' | 'mae' | 'r2';

export interface Metric {
  readonly name: MetricName;
  readonly title: string;
  readonly tasks: readonly Task[];
  readonly direction: 'maximise' | 'minimise';
  /** The value; NaN where it is not defined (no rows, one class only, a constant truth). */
  readonly value: (truth: Truth, predictions: Predictions) => number;
  /** Loss of each row, where the metric is (a function of) its weighted mean; lower is better. */
  readonly perRowLoss?: (truth: Truth, predictions: Predictions) => Float64Array;
  readonly uncertainty: Uncertainty;
}

/**
 * How a metric's sampling error is known. `linear`: per row i a contribution cᵢ with Var(value) ≈ Σ cᵢ² (an influence
 * function), so that two models' difference on the same rows has variance Σ (aᵢ - bᵢ)². `bootstrap`: the value under
 * given row weights, prepared once.
 */
export type Uncertainty =
  | {
      readonly kind: 'linear';
      readonly contributions: (truth: Truth, predictions: Predictions) => Float64Array;
      /** The scale on which the interval is symmetric. */
      readonly interval: 'plain' | 'logit' | 'wilson' | 'squared';
    }
  | {
      readonly kind: 'bootstrap';
      readonly prepare: (truth: Truth, predictions: Predictions) => (weights: Float64Array) => number;
    };
