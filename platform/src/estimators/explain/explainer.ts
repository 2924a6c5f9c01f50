import type { FeatureMatrix } from '../../tables/features.ts';
import { alignFeatures } from '../align.ts';
import { featureValues } from '../booster/binning.ts';
import type { BoosterModel, ForestModel, Model } from '../types.ts';
import { coverTrees } from './covers.ts';
import { linearContributions, meanTerms } from './linear-contributions.ts';
import { type Contributions, TreeExplainer } from './tree-shap.ts';

/** Probabilities of a constant model are kept this far from 0 in logarithms. */
const PROBABILITY_MIN = 1e-15;

/** A trained model with what its explanations need of its training rows. JSON; a blob beside the graph. */
export interface ExplainableModel {
  readonly format: 1;
  readonly model: Model;
  /** Trees: per tree and node, training rows that come there. */
  readonly covers: readonly (readonly number[])[];
  /** Linear: mean of each term over the training rows. */
  readonly means: readonly number[];
}

/** Tells what each column did to raw scores: log-odds of the second class, one score per class, or the value itself; of a forest, the shares of the classes. */
export interface Explainer {
  /** Names, in the order of the contributions. */
  readonly columns: readonly string[];
  /** @throws MODEL_FEATURE_MISSING */
  explain(matrix: FeatureMatrix): Contributions;
}

/** @param background the rows the model was trained on: explanations tell how a row differs from them */
export function explainable(model: Model, background: FeatureMatrix): ExplainableModel {
  const none = { format: 1, model, covers: [], means: [] } as const;
  switch (model.family) {
    case 'constant':
      return none;
    case 'linear':
      return { ...none, means: Array.from(meanTerms(model, background)) };
    case 'booster':
    case 'forest': {
      const covers = coverTrees(model.trees, treeFeatures(model, background), background.rows);
      return { ...none, covers: covers.map((cover) => Array.from(cover)) };
    }
  }
}

/**
 * @param columnOf source column of each feature: contributions of features that come from one column are summed
 * @throws KERNELS_MISSING
 */
export function createExplainer(
  { model, covers, means }: ExplainableModel,
  columnOf: ReadonlyMap<string, string>,
): Explainer {
  const columns = [...new Set(columnOf.values())];
  const indexOf = (feature: string) => columns.indexOf(columnOf.get(feature) ?? feature);
  switch (model.family) {
    case 'constant': {
      const base = Float64Array.from(constantScores(model.task, model.output));
      return {
        columns,
        explain: ({ rows }) => {
          const values = new Float64Array(rows * base.length * columns.length);
          return { rows, outputs: base.length, columns: columns.length, base, values };
        },
      };
    }
    case 'linear': {
      const slots = model.encoders.map(({ feature }) => indexOf(feature));
      return {
        columns,
        explain: (matrix) => linearContributions(model, means, slots, columns.length, matrix),
      };
    }
    case 'booster':
    case 'forest': {
      const slots = model.features.map(({ name }) => indexOf(name));
      const { trees, base } = model;
      const explainer = new TreeExplainer({ trees, covers, base }, slots, columns.length);
      return {
        columns,
        explain: (matrix) => explainer.explain(treeFeatures(model, matrix), matrix.rows),
      };
    }
  }
}

function treeFeatures(model: BoosterModel | ForestModel, matrix: FeatureMatrix): Float32Array[] {
  const aligned = alignFeatures(matrix, model.features);
  return aligned.map((feature, i) => {
    const declared = model.features[i]!;
    return featureValues(feature, declared.kind === 'categorical' ? declared.categories : undefined);
  });
}

/** On the scale on which the other families add up. */
function constantScores(task: Model['task'], output: readonly number[]): number[] {
  if (task === 'regression') return [...output];
  const logs = output.map((p) => Math.log(Math.max(PROBABILITY_MIN, p)));
  return task === 'binary' ? [logs[1]! - logs[0]!] : logs;
}
