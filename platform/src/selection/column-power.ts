import { createRng } from '../kernel/rng.ts';
import type { Column } from '../tables/table.ts';

/** Neighbours on each side whose mean predicts a row: one for exact copies, more for noisy columns. */
const REACHES = [1, 3, 10, 30] as const;

/** What a column is to predict: one or more numbers per row, each of the same weight. */
export interface PowerTarget {
  readonly rows: number;
  /** Per output, one value per row; never NaN. */
  readonly outputs: readonly Float64Array[];
}

/**
 * How much of the target one column predicts by itself, out of sample: 1 − SSE / SST, at most 1, about 0 for a column without
 * information. Every row is predicted from other rows only (its neighbours in the column's order, or the rows of its own
 * category), so that no shape of the relation is assumed: a monotone, folded or coded copy is found as a plain one is.
 *
 * Classes enter as one 0/1 output each, so the result is 1 − Brier / Brier of the prior.
 * Cost: O(n log n + n × outputs × reaches); no fit.
 */
export function columnPower(column: Column, target: PowerTarget): number {
  const total = target.outputs.reduce((sum, values) => sum + squaredDeviation(values), 0);
  if (total === 0) return 0;
  const numbers = asNumbers(column);
  const byOrder = numbers === undefined ? 0 : orderPower(numbers, target, total);
  return Math.max(byOrder, column.type === 'string' ? categoryPower(column.codes, target, total) : 0);
}

/** Numeric view: numbers as they are; texts when nearly all of them begin with or wrap a number ('12.50', '$3', '40 km'). */
function asNumbers(column: Column): Float64Array | undefined {
  if (column.type !== 'string') return column.values;
  const parsed = Float64Array.from(column.dictionary, (text) => {
    const match = /^[^\d.+-]{0,3}([+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?)\D{0,5}$/i.exec(text.trim());
    return match === null ? Number.NaN : Number(match[1]!.replaceAll(',', ''));
  });
  const failed = parsed.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  if (parsed.length === 0 || failed > 0.05 * parsed.length) return undefined;
  return Float64Array.from(column.codes, (code) => (code === -1 ? Number.NaN : parsed[code]!));
}

/** Best reach of leave-one-out means over the neighbours in the column's order; missing values are a group of their own. */
function orderPower(numbers: Float64Array, target: PowerTarget, total: number): number {
  const { rows, outputs } = target;
  // Ties must not keep the order of the file, in which the target may be sorted.
  const shuffle = createRng(rows);
  const tie = Float64Array.from({ length: rows }, () => shuffle.next());
  const order = Array.from({ length: rows }, (_, i) => i).filter((i) => !Number.isNaN(numbers[i]!));
  order.sort((a, b) => numbers[a]! - numbers[b]! || tie[a]! - tie[b]!);
  const missing = Int32Array.from(numbers, (value) => (Number.isNaN(value) ? 0 : -1));
  let missingError = 0;
  for (const values of outputs) missingError += groupError(missing, values, 1);
  let best = 0;
  for (const reach of REACHES) {
    if (order.length <= 2 * reach) break;
    let error = missingError;
    for (const values of outputs) error += windowError(order, values, reach);
    best = Math.max(best, 1 - error / total);
  }
  return best;
}

/** Squared error of predicting each row by the mean of `reach` neighbours on each side, without itself. */
function windowError(order: readonly number[], values: Float64Array, reach: number): number {
  const count = order.length;
  const cumulated = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) cumulated[i + 1] = cumulated[i]! + values[order[i]!]!;
  let error = 0;
  for (let i = 0; i < count; i++) {
    const low = Math.max(0, i - reach);
    const high = Math.min(count, i + reach + 1);
    const own = values[order[i]!]!;
    const mean = (cumulated[high]! - cumulated[low]! - own) / (high - low - 1);
    error += (own - mean) ** 2;
  }
  return error;
}

function categoryPower(codes: Int32Array, target: PowerTarget, total: number): number {
  let top = 0;
  for (const code of codes) top = Math.max(top, code + 1);
  const shifted = codes.map((code) => (code === -1 ? top : code));
  let error = 0;
  for (const values of target.outputs) error += groupError(shifted, values, top + 1);
  return 1 - error / total;
}

/** Squared error of predicting each row by the mean of the other rows of its group; a lone row by the mean of all others. */
function groupError(groups: Int32Array, values: Float64Array, size: number): number {
  const sum = new Float64Array(size);
  const count = new Float64Array(size);
  let all = 0;
  for (let i = 0; i < values.length; i++) {
    all += values[i]!;
    const group = groups[i]!;
    if (group < 0) continue;
    sum[group]! += values[i]!;
    count[group]!++;
  }
  const mean = all / values.length;
  let error = 0;
  for (let i = 0; i < values.length; i++) {
    const group = groups[i]!;
    if (group < 0) continue;
    const own = values[i]!;
    // One row's weight of the overall mean steadies small groups and is the prediction for lone ones.
    const predicted = (sum[group]! - own + mean) / count[group]!;
    error += (own - predicted) ** 2;
  }
  return error;
}

function squaredDeviation(values: Float64Array): number {
  let mean = 0;
  for (const value of values) mean += value;
  mean /= values.length;
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return sum;
}
