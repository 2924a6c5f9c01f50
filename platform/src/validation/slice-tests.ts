import { type Moments, welchTest } from '../estimators/statistics/means.ts';
import { type Estimate, fisherMidP, shareDifference } from '../estimators/statistics/proportions.ts';
import type { SliceColumn } from './slice-columns.ts';
import type { Slice } from './slice-search.ts';

/** Per-row losses that slices are judged by. */
export interface RowLosses {
  /** What a ledger calls it: accuracy (errors are counted) or mae. */
  readonly metric: 'accuracy' | 'mae';
  /** 0 or 1 per row for accuracy, absolute errors for mae. */
  readonly losses: Float64Array;
}

/** A slice against its complement; positive = the slice is worse. */
export interface SliceTest extends Estimate {
  readonly p: number;
  readonly rows: number;
  /** The least difference that matters: absolute for accuracy, a share of the complement's loss for mae. */
  readonly margin: number;
}

/**
 * Tests slices of one column on all rows: the column is read once, whatever the number of slices.
 *
 * @param margin points for accuracy, share of the complement's loss for mae
 */
export function createColumnTester(
  { metric, losses }: RowLosses,
  margin: number,
): (slice: Slice) => SliceTest {
  let sum = 0;
  let squares = 0;
  for (const loss of losses) {
    sum += loss;
    squares += loss * loss;
  }
  const total: Moments = { rows: losses.length, sum, squares };
  const read = new Map<SliceColumn, Moments[]>();
  return ({ terms }) => {
    const { column, from, to } = terms[0]!;
    let byCode = read.get(column);
    if (byCode === undefined) {
      byCode = momentsByCode(column, losses);
      read.set(column, byCode);
    }
    const inside = byCode.slice(from, to + 1).reduce(plus, NONE);
    return against(metric, inside, minus(total, inside), margin);
  };
}

/**
 * @param mask 1 where a row is in the slice
 * @param judged 1 where a row may be used
 * @param margin as for `createColumnTester`
 */
export function testSlice(
  { metric, losses }: RowLosses,
  mask: Uint8Array,
  judged: Uint8Array,
  margin: number,
): SliceTest {
  const rows = [0, 0];
  const sums = [0, 0];
  const squares = [0, 0];
  for (let row = 0; row < losses.length; row++) {
    if (judged[row] === 0) continue;
    const side = mask[row]!;
    const loss = losses[row]!;
    rows[side]!++;
    sums[side]! += loss;
    squares[side]! += loss * loss;
  }
  const of = (side: 0 | 1): Moments => ({ rows: rows[side]!, sum: sums[side]!, squares: squares[side]! });
  return against(metric, of(1), of(0), margin);
}

const NONE: Moments = { rows: 0, sum: 0, squares: 0 };

function against(metric: RowLosses['metric'], inside: Moments, outside: Moments, margin: number): SliceTest {
  if (metric === 'accuracy') {
    const a = { hits: inside.sum, rows: inside.rows };
    const b = { hits: outside.sum, rows: outside.rows };
    return { ...shareDifference(a, b), p: fisherMidP(a, b), rows: inside.rows, margin };
  }
  return { ...welchTest(inside, outside), rows: inside.rows, margin: (margin * outside.sum) / outside.rows };
}

function momentsByCode({ codes }: SliceColumn, losses: Float64Array): Moments[] {
  const rows = new Float64Array(256);
  const sums = new Float64Array(256);
  const squares = new Float64Array(256);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    const loss = losses[row]!;
    rows[code]!++;
    sums[code]! += loss;
    squares[code]! += loss * loss;
  }
  return Array.from(rows, (count, code) => ({ rows: count, sum: sums[code]!, squares: squares[code]! }));
}

function plus(a: Moments, b: Moments): Moments {
  return { rows: a.rows + b.rows, sum: a.sum + b.sum, squares: a.squares + b.squares };
}

function minus(a: Moments, b: Moments): Moments {
  return { rows: a.rows - b.rows, sum: a.sum - b.sum, squares: a.squares - b.squares };
}
