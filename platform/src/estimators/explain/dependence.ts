import type { Feature, FeatureMatrix } from '../../tables/features.ts';
import { takeFeatureRows } from '../../tables/features.ts';
import { outputsOfModel, predictModel } from '../predict.ts';
import type { Model } from '../types.ts';

export interface Dependence {
  /** Output the curves are of: the probability of this class, or 0 for the value. */
  readonly output: number;
  /** Mean prediction of all rows at each grid point (partial dependence, Friedman 2001). */
  readonly mean: readonly number[];
  /** Predictions of single rows at each grid point (individual conditional expectation, Goldstein et al. 2015). */
  readonly lines: readonly (readonly number[])[];
}

/**
 * How predictions change when one column takes other values while the rest of each row stays. A grid point is a row whose values of
 * the column (all features of it) every row is given, so that what a column emits is never torn apart.
 *
 * With several classes the curves are of the class whose mean changes most.
 *
 * @param grid rows of `matrix` in the order of the column's values
 * @param lines rows of `matrix` whose own curves are kept
 */
export function dependenceOf(
  model: Model,
  matrix: FeatureMatrix,
  columnFeatures: ReadonlySet<string>,
  use: { readonly grid: readonly number[]; readonly lines: readonly number[] },
): Dependence {
  const outputs = outputsOfModel(model);
  const predicted = use.grid.map((point) => {
    const constant = takeFeatureRows(matrix, new Int32Array(matrix.rows).fill(point)).features;
    const features = matrix.features.map(
      (feature, i): Feature => (columnFeatures.has(feature.name) ? constant[i]! : feature),
    );
    return predictModel(model, { rows: matrix.rows, features });
  });
  const means = Array.from({ length: outputs }, (_, output) =>
    predicted.map((values) => {
      let sum = 0;
      for (let i = output; i < values.length; i += outputs) sum += values[i]!;
      return sum / matrix.rows;
    }),
  );
  const output = outputs === 2 ? 1 : widest(means);
  const lines = use.lines.map((row) => predicted.map((values) => values[row * outputs + output]!));
  return { output, mean: means[output]!, lines };
}

function widest(curves: readonly (readonly number[])[]): number {
  const spans = curves.map((curve) => Math.max(...curve) - Math.min(...curve));
  return spans.indexOf(Math.max(...spans));
}
