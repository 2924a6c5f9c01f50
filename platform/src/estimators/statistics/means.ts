import { studentUpper, studentUpperQuantile } from './distributions.ts';
import type { Estimate } from './proportions.ts';

/** Sufficient statistics of a sample. Mergeable by adding. */
export interface Moments {
  readonly rows: number;
  readonly sum: number;
  readonly squares: number;
}

export function meanOf({ rows, sum }: Moments): number {
  return sum / rows;
}

/** Unbiased; 0 for fewer than two rows. */
export function varianceOf({ rows, sum, squares }: Moments): number {
  return rows < 2 ? 0 : Math.max(0, (squares - (sum * sum) / rows) / (rows - 1));
}

/** Welch's t test (1947) of mean(a) > mean(b): the difference, its 95 % interval and the one-sided p. */
export function welchTest(a: Moments, b: Moments): Estimate & { readonly p: number } {
  const value = meanOf(a) - meanOf(b);
  const [va, vb] = [varianceOf(a) / a.rows, varianceOf(b) / b.rows];
  const error = Math.sqrt(va + vb);
  if (!(error > 0)) return { value, low: value, high: value, p: value > 0 ? 0 : 1 };
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.rows - 1) + vb ** 2 / (b.rows - 1));
  const half = studentUpperQuantile(0.025, degrees) * error;
  return { value, low: value - half, high: value + half, p: studentUpper(value / error, degrees) };
}
