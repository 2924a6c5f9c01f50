import { type Moments, welchTest } from '../estimators/statistics/means.ts';
import { type Estimate, fisherMidP, shareDifference } from '../estimators/statistics/proportions.ts';

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
 * @param mask 1 where a row is in the slice
 * @param judged 1 where a row may be used
 * @param margin points for accuracy, share of the complement's loss for mae
 */
export function testSlice(
  { metric, losses }: RowLosses,
  mask: Uint8Array,
  judged: Uint8Array,
  margin: number,
): SliceTest {
  const { inside, outside } = momentsOf(losses, mask, judged);
  if (metric === 'accuracy') {
    const a = { hits: inside.sum, rows: inside.rows };
    const b = { hits: outside.sum, rows: outside.rows };
    return { ...shareDifference(a, b), p: fisherMidP(a, b), rows: inside.rows, margin };
  }
  return { ...welchTest(inside, outside), rows: inside.rows, margin: (margin * outside.sum) / outside.rows };
}

function momentsOf(
  losses: Float64Array,
  mask: Uint8Array,
  judged: Uint8Array,
): { inside: Moments; outside: Moments } {
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
  return { inside: of(1), outside: of(0) };
}
