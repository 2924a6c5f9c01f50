import type { RealisedPerformance } from '../contracts/monitors.ts';
import { Z95 } from '../estimators/statistics/distributions.ts';
import { type Moments, meanOf, varianceOf } from '../estimators/statistics/means.ts';
import { wilsonInterval } from '../estimators/statistics/proportions.ts';
import type { DriftBaseline } from './types.ts';

/**
 * Realised performance from labels that come later: sufficient statistics that merge by adding, so that hours make days and no row
 * is kept. AUC comes from a histogram of scores per class on the logit scale (bins of 0.05, so ties within a bin cost at most a few
 * ten-thousandths).
 */
export interface LabelledCounts {
  readonly rows: number;
  /** Moments of per-row losses by metric; `value` those of the truth (regression). */
  readonly losses: Readonly<Record<string, Moments>>;
  /** Rows per score bin, sparse, for the negative and the positive class. */
  readonly scores: readonly [Readonly<Record<string, number>>, Readonly<Record<string, number>>];
}

export interface LabelledPrediction {
  readonly prediction: string | number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly label: string | number | boolean;
}

const PROBABILITY_MIN = 1e-15;
const LOGIT_MAX = 12;
const LOGIT_STEP = 0.05;

export const NO_LABELS: LabelledCounts = { rows: 0, losses: {}, scores: [{}, {}] };

/** Associative and independent of order. */
export function mergeLabelled(a: LabelledCounts, b: LabelledCounts): LabelledCounts {
  const losses: Record<string, Moments> = { ...a.losses };
  for (const [name, moments] of Object.entries(b.losses)) losses[name] = addMoments(losses[name], moments);
  const scores = [0, 1].map((k) => {
    const merged: Record<string, number> = { ...a.scores[k] };
    for (const [bin, rows] of Object.entries(b.scores[k]!)) merged[bin] = (merged[bin] ?? 0) + rows;
    return merged;
  });
  return { rows: a.rows + b.rows, losses, scores: [scores[0]!, scores[1]!] };
}

/** One labelled prediction as counts. A label the model does not know is an error of accuracy and has no probability. */
export function countLabelled(
  item: LabelledPrediction,
  model: { readonly labels: readonly string[]; readonly positive: string | null },
): LabelledCounts {
  const of = (values: Readonly<Record<string, number>>): LabelledCounts['losses'] =>
    Object.fromEntries(
      Object.entries(values).map(([name, x]) => [name, { rows: 1, sum: x, squares: x * x }]),
    );
  if (model.labels.length === 0) {
    const truth = Number(item.label);
    const error = truth - Number(item.prediction);
    if (!Number.isFinite(error)) return NO_LABELS;
    return {
      rows: 1,
      losses: of({ squared: error * error, mae: Math.abs(error), value: truth }),
      scores: [{}, {}],
    };
  }
  const truth = String(item.label);
  const accuracy = String(item.prediction) === truth ? 1 : 0;
  const p = item.probabilities?.[truth];
  if (p === undefined) return { rows: 1, losses: of({ accuracy }), scores: [{}, {}] };
  const logLoss = -Math.log(Math.max(PROBABILITY_MIN, Math.min(1, p)));
  if (model.labels.length > 2) return { rows: 1, losses: of({ accuracy, logLoss }), scores: [{}, {}] };
  const isPositive = truth === model.positive;
  const score = item.probabilities?.[model.positive ?? ''] ?? (isPositive ? p : 1 - p);
  const bin = { [scoreBin(score)]: 1 };
  return {
    rows: 1,
    losses: of({ accuracy, logLoss, brier: (1 - p) ** 2 }),
    scores: isPositive ? [{}, bin] : [bin, {}],
  };
}

/** The reference metric over all labels, with its 95 % interval; null values where it cannot be known from counts. */
export function realisedPerformance(
  counts: LabelledCounts,
  reference: NonNullable<DriftBaseline['reference']>,
): RealisedPerformance {
  const { metric } = reference;
  const found = estimate(counts, metric);
  const known = found !== undefined && Number.isFinite(found.value);
  const bounded = known && Number.isFinite(found.low) && Number.isFinite(found.high);
  return {
    metric,
    labelled: counts.rows,
    value: known ? found.value : null,
    interval: bounded ? { low: found.low, high: found.high } : null,
    reference: reference.value,
  };
}

interface Estimated {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

function estimate(counts: LabelledCounts, metric: string): Estimated | undefined {
  switch (metric) {
    case 'auc':
      return aucEstimate(counts.scores);
    case 'accuracy': {
      const { rows, sum } = counts.losses['accuracy'] ?? NO_MOMENTS;
      return rows === 0 ? undefined : wilsonInterval({ hits: sum, rows });
    }
    case 'rmse': {
      const square = meanEstimate(counts.losses['squared']);
      return square && { value: root(square.value), low: root(square.low), high: root(square.high) };
    }
    case 'r2':
      return rSquared(counts.losses);
    default:
      return meanEstimate(counts.losses[metric]);
  }
}

const NO_MOMENTS: Moments = { rows: 0, sum: 0, squares: 0 };

function meanEstimate(moments: Moments | undefined): Estimated | undefined {
  if (moments === undefined || moments.rows === 0) return undefined;
  const value = meanOf(moments);
  const half = moments.rows < 2 ? Number.NaN : Z95 * Math.sqrt(varianceOf(moments) / moments.rows);
  return { value, low: value - half, high: value + half };
}

/** The interval is the mean squared error's, scaled: the variance of the truth is known far better than that of the errors. */
function rSquared(losses: LabelledCounts['losses']): Estimated | undefined {
  const error = meanEstimate(losses['squared']);
  const truth = losses['value'];
  if (error === undefined || truth === undefined) return undefined;
  const variance = (varianceOf(truth) * (truth.rows - 1)) / truth.rows;
  if (!(variance > 0)) return undefined;
  return {
    value: 1 - error.value / variance,
    low: 1 - error.high / variance,
    high: 1 - error.low / variance,
  };
}

/** DeLong's estimate and variance (1988) on binned scores; rows of one bin are ties and count half. */
function aucEstimate([negatives, positives]: LabelledCounts['scores']): Estimated | undefined {
  const bins = [...new Set([...Object.keys(negatives), ...Object.keys(positives)].map(Number))].sort(
    (a, b) => a - b,
  );
  const of = (counts: Readonly<Record<string, number>>) => bins.map((bin) => counts[bin] ?? 0);
  const [neg, pos] = [of(negatives), of(positives)];
  const [m, n] = [total(neg), total(pos)];
  if (m === 0 || n === 0) return undefined;
  let below = 0;
  let above = n;
  let area = 0;
  let squaresPos = 0;
  let squaresNeg = 0;
  for (let i = 0; i < bins.length; i++) {
    above -= pos[i]!;
    const placed = (below + neg[i]! / 2) / m;
    const beaten = (above + pos[i]! / 2) / n;
    area += pos[i]! * placed;
    squaresPos += pos[i]! * placed * placed;
    squaresNeg += neg[i]! * beaten * beaten;
    below += neg[i]!;
  }
  const value = area / n;
  const variance =
    Math.max(0, squaresPos / n - value * value) / Math.max(1, n - 1) +
    Math.max(0, squaresNeg / m - value * value) / Math.max(1, m - 1);
  const half = n < 2 || m < 2 ? Number.NaN : Z95 * Math.sqrt(variance);
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

function scoreBin(score: number): number {
  const clamped = Math.min(1 - 1e-6, Math.max(1e-6, score));
  const logit = Math.log(clamped / (1 - clamped));
  return Math.round(Math.max(-LOGIT_MAX, Math.min(LOGIT_MAX, logit)) / LOGIT_STEP);
}

function addMoments(a: Moments | undefined, b: Moments): Moments {
  if (a === undefined) return b;
  return { rows: a.rows + b.rows, sum: a.sum + b.sum, squares: a.squares + b.squares };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function root(value: number): number {
  return Math.sqrt(Math.max(0, value));
}
