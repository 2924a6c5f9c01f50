import { Z95 } from './distributions.ts';
import { logGamma } from './special.ts';

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** `hits` of `rows`. */
export interface Share {
  readonly hits: number;
  readonly rows: number;
}

/** Wilson's score interval (1927), 95 %. NaN for no rows. */
export function wilsonInterval({ hits, rows }: Share): Estimate {
  const value = hits / rows;
  const z2 = Z95 * Z95;
  const centre = (value + z2 / (2 * rows)) / (1 + z2 / rows);
  const half = (Z95 / (1 + z2 / rows)) * Math.sqrt((value * (1 - value)) / rows + z2 / (4 * rows * rows));
  return {
    value,
    low: hits === 0 ? 0 : Math.max(0, centre - half),
    high: hits === rows ? 1 : Math.min(1, centre + half),
  };
}

/** a - b with Newcombe's hybrid score interval (1998, method 10), 95 %. */
export function shareDifference(a: Share, b: Share): Estimate {
  const first = wilsonInterval(a);
  const second = wilsonInterval(b);
  const value = first.value - second.value;
  return {
    value,
    low: value - Math.hypot(first.value - first.low, second.high - second.value),
    high: value + Math.hypot(first.high - first.value, second.value - second.low),
  };
}

/**
 * One-sided mid-p of Fisher's exact test that `a`'s share is greater than `b`'s: P(more hits) + ½ P(as many), given the margins.
 * Mid-p keeps its level far better than the plain exact test, which is too careful with few rows.
 */
export function fisherMidP(a: Share, b: Share): number {
  const hits = a.hits + b.hits;
  const most = Math.min(a.rows, hits);
  const logAll = logChoose(a.rows + b.rows, hits);
  const probability = (k: number) => Math.exp(logChoose(a.rows, k) + logChoose(b.rows, hits - k) - logAll);
  const own = probability(a.hits);
  let tail = own / 2;
  let term = own;
  // Each term from the one before it: terms fall fast beyond the mode, and the sum ends when they no longer count.
  for (let k = a.hits; k < most; k++) {
    term *= ((a.rows - k) * (hits - k)) / ((k + 1) * (b.rows - hits + k + 1));
    tail += term;
    const falling = (a.rows - k) * (hits - k) < (k + 1) * (b.rows - hits + k + 1);
    if (falling && term < tail * 1e-17) break;
  }
  return Math.min(1, tail);
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
