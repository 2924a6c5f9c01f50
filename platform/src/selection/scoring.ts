import { pairedDifference } from '../estimators/metrics/intervals.ts';
import type { Metric, Truth } from '../estimators/metrics/types.ts';
import type { FitData } from './fit-jobs.ts';
import type { Fold } from './folds.ts';

/** Out-of-fold rows and their truth: the measure every candidate is held against. */
export interface Yardstick {
  readonly metric: Metric;
  /** Truth of all held-out rows, folds one after the other. */
  readonly truth: Truth;
  /** Rows before each fold, and of all. */
  readonly offsets: readonly number[];
}

export function yardstickOf(metric: Metric, data: FitData, folds: readonly Fold[]): Yardstick {
  const offsets = [0];
  for (const { valid } of folds) offsets.push(offsets.at(-1)! + valid.length);
  const target = new Float64Array(offsets.at(-1)!);
  folds.forEach(({ valid }, f) => {
    for (let i = 0; i < valid.length; i++) target[offsets[f]! + i] = data.target[valid[i]!]!;
  });
  return { metric, truth: { task: data.task, classes: data.classes, target }, offsets };
}

/**
 * The metric in each fold. A fold in which it is not defined (AUC where one class is absent) gets the value over all folds
 * together, so that every candidate has the same folds.
 */
export function foldScoresOf({ metric, truth, offsets }: Yardstick, predictions: Float64Array): number[] {
  const k = truth.classes;
  const scores = offsets.slice(1).map((end, f) => {
    const start = offsets[f]!;
    const target = truth.target.subarray(start, end);
    return metric.value({ ...truth, target }, predictions.subarray(start * k, end * k));
  });
  if (scores.every(Number.isFinite)) return scores;
  const pooled = metric.value(truth, predictions);
  const stand = Number.isFinite(pooled) ? pooled : 0;
  return scores.map((score) => (Number.isFinite(score) ? score : stand));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation; 0 for one value. */
export function spreadOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Positive when score `a` is better than `b`. */
export function advantage(metric: Metric, a: number, b: number): number {
  return metric.direction === 'maximise' ? a - b : b - a;
}

/** Paired 95 % interval of candidate − best, oriented so that below 0 is worse; undefined where it cannot be known. */
export function againstBest(
  { metric, truth }: Yardstick,
  best: Float64Array,
  candidate: Float64Array,
): { low: number; high: number } | undefined {
  const { low, high } = pairedDifference(metric, truth, best, candidate);
  return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : undefined;
}
