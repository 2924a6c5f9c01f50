import { betaRegularised, gammaUpper } from './special.ts';

/** Two-sided 95 %. */
export const Z95 = 1.959963984540054;

/** P(Z > z) of the standard normal. */
export function normalUpper(z: number): number {
  if (Math.abs(z) > 39) return z > 0 ? 0 : 1;
  const tail = 0.5 * gammaUpper(0.5, (z * z) / 2);
  return z >= 0 ? tail : 1 - tail;
}

/** z with P(Z > z) = p, 0 < p < 1. */
export function normalUpperQuantile(p: number): number {
  if (p > 0.5) return -normalUpperQuantile(1 - p);
  return solveDecreasing(normalUpper, p, 0, 40);
}

/** P(X > x) of χ² with `degrees` degrees of freedom. */
export function chiSquareUpper(x: number, degrees: number): number {
  return gammaUpper(degrees / 2, x / 2);
}

/** x with P(X > x) = p of χ², 0 < p < 1. */
export function chiSquareUpperQuantile(p: number, degrees: number): number {
  let high = Math.max(1, degrees);
  while (chiSquareUpper(high, degrees) > p) high *= 2;
  return solveDecreasing((x) => chiSquareUpper(x, degrees), p, 0, high);
}

/** P(T > t) of Student's t. `degrees` may be fractional (Welch). */
export function studentUpper(t: number, degrees: number): number {
  if (t === Number.POSITIVE_INFINITY) return 0;
  if (t === Number.NEGATIVE_INFINITY) return 1;
  const tail = 0.5 * betaRegularised(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t >= 0 ? tail : 1 - tail;
}

/** t with P(T > t) = p of Student's t, 0 < p < 1. */
export function studentUpperQuantile(p: number, degrees: number): number {
  if (p > 0.5) return -studentUpperQuantile(1 - p, degrees);
  let high = 2;
  while (studentUpper(high, degrees) > p) high *= 2;
  return solveDecreasing((t) => studentUpper(t, degrees), p, 0, high);
}

/** Bisection to the last bits: robust in the tails, and far from any hot loop. */
function solveDecreasing(f: (x: number) => number, wanted: number, from: number, to: number): number {
  let low = from;
  let high = to;
  for (let i = 0; i < 200 && high - low > 1e-14 * Math.max(1, Math.abs(low)); i++) {
    const middle = (low + high) / 2;
    if (f(middle) > wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
