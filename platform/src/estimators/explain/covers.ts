import type { Tree } from '../types.ts';

/**
 * How many of some rows come to each node of each tree: the background of path-dependent Shapley values. Trees do not keep
 * the counts of their growing, because those would be of a sample where rows are sampled; one pass over the training rows
 * after the fit costs little and is the same for every family of trees.
 *
 * @param features the trees' features in their order, as float32
 */
export function coverTrees(
  trees: readonly Tree[],
  features: readonly Float32Array[],
  rows: number,
): Int32Array[] {
  return trees.map((tree) => coverTree(tree, features, rows));
}

function coverTree(tree: Tree, features: readonly Float32Array[], rows: number): Int32Array {
  const feature = Int32Array.from(tree.feature);
  const threshold = Float32Array.from(tree.threshold);
  const missingLeft = Uint8Array.from(tree.missingLeft);
  const left = Int32Array.from(tree.left);
  const right = Int32Array.from(tree.right);
  const cover = new Int32Array(feature.length);
  for (let row = 0; row < rows; row++) {
    let node = 0;
    cover[0]!++;
    let column = feature[0]!;
    while (column >= 0) {
      const x = features[column]![row]!;
      const goesLeft = x <= threshold[node]! || (missingLeft[node] === 1 && Number.isNaN(x));
      node = goesLeft ? left[node]! : right[node]!;
      cover[node]!++;
      column = feature[node]!;
    }
  }
  return cover;
}
