import { mostProbable } from './row-losses.ts';
import type { Predictions, Truth } from './types.ts';

const BINS = 15;

/**
 * Expected calibration error: rows in 15 bins of equal width by probability (two classes: of the positive class; more: of
 * the most probable class), the weighted mean over bins of |mean probability - share that happened|. Binned once; the
 * returned function takes row weights.
 */
export function calibrationError(truth: Truth, predictions: Predictions): (weights: Float64Array) => number {
  const { target, classes } = truth;
  const bins = new Uint8Array(target.length);
  const gaps = new Float64Array(target.length);
  for (let i = 0; i < target.length; i++) {
    const k = classes === 2 ? 1 : mostProbable(predictions, i, classes);
    const p = predictions[i * classes + k]!;
    bins[i] = Math.min(BINS - 1, Math.floor(p * BINS));
    gaps[i] = p - (target[i] === k ? 1 : 0);
  }
  return (weights) => {
    const sums = new Float64Array(BINS);
    let total = 0;
    for (let i = 0; i < bins.length; i++) {
      sums[bins[i]!]! += weights[i]! * gaps[i]!;
      total += weights[i]!;
    }
    return sums.reduce((sum, gap) => sum + Math.abs(gap), 0) / total;
  };
}
