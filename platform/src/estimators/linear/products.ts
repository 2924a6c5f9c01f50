import type { Design } from './encoding.ts';

/** scores[i] = intercept + Σ coefficients[offset + t] · term t of row i, for one output. */
export function multiply(
  design: Design,
  coefficients: Float64Array,
  at: { readonly offset: number; readonly intercept: number },
  scores: Float64Array,
): void {
  scores.fill(at.intercept);
  for (const { term, values } of design.dense) addScaled(scores, values, coefficients[at.offset + term]!);
  for (const terms of design.sparse) addPicked(scores, terms, coefficients, at.offset);
}

/** gradient[offset + t] = Σ residual[i] · term t of row i, for one output; returns Σ residual. */
export function multiplyTransposed(
  design: Design,
  residual: Float64Array,
  gradient: Float64Array,
  offset: number,
): number {
  gradient.fill(0, offset, offset + design.terms);
  for (const { term, values } of design.dense) gradient[offset + term] = dot(residual, values);
  for (const terms of design.sparse) collect(residual, terms, gradient, offset);
  let sum = 0;
  for (let i = 0; i < residual.length; i++) sum += residual[i]!;
  return sum;
}

function addScaled(to: Float64Array, values: Float32Array, factor: number): void {
  if (factor === 0) return;
  for (let i = 0; i < to.length; i++) to[i]! += factor * values[i]!;
}

function addPicked(to: Float64Array, terms: Int32Array, coefficients: Float64Array, offset: number): void {
  for (let i = 0; i < to.length; i++) {
    const term = terms[i]!;
    if (term >= 0) to[i]! += coefficients[offset + term]!;
  }
}

function dot(a: Float64Array, b: Float32Array): number {
  let even = 0;
  let odd = 0;
  const pairs = a.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    even += a[i]! * b[i]!;
    odd += a[i + 1]! * b[i + 1]!;
  }
  return pairs < a.length ? even + odd + a[pairs]! * b[pairs]! : even + odd;
}

function collect(residual: Float64Array, terms: Int32Array, gradient: Float64Array, offset: number): void {
  for (let i = 0; i < residual.length; i++) {
    const term = terms[i]!;
    if (term >= 0) gradient[offset + term]! += residual[i]!;
  }
}
