import type { FeatureMatrix } from '../../tables/features.ts';
import { alignFeatures } from '../align.ts';
import type { LinearModel } from '../types.ts';
import { encode } from './encoding.ts';
import { multiply } from './products.ts';

/** Raw scores, row-major rows × outputs. @throws MODEL_FEATURE_MISSING */
export function linearScores(model: LinearModel, matrix: FeatureMatrix): Float64Array {
  const wanted = model.encoders.map(({ feature, kind }) => ({ name: feature, kind }));
  const design = encode(alignFeatures(matrix, wanted), model.encoders, matrix.rows);
  const coefficients = Float64Array.from(model.coefficients);
  const outputs = model.intercepts.length;
  const scores = new Float64Array(matrix.rows * outputs);
  const own = new Float64Array(matrix.rows);
  model.intercepts.forEach((intercept, k) => {
    multiply(design, coefficients, { offset: k * design.terms, intercept }, own);
    for (let row = 0; row < matrix.rows; row++) scores[row * outputs + k] = own[row]!;
  });
  return scores;
}
