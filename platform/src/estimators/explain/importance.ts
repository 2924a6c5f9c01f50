import { createRng } from '../../kernel/rng.ts';
import { type Feature, type FeatureMatrix, takeFeatureRows } from '../../tables/features.ts';
import { logLosses, squaredErrors } from '../metrics/row-losses.ts';
import type { Truth } from '../metrics/types.ts';
import { predictModel } from '../predict.ts';
import type { Model } from '../types.ts';

/** Two-sided 95 %. */
const Z = 1.959963984540054;

export interface ColumnImportance {
  readonly column: string;
  /** How much the mean loss grows when the column's values are shuffled among the rows. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Loss per row: −log of the probability given to what happened, or the squared error. */
export function rowLosses(truth: Truth, predictions: Float64Array): Float64Array {
  return truth.task === 'regression' ? squaredErrors(truth, predictions) : logLosses(truth, predictions);
}

/**
 * Permutation importance per source column (Breiman 2001; Fisher, Rudin and Dominici 2019) on rows the model has not seen. All
 * features of a column are shuffled together, `repeats` times. The 95 % interval is that of the mean over rows of each row's mean
 * growth over the repeats: it covers which rows were drawn and which permutations.
 *
 * @param columnOf source column of each feature
 * @param repeats ≥ 1
 */
export function permutationImportance(
  model: Model,
  rows: { readonly features: FeatureMatrix; readonly truth: Truth },
  columnOf: ReadonlyMap<string, string>,
  options: { readonly repeats: number; readonly seed: number },
): ColumnImportance[] {
  const { features: matrix, truth } = rows;
  const base = rowLosses(truth, predictModel(model, matrix));
  const rng = createRng(options.seed);
  const shuffles = Array.from({ length: options.repeats }, () => {
    const order = Int32Array.from({ length: matrix.rows }, (_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = rng.int(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return takeFeatureRows(matrix, order).features;
  });
  const columns = [...new Set(columnOf.values())];
  return columns.map((column) => {
    const growth = new Float64Array(matrix.rows);
    for (const shuffled of shuffles) {
      const features = matrix.features.map(
        (feature, i): Feature => (columnOf.get(feature.name) === column ? shuffled[i]! : feature),
      );
      const losses = rowLosses(truth, predictModel(model, { rows: matrix.rows, features }));
      for (let i = 0; i < growth.length; i++) growth[i]! += (losses[i]! - base[i]!) / options.repeats;
    }
    return { column, ...meanWithInterval(growth) };
  });
}

function meanWithInterval(values: Float64Array): { value: number; low: number; high: number } {
  const rows = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, rows);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = rows > 1 ? Z * Math.sqrt(squares / (rows - 1) / rows) : 0;
  return { value: mean, low: mean - half, high: mean + half };
}
