import type { Predictions, Truth } from './types.ts';

/** Probabilities are kept this far from 0 and 1 in logarithms. */
const PROBABILITY_MIN = 1e-15;

export function weightOf(truth: Truth, row: number): number {
  return truth.weights === undefined ? 1 : truth.weights[row]!;
}

/** Σ w x / Σ w; NaN for no rows. */
export function weightedMean(truth: Truth, values: Float64Array): number {
  let total = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const w = weightOf(truth, i);
    total += w;
    sum += w * values[i]!;
  }
  return sum / total;
}

/** Contributions of a weighted mean: w (x - mean) / Σ w, with Bessel's correction. */
export function meanContributions(truth: Truth, values: Float64Array): Float64Array {
  const mean = weightedMean(truth, values);
  const rows = values.length;
  let total = 0;
  for (let i = 0; i < rows; i++) total += weightOf(truth, i);
  const correction = rows > 1 ? Math.sqrt(rows / (rows - 1)) / total : Number.NaN;
  return values.map((value, i) => weightOf(truth, i) * (value - mean) * correction);
}

/** -log of the probability given to what happened. */
export function logLosses({ target, classes }: Truth, predictions: Predictions): Float64Array {
  return target.map((y, i) => {
    const p = predictions[i * classes + y]!;
    return -Math.log(Math.min(1, Math.max(PROBABILITY_MIN, p)));
  });
}

/** 1 where the most probable class is not what happened. */
export function zeroOneLosses({ target, classes }: Truth, predictions: Predictions): Float64Array {
  return target.map((y, i) => (mostProbable(predictions, i, classes) === y ? 0 : 1));
}

/** The class of the greatest probability, the first of equals. */
export function mostProbable(predictions: Predictions, row: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) {
    if (predictions[row * classes + k]! > predictions[row * classes + best]!) best = k;
  }
  return best;
}

/** Two classes: (p - y)². More: Σ over classes, Brier's original. */
export function brierLosses({ target, classes }: Truth, predictions: Predictions): Float64Array {
  return target.map((y, i) => {
    if (classes === 2) return (predictions[2 * i + 1]! - y) ** 2;
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += (predictions[i * classes + k]! - (k === y ? 1 : 0)) ** 2;
    return sum;
  });
}

export function squaredErrors({ target }: Truth, predictions: Predictions): Float64Array {
  return target.map((y, i) => (predictions[i]! - y) ** 2);
}

export function absoluteErrors({ target }: Truth, predictions: Predictions): Float64Array {
  return target.map((y, i) => Math.abs(predictions[i]! - y));
}

/** Contributions of √ mean loss, by the delta method. */
export function rootContributions(truth: Truth, losses: Float64Array): Float64Array {
  const root = Math.sqrt(weightedMean(truth, losses));
  const contributions = meanContributions(truth, losses);
  return root === 0 ? contributions : contributions.map((c) => c / (2 * root));
}

/** Squared distances of the truth from its mean. */
export function squaredDeviations(truth: Truth): Float64Array {
  const mean = weightedMean(truth, truth.target);
  return truth.target.map((y) => (y - mean) ** 2);
}
