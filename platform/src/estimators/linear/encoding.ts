import type { CategoricalFeature, Feature, NumericFeature } from '../../tables/features.ts';
import type { LinearEncoder, TrainingSet } from '../types.ts';

/**
 * Standardised values are clipped here, in training, prediction and graph alike: a hundred standard deviations out, a
 * linear term has stopped being evidence, and float32 would lose what the other terms say.
 */
export const STANDARDISED_MAX = 100;
/** One-hot levels of one feature at most; the most frequent are kept. */
const LEVELS_MAX = 1_000;

/**
 * Terms of a matrix in the encoders' order, stored as they are: standardised numbers densely, one-hot levels and missing
 * indicators as the one term per row that is 1.
 */
export interface Design {
  readonly rows: number;
  readonly terms: number;
  readonly dense: readonly { readonly term: number; readonly values: Float32Array }[];
  /** Per row: the term that is 1, or -1 for none. */
  readonly sparse: readonly Int32Array[];
}

export function termsOf(encoder: LinearEncoder): number {
  const values = encoder.kind === 'numeric' ? 1 : encoder.levels.length;
  return values + (encoder.missingIndicator ? 1 : 0);
}

/** Chooses centre and scale of numbers, and the levels of categories, on training rows. */
export function chooseEncoders(training: TrainingSet, rareRowsMin: number): LinearEncoder[] {
  return training.features.features.map((feature) =>
    feature.kind === 'numeric'
      ? numericEncoder(feature, training.weights)
      : categoricalEncoder(feature, rareRowsMin),
  );
}

function numericEncoder(feature: NumericFeature, weights: Float64Array | undefined): LinearEncoder {
  let total = 0;
  let sum = 0;
  let missing = 0;
  for (let i = 0; i < feature.values.length; i++) {
    const value = feature.values[i]!;
    if (Number.isNaN(value)) missing++;
    if (!Number.isFinite(value)) continue;
    const w = weights === undefined ? 1 : weights[i]!;
    total += w;
    sum += w * value;
  }
  const mean = total === 0 ? 0 : Math.fround(sum / total);
  let squares = 0;
  for (let i = 0; i < feature.values.length; i++) {
    const value = feature.values[i]!;
    if (Number.isFinite(value)) squares += (weights === undefined ? 1 : weights[i]!) * (value - mean) ** 2;
  }
  const deviation = total === 0 ? 0 : Math.fround(Math.sqrt(squares / total));
  // A constant (up to rounding) has no scale; its term is then 0 in training and learns nothing.
  const usable = deviation > Math.abs(mean) * 1e-7 && Number.isFinite(1 / deviation);
  return {
    kind: 'numeric',
    feature: feature.name,
    mean,
    scale: usable ? deviation : 1,
    fill: mean,
    missingIndicator: missing > 0 && missing < feature.values.length,
  };
}

function categoricalEncoder(feature: CategoricalFeature, rareRowsMin: number): LinearEncoder {
  const counts = new Float64Array(feature.categories.length);
  let missing = 0;
  for (const code of feature.codes) {
    if (code < 0) missing++;
    else counts[code]!++;
  }
  const levels = Array.from(counts.keys())
    .filter((code) => counts[code]! >= rareRowsMin && counts[code]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || (feature.categories[a]! < feature.categories[b]! ? -1 : 1))
    .slice(0, LEVELS_MAX)
    .map((code) => feature.categories[code]!);
  return {
    kind: 'categorical',
    feature: feature.name,
    levels,
    missingIndicator: missing > 0 && missing < feature.codes.length,
  };
}

/** @param features in the encoders' order */
export function encode(
  features: readonly Feature[],
  encoders: readonly LinearEncoder[],
  rows: number,
): Design {
  const dense: { term: number; values: Float32Array }[] = [];
  const sparse: Int32Array[] = [];
  let term = 0;
  encoders.forEach((encoder, i) => {
    const feature = features[i]!;
    if (encoder.kind === 'numeric' && feature.kind === 'numeric') {
      dense.push({ term, values: standardise(feature.values, encoder) });
      if (encoder.missingIndicator) sparse.push(indicate(feature.values, term + 1));
    } else if (encoder.kind === 'categorical' && feature.kind === 'categorical') {
      if (termsOf(encoder) > 0) sparse.push(oneHot(feature, encoder, term));
    }
    term += termsOf(encoder);
  });
  return { rows, terms: term, dense, sparse };
}

/** In float32 steps, as the graph computes it. */
export function standardise(
  values: Float32Array,
  encoder: { readonly mean: number; readonly scale: number; readonly fill: number },
): Float32Array {
  const mean = Math.fround(encoder.mean);
  const inverse = Math.fround(1 / encoder.scale);
  const one = (x: number) =>
    Math.min(STANDARDISED_MAX, Math.max(-STANDARDISED_MAX, Math.fround(Math.fround(x - mean) * inverse)));
  const fill = one(Math.fround(encoder.fill));
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    out[i] = Number.isNaN(value) ? fill : one(value);
  }
  return out;
}

function indicate(values: Float32Array, term: number): Int32Array {
  const out = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = Number.isNaN(values[i]!) ? term : -1;
  return out;
}

function oneHot(
  feature: CategoricalFeature,
  encoder: { readonly levels: readonly string[]; readonly missingIndicator: boolean },
  first: number,
): Int32Array {
  const place = new Map(encoder.levels.map((level, i) => [level, first + i]));
  const byCode = Int32Array.from(feature.categories, (category) => place.get(category) ?? -1);
  const ofMissing = encoder.missingIndicator ? first + encoder.levels.length : -1;
  const out = new Int32Array(feature.codes.length);
  for (let i = 0; i < out.length; i++) {
    const code = feature.codes[i]!;
    out[i] = code < 0 ? ofMissing : byCode[code]!;
  }
  return out;
}
