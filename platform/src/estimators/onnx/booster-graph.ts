import { predictModel } from '../predict.ts';
import type { BoosterModel, ForestModel, Tree } from '../types.ts';
import { type Attribute, ML_DOMAIN } from './graph-builder.ts';
import { type GraphTarget, writeBinary, writeConstant, writeShares, writeSoftmax } from './output-nodes.ts';

/**
 * Encoders → Concat → one TreeEnsembleRegressor with a target per output → sigmoid or softmax, or shares for a forest. The classifier operator is
 * not used: with two classes its answer depends on whether all weights happen to be positive. Features no tree asks for
 * stay inputs but are not read.
 */
export function exportBooster(model: BoosterModel | ForestModel, target: GraphTarget): void {
  const { graph } = target;
  const used = usedFeatures(model);
  if (used.length === 0) {
    const row = predictModel(model, { rows: 1, features: missingRow(model) });
    writeConstant(target, model.task, Array.from(row));
    return;
  }
  const columns = used.map((feature) => {
    const declared = model.features[feature]!;
    if (declared.kind === 'numeric') return declared.name;
    return graph.node({
      operator: 'LabelEncoder',
      domain: ML_DOMAIN,
      inputs: [declared.name],
      attributes: {
        keys_strings: { strings: declared.categories },
        values_floats: { floats: declared.categories.map((_, i) => i) },
        default_float: { float: Number.NaN },
      },
    });
  });
  const matrix = graph.node({ operator: 'Concat', inputs: columns, attributes: { axis: { int: 1 } } });
  const scores = graph.node({
    operator: 'TreeEnsembleRegressor',
    domain: ML_DOMAIN,
    inputs: [matrix],
    ...(model.task === 'regression' ? { outputs: [target.value] } : {}),
    attributes: treeAttributes(model, used),
  });
  if (model.task === 'regression') return;
  if (model.family === 'forest') writeShares(target, scores, model.base.length);
  else if (model.task === 'binary') writeBinary(target, scores);
  else writeSoftmax(target, scores);
}

function usedFeatures(model: BoosterModel | ForestModel): number[] {
  const used = new Set<number>();
  for (const tree of model.trees) for (const feature of tree.feature) if (feature >= 0) used.add(feature);
  return [...used].sort((a, b) => a - b);
}

function missingRow(model: BoosterModel | ForestModel) {
  return model.features.map(({ name, kind }) =>
    kind === 'numeric'
      ? ({ kind, name, values: new Float32Array([Number.NaN]) } as const)
      : ({ kind, name, codes: new Int32Array([-1]), categories: [] } as const),
  );
}

function treeAttributes(
  model: BoosterModel | ForestModel,
  used: readonly number[],
): Record<string, Attribute> {
  const column = new Map(used.map((feature, i) => [feature, i]));
  const outputs = model.base.length;
  const nodes = {
    trees: [] as number[],
    ids: [] as number[],
    columns: [] as number[],
    modes: [] as string[],
  };
  const tests = { values: [] as number[], yes: [] as number[], no: [] as number[], missing: [] as number[] };
  const leaves = {
    trees: [] as number[],
    ids: [] as number[],
    targets: [] as number[],
    weights: [] as number[],
  };
  model.trees.forEach((tree, t) => {
    if (isNothing(tree)) return;
    tree.feature.forEach((feature, node) => {
      const leaf = feature < 0;
      nodes.trees.push(t);
      nodes.ids.push(node);
      nodes.columns.push(leaf ? 0 : column.get(feature)!);
      nodes.modes.push(leaf ? 'LEAF' : 'BRANCH_LEQ');
      tests.values.push(leaf ? 0 : tree.threshold[node]!);
      tests.yes.push(leaf ? 0 : tree.left[node]!);
      tests.no.push(leaf ? 0 : tree.right[node]!);
      tests.missing.push(leaf ? 0 : tree.missingLeft[node]!);
      if (!leaf) return;
      leaves.trees.push(t);
      leaves.ids.push(node);
      leaves.targets.push(t % outputs);
      leaves.weights.push(tree.value[node]!);
    });
  });
  return {
    n_targets: { int: outputs },
    post_transform: { string: 'NONE' },
    aggregate_function: { string: 'SUM' },
    base_values: { floats: model.base },
    nodes_treeids: { ints: nodes.trees },
    nodes_nodeids: { ints: nodes.ids },
    nodes_featureids: { ints: nodes.columns },
    nodes_modes: { strings: nodes.modes },
    nodes_values: { floats: tests.values },
    nodes_truenodeids: { ints: tests.yes },
    nodes_falsenodeids: { ints: tests.no },
    nodes_missing_value_tracks_true: { ints: tests.missing },
    target_treeids: { ints: leaves.trees },
    target_nodeids: { ints: leaves.ids },
    target_ids: { ints: leaves.targets },
    target_weights: { floats: leaves.weights },
  };
}

/** A tree that adds 0 to every row. */
function isNothing(tree: Tree): boolean {
  return tree.feature.length === 1 && tree.value[0] === 0;
}
