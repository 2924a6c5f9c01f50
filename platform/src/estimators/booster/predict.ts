import type { FeatureMatrix } from '../../tables/features.ts';
import { alignFeatures } from '../align.ts';
import type { BoosterModel, ForestModel, Tree } from '../types.ts';
import { featureValues } from './binning.ts';

type TreeModel = BoosterModel | ForestModel;

/** Rows walked through all trees together, so that their scores and features stay in cache. */
const BLOCK_ROWS = 256;

/** All trees in flat arrays. */
interface FlatTrees {
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly value: Float64Array;
}

const forests = new WeakMap<TreeModel, FlatTrees>();

/**
 * Raw scores, row-major rows × outputs: base + the sum of the leaves' values.
 *
 * @throws MODEL_FEATURE_MISSING
 */
export function boosterScores(model: TreeModel, matrix: FeatureMatrix): Float64Array {
  const features = alignFeatures(matrix, model.features);
  const columns = features.map((feature, i) => {
    const declared = model.features[i]!;
    return featureValues(feature, declared.kind === 'categorical' ? declared.categories : undefined);
  });
  const outputs = model.base.length;
  const scores = new Float64Array(matrix.rows * outputs);
  for (let i = 0; i < scores.length; i++) scores[i] = model.base[i % outputs]!;
  const forest = forestOf(model);
  for (let start = 0; start < matrix.rows; start += BLOCK_ROWS) {
    const end = Math.min(matrix.rows, start + BLOCK_ROWS);
    for (let t = 0; t < forest.roots.length; t++) {
      addTree(forest, forest.roots[t]!, { columns, start, end, scores, outputs, output: t % outputs });
    }
  }
  return scores;
}

function addTree(
  forest: FlatTrees,
  root: number,
  block: {
    readonly columns: readonly Float32Array[];
    readonly start: number;
    readonly end: number;
    readonly scores: Float64Array;
    readonly outputs: number;
    readonly output: number;
  },
): void {
  const { feature, threshold, missingLeft, left, right, value } = forest;
  const { columns, scores, outputs } = block;
  for (let row = block.start; row < block.end; row++) {
    let node = root;
    let column = feature[node]!;
    while (column >= 0) {
      const x = columns[column]![row]!;
      const goesLeft = x <= threshold[node]! || (missingLeft[node] === 1 && Number.isNaN(x));
      node = goesLeft ? left[node]! : right[node]!;
      column = feature[node]!;
    }
    scores[row * outputs + block.output]! += value[node]!;
  }
}

function forestOf(model: TreeModel): FlatTrees {
  const known = forests.get(model);
  if (known !== undefined) return known;
  const built = flatten(model.trees);
  forests.set(model, built);
  return built;
}

function flatten(trees: readonly Tree[]): FlatTrees {
  const count = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const forest: FlatTrees = {
    roots: new Int32Array(trees.length),
    feature: new Int32Array(count),
    threshold: new Float32Array(count),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count),
    right: new Int32Array(count),
    value: new Float64Array(count),
  };
  let offset = 0;
  trees.forEach((tree, t) => {
    forest.roots[t] = offset;
    forest.feature.set(tree.feature, offset);
    forest.threshold.set(tree.threshold, offset);
    forest.missingLeft.set(tree.missingLeft, offset);
    forest.value.set(tree.value, offset);
    for (let i = 0; i < tree.feature.length; i++) {
      forest.left[offset + i] = offset + tree.left[i]!;
      forest.right[offset + i] = offset + tree.right[i]!;
    }
    offset += tree.feature.length;
  });
  return forest;
}
