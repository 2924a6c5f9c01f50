import { describe, expect, it } from 'vitest';
import { createRng } from '../../kernel/rng.ts';
import { featureValues } from '../booster/binning.ts';
import { fitBooster } from '../booster/fit.ts';
import { boosterScores } from '../booster/predict.ts';
import { generateSet } from '../generated-sets.ts';
import type { BoosterModel, TrainingSet, Tree } from '../types.ts';
import { coverTrees } from './covers.ts';
import { gaussLegendre } from './quadrature.ts';
import { TreeExplainer } from './tree-shap.ts';

/** Mean answer of a tree when only `known` features are: others follow the covers (Lundberg et al. 2018, Algorithm 1). */
function expected(
  tree: Tree,
  cover: ArrayLike<number>,
  x: readonly number[],
  known: number,
  node = 0,
): number {
  const feature = tree.feature[node]!;
  if (feature < 0) return tree.value[node]!;
  const left = tree.left[node]!;
  const right = tree.right[node]!;
  const below = (child: number) => expected(tree, cover, x, known, child);
  if ((known >> feature) & 1) {
    const value = Math.fround(x[feature]!);
    const goesLeft = value <= tree.threshold[node]! || (Number.isNaN(value) && tree.missingLeft[node] === 1);
    return below(goesLeft ? left : right);
  }
  const total = cover[left]! + cover[right]!;
  return (cover[left]! * below(left) + cover[right]! * below(right)) / total;
}

/** Shapley values by their definition, over all subsets. */
function bruteForce(value: (known: number) => number, features: number): number[] {
  const worth = Array.from({ length: 2 ** features }, (_, known) => value(known));
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const size = (set: number) => set.toString(2).replaceAll('0', '').length;
  return Array.from({ length: features }, (_, i) => {
    let sum = 0;
    for (let known = 0; known < worth.length; known++) {
      if ((known >> i) & 1) continue;
      const s = size(known);
      const weight = (factorial(s) * factorial(features - s - 1)) / factorial(features);
      sum += weight * (worth[known | (1 << i)]! - worth[known]!);
    }
    return sum;
  });
}

function valuesOf(model: BoosterModel, set: TrainingSet): Float32Array[] {
  return model.features.map((declared, i) =>
    featureValues(
      set.features.features[i]!,
      declared.kind === 'categorical' ? declared.categories : undefined,
    ),
  );
}

describe('Shapley values of trees', () => {
  it.each(['binary', 'multiclass', 'regression'] as const)(
    'are those of the definition for a %s booster with missing values, categories and repeated features',
    (task) => {
      const set = generateSet({ task, rows: 600, seed: 3 });
      const { model } = fitBooster(set, { rounds: 4, leaves: 40, leafRowsMin: 4 }, { seed: 1 });
      const features = valuesOf(model, set);
      const covers = coverTrees(model.trees, features, 600);
      const explainer = new TreeExplainer(
        { trees: model.trees, covers, base: model.base },
        features.map((_, i) => i),
      );
      const rows = 5;
      const { values, base, outputs, columns } = explainer.explain(features, rows);
      for (let row = 0; row < rows; row++) {
        const x = features.map((feature) => feature[row]!);
        for (let k = 0; k < outputs; k++) {
          const own = model.trees.flatMap((tree, t) =>
            t % outputs === k ? [{ tree, cover: covers[t]! }] : [],
          );
          const worth = (known: number) =>
            own.reduce((sum, { tree, cover }) => sum + expected(tree, cover, x, known), model.base[k]!);
          expect(base[k]).toBeCloseTo(worth(0), 10);
          const wanted = bruteForce(worth, columns);
          wanted.forEach((value, i) => {
            expect(values[(row * outputs + k) * columns + i]).toBeCloseTo(value, 10);
          });
        }
      }
    },
  );

  it('add up with the base to the raw score, for deep trees and rows outside of the background, too', () => {
    const set = generateSet({ task: 'regression', rows: 4000, seed: 5, numeric: 12 });
    const { model } = fitBooster(set, { rounds: 20, leaves: 200, leafRowsMin: 1 }, { seed: 1 });
    const features = valuesOf(model, set);
    // A background of few rows leaves most nodes empty.
    const covers = coverTrees(model.trees, features, 50);
    // Two features of one column are summed.
    const columnOf = features.map((_, i) => Math.max(0, i - 1));
    const explainer = new TreeExplainer({ trees: model.trees, covers, base: model.base }, columnOf);
    const { values, base, columns } = explainer.explain(features, 1000);
    expect(columns).toBe(features.length - 1);
    const scores = boosterScores(model, set.features);
    for (let row = 0; row < 1000; row++) {
      let sum = base[0]!;
      for (let c = 0; c < columns; c++) sum += values[row * columns + c]!;
      expect(Math.abs(sum - scores[row]!)).toBeLessThan(1e-6);
    }
  });

  it('are nothing for trees of one leaf, whose value is the base', () => {
    const leaf = {
      feature: [-1],
      threshold: [0],
      missingLeft: [0],
      left: [-1],
      right: [-1],
      value: [0.5],
    };
    const explainer = new TreeExplainer({ trees: [leaf], covers: [[3]], base: [1] }, [0]);
    const { values, base } = explainer.explain([Float32Array.of(1)], 1);
    expect([...values, ...base]).toEqual([0, 1.5]);
  });
});

describe('the quadrature', () => {
  it('is exact for polynomials of degree 2 n − 1', () => {
    const rng = createRng(1);
    for (const points of [1, 2, 3, 8, 20, 64]) {
      const { nodes, weights } = gaussLegendre(points);
      const degree = points === 1 ? 1 : 2 * points - 1 - rng.int(2);
      const sum = nodes.reduce((total, t, i) => total + weights[i]! * t ** degree, 0);
      expect(sum).toBeCloseTo(1 / (degree + 1), 13);
    }
  });
});
