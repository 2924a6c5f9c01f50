import { describe, expect, it } from 'vitest';
import { boosterScores } from '../booster/predict.ts';
import { fitFamily } from '../families.ts';
import { generateSet } from '../generated-sets.ts';
import { linearScores } from '../linear/predict.ts';
import type { Model } from '../types.ts';
import { dependenceOf } from './dependence.ts';
import { createExplainer, explainable } from './explainer.ts';
import { permutationImportance } from './importance.ts';

/** Two features of one column, the others of their own. */
function columnsOf(names: readonly string[]): Map<string, string> {
  return new Map(names.map((name) => [name, name === 'x1' ? 'x0' : name]));
}

describe('contributions of columns', () => {
  it.each([
    ['booster', 'binary'],
    ['booster', 'multiclass'],
    ['linear', 'binary'],
    ['linear', 'multiclass'],
    ['linear', 'regression'],
  ] as const)('of a %s (%s) add up with the base to the raw score', (family, task) => {
    const set = generateSet({ task, rows: 800, seed: 2 });
    const params = family === 'booster' ? { rounds: 20 } : {};
    const { model } = fitFamily(family, set, params, { seed: 1 });
    // Through JSON, as it is stored.
    const stored = JSON.parse(JSON.stringify(explainable(model, set.features)));
    const columnOf = columnsOf(set.features.features.map(({ name }) => name));
    const explainer = createExplainer(stored, columnOf);
    expect(explainer.columns).toHaveLength(set.features.features.length - 1);
    const { values, base, outputs, columns } = explainer.explain(set.features);
    const scores = scoresOf(model, set.features);
    for (let i = 0; i < scores.length; i++) {
      const sum = values.subarray(i * columns, (i + 1) * columns).reduce((a, b) => a + b, base[i % outputs]!);
      expect(Math.abs(sum - scores[i]!)).toBeLessThan(1e-6);
    }
  });

  it('of a linear model are nothing on average, so that the base is the mean score', () => {
    const set = generateSet({ task: 'regression', rows: 500, seed: 4 });
    const { model } = fitFamily('linear', set, {}, { seed: 1 });
    const columnOf = columnsOf(set.features.features.map(({ name }) => name));
    const explainer = createExplainer(explainable(model, set.features), columnOf);
    const { values, columns, rows } = explainer.explain(set.features);
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += values[row * columns + c]!;
      expect(sum / rows).toBeCloseTo(0, 6);
    }
  });

  it('of a constant model are zero, and its base is the log-odds of its probability', () => {
    const set = generateSet({ task: 'binary', rows: 100, seed: 4 });
    const { model } = fitFamily('constant', set, {}, { seed: 1 });
    const explainer = createExplainer(explainable(model, set.features), new Map([['x0', 'x0']]));
    const { values, base } = explainer.explain(set.features);
    const output = model.family === 'constant' ? model.output : [];
    expect(base[0]).toBeCloseTo(Math.log(output[1]! / output[0]!), 12);
    expect(values.every((value) => value === 0)).toBe(true);
  });
});

describe('importance and dependence', () => {
  const train = generateSet({ task: 'regression', rows: 3000, seed: 8, mixed: false });
  const held = generateSet({ task: 'regression', rows: 1000, seed: 9, mixed: false });
  const { model } = fitFamily('booster', train, { rounds: 60 }, { seed: 1 });
  const columnOf = new Map(held.features.features.map(({ name }) => [name, name]));

  it('finds the columns that carry signal clear of 0, and noise not', () => {
    const found = permutationImportance(model, { features: held.features, truth: held }, columnOf, {
      repeats: 5,
      seed: 1,
    });
    for (const { column, value, low, high } of found) {
      expect(low).toBeLessThan(high);
      // x5 is not in the score.
      if (column === 'x5') expect(Math.abs(value)).toBeLessThan(1);
      else expect(low).toBeGreaterThan(0);
    }
  });

  it('draws the mean and single rows over the grid', () => {
    const values = held.features.features[0]!;
    if (values.kind !== 'numeric') throw new Error('x0 is a number');
    const order = Array.from(values.values.keys()).sort((a, b) => values.values[a]! - values.values[b]!);
    const grid = [order[50]!, order[500]!, order[950]!];
    const { mean, lines } = dependenceOf(model, held.features, new Set(['x0']), { grid, lines: [grid[0]!] });
    // The target is 10 + 3 x0 + …, so the curve climbs.
    expect(mean[0]!).toBeLessThan(mean[1]!);
    expect(mean[1]!).toBeLessThan(mean[2]!);
    const own = boosterScores(model as never, held.features)[grid[0]!]!;
    expect(lines[0]![0]).toBeCloseTo(own, 9);
  });
});

function scoresOf(model: Model, features: Parameters<typeof boosterScores>[1]): Float64Array {
  if (model.family === 'booster') return boosterScores(model, features);
  if (model.family === 'linear') return linearScores(model, features);
  throw new Error('no scores');
}
