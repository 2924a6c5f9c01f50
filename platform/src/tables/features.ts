/** What a model's graph takes: one array per graph input, after coercion (see `coercion.ts`). */

export interface NumericFeature {
  readonly kind: 'numeric';
  readonly name: string;
  /** float32 because the graph computes in float32: binning on wider values would not match serving. NaN = missing. */
  readonly values: Float32Array;
}

export interface CategoricalFeature {
  readonly kind: 'categorical';
  readonly name: string;
  /** Index into `categories`; -1 = missing. */
  readonly codes: Int32Array;
  /** Distinct values; the empty string never occurs (it is how a missing value enters the graph). */
  readonly categories: readonly string[];
}

export type Feature = NumericFeature | CategoricalFeature;

export interface FeatureMatrix {
  readonly rows: number;
  readonly features: readonly Feature[];
}

export function takeFeatureRows(matrix: FeatureMatrix, rows: Int32Array): FeatureMatrix {
  const features = matrix.features.map((feature): Feature => {
    if (feature.kind === 'numeric') {
      const values = new Float32Array(rows.length);
      for (let i = 0; i < rows.length; i++) values[i] = feature.values[rows[i]!]!;
      return { ...feature, values };
    }
    const codes = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) codes[i] = feature.codes[rows[i]!]!;
    return { ...feature, codes };
  });
  return { rows: rows.length, features };
}
