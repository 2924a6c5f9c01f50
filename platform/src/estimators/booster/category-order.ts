import type { CategoricalFeature } from '../../tables/features.ts';
import type { TrainingSet } from '../types.ts';

/** Strength of the pull of a category's mean towards the overall mean, in rows. */
const SMOOTHING_ROWS = 10;
/** Below this F ratio the differences between categories are mostly noise, and ordering by them would leak the target. */
const F_RATIO_MIN = 2;
const POWER_ITERATIONS = 30;

/**
 * The ordinal order of a categorical feature's categories, chosen once per fit so that a threshold splits a set.
 *
 * Categories are ordered by the smoothed mean of the target (for several classes: by the first principal component of the
 * smoothed class shares, after Coppersmith, Hong and Hosking 1999). Two guards keep the order from leaking the target:
 * categories with fewer than `rowsMin` training rows get no place (they enter as missing, as unseen ones do), and where
 * the categories differ no more than chance would have it (F ratio below 2), the order is by frequency.
 *
 * @returns the categories in order; those left out are treated as missing
 */
export function orderCategories(
  feature: CategoricalFeature,
  training: TrainingSet,
  rowsMin: number,
): readonly string[] {
  const counts = countCategories(feature);
  const kept: number[] = [];
  for (let c = 0; c < counts.length; c++) if (counts[c]! >= rowsMin && counts[c]! > 0) kept.push(c);
  const scores =
    training.task === 'multiclass'
      ? principalScores(feature, training)
      : meanScores(feature, training.target, training.weights);
  const key = scores.fRatio >= F_RATIO_MIN ? scores.values : counts;
  kept.sort((a, b) => key[a]! - key[b]! || (feature.categories[a]! < feature.categories[b]! ? -1 : 1));
  return kept.map((c) => feature.categories[c]!);
}

function countCategories(feature: CategoricalFeature): Float64Array {
  const counts = new Float64Array(feature.categories.length);
  for (const code of feature.codes) if (code >= 0) counts[code]!++;
  return counts;
}

interface CategoryScores {
  readonly values: Float64Array;
  /** Between-category over within-category variance, each by its degrees of freedom. */
  readonly fRatio: number;
}

function meanScores(
  feature: CategoricalFeature,
  target: ArrayLike<number>,
  weights: Float64Array | undefined,
): CategoryScores {
  const size = feature.categories.length;
  const weight = new Float64Array(size);
  const sum = new Float64Array(size);
  let totalWeight = 0;
  let total = 0;
  for (let i = 0; i < feature.codes.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    totalWeight += w;
    total += w * target[i]!;
    const code = feature.codes[i]!;
    if (code < 0) continue;
    weight[code]! += w;
    sum[code]! += w * target[i]!;
  }
  const mean = total / totalWeight;
  const values = new Float64Array(size);
  let between = 0;
  let groups = 0;
  for (let c = 0; c < size; c++) {
    values[c] = (sum[c]! + SMOOTHING_ROWS * mean) / (weight[c]! + SMOOTHING_ROWS);
    if (weight[c] === 0) continue;
    groups++;
    between += weight[c]! * (sum[c]! / weight[c]! - mean) ** 2;
  }
  let within = 0;
  for (let i = 0; i < feature.codes.length; i++) {
    const code = feature.codes[i]!;
    if (code < 0) continue;
    const w = weights === undefined ? 1 : weights[i]!;
    within += w * (target[i]! - sum[code]! / weight[code]!) ** 2;
  }
  const freedom = feature.codes.length - groups;
  if (groups < 2 || freedom < 1) return { values, fRatio: 0 };
  return {
    values,
    fRatio: within === 0 ? Number.POSITIVE_INFINITY : between / (groups - 1) / (within / freedom),
  };
}

/** Projects classes on the axis along which the categories' class shares vary most, then scores as for a number. */
function principalScores(feature: CategoricalFeature, training: TrainingSet): CategoryScores {
  const { classes, target, weights } = training;
  const size = feature.categories.length;
  const share = new Float64Array(size * classes);
  const weight = new Float64Array(size);
  const prior = new Float64Array(classes);
  let totalWeight = 0;
  for (let i = 0; i < feature.codes.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    prior[target[i]!]! += w;
    totalWeight += w;
    const code = feature.codes[i]!;
    if (code < 0) continue;
    weight[code]! += w;
    share[code * classes + target[i]!]! += w;
  }
  for (let c = 0; c < size; c++) {
    for (let k = 0; k < classes; k++) {
      const p = prior[k]! / totalWeight;
      const at = c * classes + k;
      share[at] = (share[at]! + SMOOTHING_ROWS * p) / (weight[c]! + SMOOTHING_ROWS) - p;
    }
  }
  const axis = principalAxis(share, weight, classes);
  const projected = new Float64Array(target.length);
  for (let i = 0; i < target.length; i++) projected[i] = axis[target[i]!]!;
  return meanScores(feature, projected, weights);
}

/** Power iteration on Σ weight · share shareᵀ from a fixed start, so that the result is deterministic. */
function principalAxis(share: Float64Array, weight: Float64Array, classes: number): Float64Array {
  let axis = Float64Array.from({ length: classes }, (_, k) => 1 + k / classes);
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    const next = new Float64Array(classes);
    for (let c = 0; c < weight.length; c++) {
      let dot = 0;
      for (let k = 0; k < classes; k++) dot += share[c * classes + k]! * axis[k]!;
      dot *= weight[c]!;
      for (let k = 0; k < classes; k++) next[k]! += dot * share[c * classes + k]!;
    }
    const norm = Math.hypot(...next);
    if (norm === 0) return axis;
    axis = next.map((value) => value / norm);
  }
  return axis;
}

/** Categories with fewer training rows than this enter as unseen ones do. */
export function categoryRowsMin(training: TrainingSet, leafRowsMin: number): number {
  // On a handful of rows every category is rare, and pooling all would leave nothing.
  return Math.max(1, Math.min(leafRowsMin, Math.floor(training.features.rows / 100)));
}
