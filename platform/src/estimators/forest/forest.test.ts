import { describe, expect, it } from 'vitest';
import type { Feature } from '../../tables/features.ts';
import { generateSet } from '../generated-sets.ts';
import { METRICS } from '../metrics/registry.ts';
import { predictModel } from '../predict.ts';
import type { ForestParams, TrainingSet } from '../types.ts';
import { fitForest } from './fit.ts';

const set = (
  features: Feature[],
  target: number[],
  task: TrainingSet['task'],
  classes: number,
): TrainingSet => ({
  features: { rows: target.length, features },
  target: Float64Array.from(target),
  ...{ task, classes },
});
const numeric = (name: string, values: number[]): Feature => ({
  kind: 'numeric',
  name,
  values: Float32Array.from(values),
});
const fit = (training: TrainingSet, params: ForestParams = {}) =>
  fitForest(training, { rounds: 50, ...params }, { seed: 3 }).model;
const noise = (n: number, seed = 1) => {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  });
};

/** Two circles: no single column tells them apart. */
function circles(n: number, seed: number): TrainingSet {
  const [a, b] = [noise(n, seed), noise(n, seed + 99)];
  const target = a.map((x, i) => (Math.hypot(x - 0.5, b[i]! - 0.5) < 0.35 ? 1 : 0));
  return set([numeric('a', a), numeric('b', b), numeric('c', noise(n, seed + 7))], target, 'binary', 2);
}

describe('a forest', () => {
  for (const randomThresholds of [0, 1]) {
    const kind = randomThresholds === 1 ? 'of random thresholds' : 'on bootstraps';
    it(`${kind} learns what no column shows alone`, () => {
      const model = fit(circles(2000, 1), { rounds: 100, randomThresholds });
      const test = circles(2000, 500);
      const auc = METRICS.auc.value(
        { target: test.target, task: 'binary', classes: 2 },
        predictModel(model, test.features),
      );
      expect(auc).toBeGreaterThan(0.98);
    });

    it(`${kind} is the same for the same seed, and another for another`, () => {
      const training = circles(300, 5);
      const bytes = (seed: number) =>
        JSON.stringify(fitForest(training, { rounds: 5, randomThresholds }, { seed }).model);
      expect(bytes(1)).toBe(bytes(1));
      expect(bytes(1)).not.toBe(bytes(2));
    });
  }

  it('gives shares of classes that lie in [0, 1] and sum to 1', () => {
    for (const task of ['binary', 'multiclass'] as const) {
      const training = generateSet({ rows: 600, task, seed: 4 });
      const model = fit(training);
      const found = predictModel(model, training.features);
      const classes = task === 'binary' ? 2 : training.classes;
      for (let row = 0; row < 600; row++) {
        const shares = found.subarray(row * classes, (row + 1) * classes);
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
      }
    }
  });

  it('has the mean of its rows in a leaf: with every row alone it answers what it saw, with one leaf the mean', () => {
    const x = Array.from({ length: 64 }, (_, i) => i);
    const y = x.map((value) => (value * 37) % 64);
    const training = set([numeric('x', x)], y, 'regression', 1);
    // Without a bootstrap and with leaves of one row.
    const exact = fit(training, { randomThresholds: 1, leafRowsMin: 1, rounds: 3 });
    const found = predictModel(exact, training.features);
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(y[i]!, 3);
    const coarse = fit(training, { randomThresholds: 1, leafRowsMin: 64, rounds: 3 });
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    for (const value of predictModel(coarse, training.features)) expect(value).toBeCloseTo(mean, 3);
  });

  it('stands a constant target, three rows, a column without values, one class, and 100,000 categories', () => {
    const constant = set([numeric('x', [1, 2, 3, 4])], [5, 5, 5, 5], 'regression', 1);
    expect([...predictModel(fit(constant), constant.features)]).toEqual([5, 5, 5, 5]);
    const three = set(
      [numeric('x', [1, 2, 3]), numeric('none', [Number.NaN, Number.NaN, Number.NaN])],
      [0, 1, 1],
      'binary',
      2,
    );
    expect(predictModel(fit(three), three.features)).toHaveLength(6);
    const lonely = set([numeric('x', [1, 2, 3, 4])], [1, 1, 1, 1], 'binary', 2);
    expect([...predictModel(fit(lonely), lonely.features)]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    const n = 100_000;
    const many: Feature = {
      ...{ kind: 'categorical', name: 'k' },
      categories: Array.from({ length: n }, (_, i) => `k${i}`),
      codes: Int32Array.from({ length: n }, (_, i) => i),
    };
    const wide = set([many, numeric('x', noise(n))], noise(n, 8), 'regression', 1);
    expect(fit(wide, { rounds: 2 }).trees).toHaveLength(2);
  });

  it('takes infinite values as the ends, and refuses parameters that cannot be', () => {
    const ends = set(
      [numeric('x', [Number.NEGATIVE_INFINITY, 1, 2, Number.POSITIVE_INFINITY])],
      [0, 0, 1, 1],
      'binary',
      2,
    );
    const found = predictModel(fit(ends, { randomThresholds: 1 }), ends.features);
    expect(found[1]!).toBeLessThan(found[7]!);
    expect(() => fit(circles(50, 1), { nodeFraction: 0 })).toThrow(
      expect.objectContaining({ code: 'FIT_PARAM_INVALID' }),
    );
  });
});
