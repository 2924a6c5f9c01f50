import { createRng, type Rng } from '../../kernel/rng.ts';
import { type Feature, type FeatureMatrix, takeFeatureRows } from '../../tables/features.ts';
import { outputsOfModel, predictModel } from '../predict.ts';
import type { Model } from '../types.ts';

const TOLERANCE = 1e-5;
const REAL_ROWS_MAX = 1_000;
const STRANGE_ROWS = 1_000;
/** Share of a strange row's values that are replaced. */
const STRANGE_SHARE = 0.3;
const EXTREMES = [1e30, -1e30, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40];
const UNSEEN = ['never seen before', ' ', 'Ω≠ñ', '0'];

export interface ParityReport {
  readonly rows: number;
  /**
   * Greatest |graph - trainer|; for regression each difference is divided by max(1, |y|, sd(y)) first. Infinity when
   * either side answers something that is not a number.
   */
  readonly maxAbsDelta: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

/** Runs the exported graph: row-major rows × outputs. */
export type GraphPredictor = (matrix: FeatureMatrix) => Promise<ArrayLike<number>>;

/**
 * The parity gate: compares graph and trainer on up to 1,000 real rows, spread over the matrix, and on 1,000 rows made of real
 * ones by replacing about a third of their values by missing, unseen, extreme and infinite ones. Deterministic.
 *
 * @param matrix real rows (at least one), with the model's features
 */
export async function checkParity(
  model: Model,
  matrix: FeatureMatrix,
  predict: GraphPredictor,
): Promise<ParityReport> {
  const real = spread(matrix, Math.min(matrix.rows, REAL_ROWS_MAX));
  const strange = makeStrange(spread(matrix, STRANGE_ROWS), createRng(1));
  const scale = model.task === 'regression' ? Math.max(1, deviation(predictModel(model, real))) : 1;
  let maxAbsDelta = 0;
  for (const rows of [real, strange]) {
    const wanted = predictModel(model, rows);
    const got = await predict(rows);
    const delta =
      got.length === rows.rows * outputsOfModel(model)
        ? greatestDelta(model, wanted, got, scale)
        : Number.POSITIVE_INFINITY;
    maxAbsDelta = Math.max(maxAbsDelta, delta);
  }
  return {
    rows: real.rows + strange.rows,
    maxAbsDelta,
    tolerance: TOLERANCE,
    passed: maxAbsDelta <= TOLERANCE,
  };
}

function spread(matrix: FeatureMatrix, count: number): FeatureMatrix {
  return takeFeatureRows(
    matrix,
    Int32Array.from({ length: count }, (_, i) => Math.floor((i * matrix.rows) / count) % matrix.rows),
  );
}

function makeStrange(matrix: FeatureMatrix, rng: Rng): FeatureMatrix {
  const features = matrix.features.map((feature): Feature => {
    if (feature.kind === 'numeric') {
      for (let i = 0; i < feature.values.length; i++) {
        if (rng.next() >= STRANGE_SHARE) continue;
        const extreme = rng.next() < 0.5;
        feature.values[i] = extreme ? EXTREMES[rng.int(EXTREMES.length)]! : Number.NaN;
      }
      return feature;
    }
    const categories = [
      ...feature.categories,
      ...UNSEEN.filter((text) => !feature.categories.includes(text)),
    ];
    for (let i = 0; i < feature.codes.length; i++) {
      if (rng.next() >= STRANGE_SHARE) continue;
      const unseen = categories.length - feature.categories.length;
      const missing = unseen === 0 || rng.next() < 0.5;
      feature.codes[i] = missing ? -1 : feature.categories.length + rng.int(unseen);
    }
    return { ...feature, categories };
  });
  return { rows: matrix.rows, features };
}

function greatestDelta(model: Model, wanted: Float64Array, got: ArrayLike<number>, scale: number): number {
  let greatest = 0;
  for (let i = 0; i < wanted.length; i++) {
    const unit = model.task === 'regression' ? Math.max(scale, Math.abs(wanted[i]!)) : 1;
    const delta = Math.abs(wanted[i]! - got[i]!) / unit;
    greatest = Math.max(greatest, Number.isNaN(delta) ? Number.POSITIVE_INFINITY : delta);
  }
  return greatest;
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
