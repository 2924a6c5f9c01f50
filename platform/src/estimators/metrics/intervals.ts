import { SlipwayError } from '../../kernel/errors.ts';
import { createRng } from '../../kernel/rng.ts';
import { metricOf, weightsOf } from './registry.ts';
import type { Metric, MetricName, Predictions, Truth } from './types.ts';
import '../errors.ts';

/** Two-sided 95 %. */
const Z = 1.959963984540054;
/** Replicates of a bootstrap, fewer where rows are many: the interval's own error is then small beside its width. */
const REPLICATES = 400;
const REPLICATES_OF_MANY = 100;
const MANY_ROWS = 100_000;
const BOOTSTRAP_SEED = 20_240_229;

export interface ScoreEstimate {
  readonly value: number;
  /** 95 % interval; NaN where it cannot be known (fewer than two rows, or an undefined value). */
  readonly low: number;
  readonly high: number;
}

export interface DifferenceEstimate {
  /** B against A, oriented so that positive means B is better. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly standardError: number;
}

/**
 * A metric's value with its 95 % interval over the sampling of rows (not over refits). AUC: DeLong's variance on the logit
 * scale; accuracy: Wilson; RMSE: through the mean square; other means and R²: normal; average precision and ECE:
 * seeded Poisson bootstrap, percentiles. Rows are taken as independent.
 *
 * @throws METRIC_INVALID when the metric is not defined for the task, or lengths disagree
 */
export function scoreWithInterval(
  metric: Metric | MetricName,
  truth: Truth,
  predictions: Predictions,
): ScoreEstimate {
  const used = resolve(metric, truth, predictions);
  const value = used.value(truth, predictions);
  if (used.uncertainty.kind === 'bootstrap') {
    const replicates = bootstrap(truth, [used.uncertainty.prepare(truth, predictions)]);
    return { value, ...percentiles(replicates.map(([replicate]) => replicate!)) };
  }
  const error = rootSumOfSquares(used.uncertainty.contributions(truth, predictions));
  switch (used.uncertainty.interval) {
    case 'plain': {
      // A mean loss is never below 0.
      const least = used.direction === 'minimise' ? 0 : Number.NEGATIVE_INFINITY;
      return { value, low: Math.max(least, value - Z * error), high: value + Z * error };
    }
    case 'logit':
      return { value, ...logitInterval(value, error, truth) };
    case 'wilson':
      return { value, ...wilsonInterval(value, truth) };
    case 'squared': {
      // error is that of the root: the square's is 2 · value · error.
      const half = Z * 2 * value * error;
      const low = Math.sqrt(Math.max(0, value ** 2 - half));
      return { value, low, high: Math.sqrt(value ** 2 + half) };
    }
  }
}

/**
 * The difference of two models on the same rows, with its 95 % interval. Pairing removes what the rows have in common, so the
 * interval is much narrower than those of the two scores.
 *
 * @throws METRIC_INVALID
 */
export function pairedDifference(
  metric: Metric | MetricName,
  truth: Truth,
  a: Predictions,
  b: Predictions,
): DifferenceEstimate {
  const used = resolve(metric, truth, a);
  resolve(metric, truth, b);
  const sign = used.direction === 'maximise' ? 1 : -1;
  const difference = sign * (used.value(truth, b) - used.value(truth, a));
  if (used.uncertainty.kind === 'bootstrap') {
    const { prepare } = used.uncertainty;
    const pairs = bootstrap(truth, [prepare(truth, a), prepare(truth, b)]);
    const differences = pairs.map(([ofA, ofB]) => sign * (ofB! - ofA!));
    return { difference, ...percentiles(differences), standardError: deviation(differences) };
  }
  const ofA = used.uncertainty.contributions(truth, a);
  const ofB = used.uncertainty.contributions(truth, b);
  const standardError = rootSumOfSquares(ofB.map((c, i) => c - ofA[i]!));
  return {
    difference,
    low: difference - Z * standardError,
    high: difference + Z * standardError,
    standardError,
  };
}

function resolve(metric: Metric | MetricName, truth: Truth, predictions: Predictions): Metric {
  const used = typeof metric === 'string' ? metricOf(metric) : metric;
  const wanted = truth.target.length * truth.classes;
  if (used.tasks.includes(truth.task) && predictions.length === wanted) return used;
  const message = used.tasks.includes(truth.task)
    ? `${predictions.length} predictions were given for ${truth.target.length} rows × ${truth.classes}`
    : `${used.name} is not defined for ${truth.task}`;
  throw new SlipwayError('METRIC_INVALID', {
    message,
    fix: 'Pass a metric of the task, and one prediction per row and class.',
    details: { metric: used.name, task: truth.task },
  });
}

/**
 * Poisson bootstrap: every row gets an independent Poisson(1) weight, the limit of drawing rows with replacement. All
 * functions see the same weights.
 */
function bootstrap(truth: Truth, values: readonly ((weights: Float64Array) => number)[]): number[][] {
  const rows = truth.target.length;
  const base = weightsOf(truth);
  const rng = createRng(BOOTSTRAP_SEED);
  const weights = new Float64Array(rows);
  const replicates: number[][] = [];
  const count = rows < 2 ? 0 : rows > MANY_ROWS ? REPLICATES_OF_MANY : REPLICATES;
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < rows; i++) weights[i] = base[i]! * poisson(rng.uint32());
    const replicate = values.map((value) => value(weights));
    if (replicate.every(Number.isFinite)) replicates.push(replicate);
  }
  return replicates;
}

/** Cumulative Poisson(1) probabilities of 0…7 in units of 2^-32; what lies beyond counts as 8. */
const POISSON = [1, 2, 5 / 2, 8 / 3, 65 / 24, 163 / 60, 1957 / 720, 685 / 252].map(
  (sum) => (sum / Math.E) * 2 ** 32,
);

function poisson(random: number): number {
  let k = 0;
  while (k < POISSON.length && random >= POISSON[k]!) k++;
  return k;
}

function percentiles(values: readonly number[]): { low: number; high: number } {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    const high = Math.min(sorted.length - 1, low + 1);
    return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
  };
  if (sorted.length < 2) return { low: Number.NaN, high: Number.NaN };
  return { low: at(0.025), high: at(0.975) };
}

/**
 * Symmetric on the logit scale. With perfect ranks DeLong's variance is 0, which says too much: the exact bound for that
 * many successes of the smaller class stands in.
 */
function logitInterval(value: number, error: number, truth: Truth): { low: number; high: number } {
  if (value > 0 && value < 1) {
    const half = (Z * error) / (value * (1 - value));
    const logit = Math.log(value / (1 - value));
    return { low: 1 / (1 + Math.exp(half - logit)), high: 1 / (1 + Math.exp(-half - logit)) };
  }
  const positives = truth.target.reduce((sum, y) => sum + y, 0);
  const bound = 0.025 ** (1 / Math.min(positives, truth.target.length - positives));
  return value === 1
    ? { low: bound, high: 1 }
    : value === 0
      ? { low: 0, high: 1 - bound }
      : { low: Number.NaN, high: Number.NaN };
}

/** Wilson (1927), with the effective number of rows where they are weighted. */
function wilsonInterval(value: number, truth: Truth): { low: number; high: number } {
  let total = 0;
  let squares = 0;
  for (const w of weightsOf(truth)) {
    total += w;
    squares += w * w;
  }
  const n = total ** 2 / squares;
  const centre = (value + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((value * (1 - value)) / n + Z ** 2 / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

function rootSumOfSquares(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
