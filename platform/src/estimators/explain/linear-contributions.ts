import type { FeatureMatrix } from '../../tables/features.ts';
import { alignFeatures } from '../align.ts';
import { type Design, encode, termsOf } from '../linear/encoding.ts';
import type { LinearModel } from '../types.ts';
import type { Contributions } from './tree-shap.ts';

function designOf(model: LinearModel, matrix: FeatureMatrix): Design {
  const wanted = model.encoders.map(({ feature, kind }) => ({ name: feature, kind }));
  return encode(alignFeatures(matrix, wanted), model.encoders, matrix.rows);
}

/** Mean of each term (standardised number, level, missing indicator) over rows. */
export function meanTerms(model: LinearModel, matrix: FeatureMatrix): Float64Array {
  const design = designOf(model, matrix);
  const sums = new Float64Array(design.terms);
  for (const { term, values } of design.dense) for (const value of values) sums[term]! += value;
  for (const terms of design.sparse) for (const term of terms) if (term >= 0) sums[term]!++;
  return sums.map((sum) => sum / Math.max(1, matrix.rows));
}

/**
 * Shapley values of a linear score whose terms are taken as independent: coefficient × (term − its mean), summed over the
 * terms of a column (Lundberg and Lee 2017, corollary 1).
 *
 * @param means of the terms over the background rows
 * @param columnOf per encoder: index of the column
 * @throws MODEL_FEATURE_MISSING
 */
export function linearContributions(
  model: LinearModel,
  means: ArrayLike<number>,
  columnOf: readonly number[],
  columns: number,
  matrix: FeatureMatrix,
): Contributions {
  const { terms, dense, sparse } = designOf(model, matrix);
  const columnOfTerm = model.encoders.flatMap((encoder, e) =>
    new Array<number>(termsOf(encoder)).fill(columnOf[e]!),
  );
  const outputs = model.intercepts.length;
  const base = Float64Array.from(model.intercepts);
  const values = new Float64Array(matrix.rows * outputs * columns);
  for (let k = 0; k < outputs; k++) {
    const weight = (term: number) => model.coefficients[k * terms + term]!;
    const ofAverage = new Float64Array(columns);
    for (let term = 0; term < terms; term++) {
      base[k]! += weight(term) * means[term]!;
      ofAverage[columnOfTerm[term]!]! -= weight(term) * means[term]!;
    }
    const at = (row: number) => (row * outputs + k) * columns;
    for (let row = 0; row < matrix.rows; row++) values.set(ofAverage, at(row));
    for (const { term, values: own } of dense) {
      const slot = columnOfTerm[term]!;
      for (let row = 0; row < own.length; row++) values[at(row) + slot]! += weight(term) * own[row]!;
    }
    for (const picked of sparse) {
      for (let row = 0; row < picked.length; row++) {
        const term = picked[row]!;
        if (term >= 0) values[at(row) + columnOfTerm[term]!]! += weight(term);
      }
    }
  }
  return { rows: matrix.rows, outputs, columns, base, values };
}
