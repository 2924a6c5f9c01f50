import { SlipwayError } from '../kernel/errors.ts';
import type { Feature, FeatureMatrix } from '../tables/features.ts';
import './errors.ts';

/** The matrix's features in the order a model wants them. @throws MODEL_FEATURE_MISSING */
export function alignFeatures(
  matrix: FeatureMatrix,
  wanted: readonly { readonly name: string; readonly kind: Feature['kind'] }[],
): Feature[] {
  const byName = new Map(matrix.features.map((feature) => [feature.name, feature]));
  return wanted.map(({ name, kind }) => {
    const feature = byName.get(name);
    if (feature?.kind === kind) return feature;
    const what = feature === undefined ? 'is not there' : `is ${feature.kind}`;
    throw new SlipwayError('MODEL_FEATURE_MISSING', {
      message: `the model was fitted on the ${kind} feature '${name}', which ${what}`,
      fix: `Give every row the ${kind} feature '${name}'; its values may be missing.`,
      details: { feature: name, kind },
    });
  });
}
