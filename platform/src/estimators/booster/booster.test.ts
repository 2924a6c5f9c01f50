import { describe, expect, it } from 'vitest';
import { takeFeatureRows } from '../../tables/features.ts';
import { generateSet } from '../generated-sets.ts';
import { METRICS } from '../metrics/registry.ts';
import { predictModel } from '../predict.ts';
import type { BoosterParams, Task, TrainingSet } from '../types.ts';
import { fitBooster } from './fit.ts';

const TASKS: readonly Task[] = ['binary', 'multiclass', 'regression'];
const SEED = { seed: 1 };

function take(set: TrainingSet, rows: Int32Array): TrainingSet {
  return {
    ...set,
    features: takeFeatureRows(set.features, rows),
    target: Float64Array.from(rows, (row) => set.target[row]!),
  };
}

function coarsen(set: TrainingSet): TrainingSet {
  const features = set.features.features.map((feature) =>
    feature.kind === 'numeric'
      ? { ...feature, values: feature.values.map((x) => Math.round(4 * x) / 4) }
      : feature,
  );
  return { ...set, features: { ...set.features, features } };
}

function range(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, i) => from + i);
}

function trainingLoss(set: TrainingSet, params: BoosterParams): number {
  const { model } = fitBooster(set, params, SEED);
  const metric = set.task === 'regression' ? METRICS.rmse : METRICS.logLoss;
  return metric.value(set, predictModel(model, set.features));
}

function numericSet(
  columns: readonly (readonly number[])[],
  target: readonly number[],
  task: Task,
): TrainingSet {
  const features = columns.map(
    (values, i) => ({ kind: 'numeric', name: `x${i}`, values: Float32Array.from(values) }) as const,
  );
  const classes = task === 'regression' ? 1 : Math.max(2, 1 + Math.max(...target));
  return { features: { rows: target.length, features }, target: Float64Array.from(target), task, classes };
}

describe.each(TASKS)('boosting for %s', (task) => {
  const set = generateSet({ task, rows: 3_000, seed: 11 });

  it('gives the same bytes twice, and others for another seed', () => {
    const params = { rounds: 10, rowFraction: 0.7, featureFraction: 0.6 };
    const bytes = (seed: number) => JSON.stringify(fitBooster(set, params, { seed }).model);
    expect(bytes(5)).toBe(bytes(5));
    expect(bytes(5)).not.toBe(bytes(6));
  });

  it('lowers the training loss with every five rounds', () => {
    const losses = [5, 10, 15, 20, 25].map((rounds) => trainingLoss(set, { rounds }));
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1]!);
  });

  it('treats a weight of 2 as a row that occurs twice', () => {
    // Few distinct values, so that both have the same bins; a leaf size that does not bind, because rows are not weights.
    const coarse = coarsen(take(set, range(0, 600)));
    const weights = Float64Array.from({ length: 600 }, (_, i) => (i < 200 ? 2 : 1));
    const params = { rounds: 5, leafRowsMin: 1, leaves: 6 };
    const weighted = predictModel(fitBooster({ ...coarse, weights }, params, SEED).model, coarse.features);
    const repeated = take(coarse, Int32Array.from([...range(0, 600), ...range(0, 200)]));
    const twice = predictModel(fitBooster(repeated, params, SEED).model, coarse.features);
    const plain = predictModel(fitBooster(coarse, params, SEED).model, coarse.features);
    const distance = (other: Float64Array) =>
      weighted.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / weighted.length;
    // Equal but for stochastic rounding, which rarely decides between splits of equal gain.
    expect(distance(twice)).toBeLessThan(task === 'regression' ? 0.02 : 0.002);
    expect(distance(plain)).toBeGreaterThan(5 * distance(twice));
  });

  it('stops early on held-out rows and keeps the best round', () => {
    const train = take(set, range(0, 1_000));
    const valid = take(set, range(1_000, 3_000));
    const params = { rounds: 500, learningRate: 0.3, earlyStoppingRounds: 10 };
    const { model, rounds } = fitBooster(train, params, { ...SEED, valid });
    expect(rounds).toBeGreaterThan(3);
    expect(rounds).toBeLessThan(450);
    const metric = task === 'regression' ? METRICS.rmse : METRICS.logLoss;
    const lossAt = (fitted: typeof model) => metric.value(valid, predictModel(fitted, valid.features));
    const best = lossAt(model);
    const further = fitBooster(train, { ...params, rounds: rounds + 9 }, SEED).model;
    const outputs = model.base.length;
    expect(JSON.stringify(further.trees.slice(0, rounds * outputs))).toBe(JSON.stringify(model.trees));
    for (const step of [-2, -1, 1, 2, 9]) {
      expect(
        lossAt({ ...further, trees: further.trees.slice(0, (rounds + step) * outputs) }),
      ).toBeGreaterThanOrEqual(best - 1e-9);
    }
  });

  it('scores rows inside the fit as prediction does', () => {
    const rows = take(set, range(0, 800));
    const { model } = fitBooster(rows, { rounds: 30, rowFraction: 0.5 }, SEED);
    const one = fitBooster(rows, { rounds: 31, rowFraction: 0.5 }, SEED).model;
    // The trees of the next round depend on the scores, so equal beginnings and a sensible next tree say they agree.
    expect(JSON.stringify(one.trees.slice(0, model.trees.length))).toBe(JSON.stringify(model.trees));
    const loss = (m: typeof model) =>
      (task === 'regression' ? METRICS.rmse : METRICS.logLoss).value(rows, predictModel(m, rows.features));
    expect(loss(one)).toBeLessThan(loss(model) * 1.001);
  });
});

describe('quality', () => {
  it('ranks generated rows nearly as well as the noise allows', () => {
    const set = generateSet({ task: 'binary', rows: 12_000, seed: 2, numeric: 10, mixed: false });
    const { model } = fitBooster(take(set, range(0, 8_000)), {}, SEED);
    const test = take(set, range(8_000, 12_000));
    // On the same rows with the same settings: LightGBM 4.7.0 0.8949, scikit-learn 1.9.1 HistGradientBoosting 0.8947.
    expect(METRICS.auc.value(test, predictModel(model, test.features))).toBeGreaterThan(0.892);
  });

  it('finds a set of categories with one threshold', () => {
    const names = Array.from({ length: 12 }, (_, k) => `c${k}`);
    const codes = Int32Array.from({ length: 1_200 }, (_, i) => i % 12);
    const target = Float64Array.from(codes, (code) => ([1, 4, 6, 9].includes(code) ? 1 : 0));
    const features = [{ kind: 'categorical', name: 'c', codes, categories: names }] as const;
    const set: TrainingSet = { features: { rows: 1_200, features }, target, task: 'binary', classes: 2 };
    const { model } = fitBooster(set, { rounds: 1, leaves: 2, learningRate: 1 }, SEED);
    const chosen = model.features[0]!;
    const order = chosen.kind === 'categorical' ? chosen.categories : [];
    expect([...order.slice(8)].sort()).toEqual(['c1', 'c4', 'c6', 'c9']);
    expect(model.trees[0]!.threshold[0]).toBe(7.5);
  });

  it('does not learn from many categories that say nothing', () => {
    const base = generateSet({ task: 'binary', rows: 4_000, seed: 4, numeric: 5, mixed: false });
    const codes = Int32Array.from({ length: 4_000 }, (_, i) => (i * 7919) % 200);
    const noise = {
      kind: 'categorical',
      name: 'id',
      codes,
      categories: Array.from({ length: 200 }, (_, k) => `${k}`),
    } as const;
    const set = { ...base, features: { rows: 4_000, features: [...base.features.features, noise] } };
    const auc = (data: TrainingSet) => {
      const test = take(data, range(3_000, 4_000));
      const { model } = fitBooster(take(data, range(0, 3_000)), {}, SEED);
      return METRICS.auc.value(test, predictModel(model, test.features));
    };
    expect(auc(set)).toBeGreaterThan(auc(base) - 0.015);
  });

  it('learns on which side missing values belong', () => {
    const x = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? Number.NaN : (i * 37) % 100));
    const y = x.map((value) => (Number.isNaN(value) || value > 50 ? 1 : 0));
    const set = numericSet([x], y, 'binary');
    const { model } = fitBooster(set, { rounds: 20, leaves: 2 }, SEED);
    const predicted = predictModel(model, set.features);
    y.forEach((wanted, i) => {
      expect(Math.round(predicted[2 * i + 1]!)).toBe(wanted);
    });
  });
});

describe('stopping', () => {
  const set = generateSet({ task: 'binary', rows: 2_000, seed: 12 });

  it('ends when the callback says so, with the rounds so far', () => {
    const seen: number[] = [];
    const onProgress = (fraction: number) => {
      seen.push(fraction);
      return false;
    };
    const { rounds, model } = fitBooster(set, { rounds: 400 }, { ...SEED, onProgress });
    expect(rounds).toBe(1);
    expect(model.trees).toHaveLength(1);
    expect(seen).toEqual([1 / 400]);
  });

  it('reports the end, and not more than a few times a second', () => {
    const seen: number[] = [];
    fitBooster(set, { rounds: 50 }, { ...SEED, onProgress: (fraction) => seen.push(fraction) > 0 });
    expect(seen.at(-1)).toBe(1);
    expect(seen.length).toBeLessThan(20);
  });

  it('allows a fit inside the callback of another', () => {
    const alone = JSON.stringify(fitBooster(set, { rounds: 5 }, SEED).model);
    const onProgress = () => fitBooster(set, { rounds: 2 }, { seed: 9 }).rounds === 2;
    expect(JSON.stringify(fitBooster(set, { rounds: 5 }, { ...SEED, onProgress }).model)).toBe(alone);
  });
});

describe('degenerate inputs', () => {
  it('fits a constant target, a single class, two rows and one feature', () => {
    const constant = numericSet([[1, 2, 3, 4]], [5, 5, 5, 5], 'regression');
    expect(Array.from(predictModel(fitBooster(constant, {}, SEED).model, constant.features))).toEqual([
      5, 5, 5, 5,
    ]);
    const single = numericSet([[1, 2, 3, 4]], [1, 1, 1, 1], 'binary');
    expect(predictModel(fitBooster(single, {}, SEED).model, single.features)[1]).toBeGreaterThan(0.999);
    const two = numericSet([[0, 1]], [0, 10], 'regression');
    const { model } = fitBooster(two, { leafRowsMin: 1, learningRate: 1, rounds: 1 }, SEED);
    expect(Array.from(predictModel(model, two.features))).toEqual([0, 10]);
  });

  it('fits columns that are constant, wholly missing or infinite', () => {
    const x = Array.from({ length: 200 }, (_, i) => i);
    const odd = x.map((i) =>
      i % 3 === 0 ? Number.POSITIVE_INFINITY : i % 3 === 1 ? Number.NEGATIVE_INFINITY : 0,
    );
    const columns = [x.map(() => 7), x.map(() => Number.NaN), odd];
    const set = numericSet(
      columns,
      x.map((i) => (i % 3 === 0 ? 1 : 0)),
      'binary',
    );
    const { model } = fitBooster(set, { rounds: 30 }, SEED);
    expect(METRICS.accuracy.value(set, predictModel(model, set.features))).toBe(1);
    expect(JSON.parse(JSON.stringify(model))).toEqual(model);
  });

  it('fits classes that have no row', () => {
    const x = Array.from({ length: 90 }, (_, i) => i);
    const set = {
      ...numericSet(
        [x],
        x.map((i) => (i < 45 ? 0 : 2)),
        'multiclass',
      ),
      classes: 5,
    };
    const predicted = predictModel(fitBooster(set, { rounds: 20 }, SEED).model, set.features);
    expect(METRICS.accuracy.value(set, predicted)).toBe(1);
    expect(predicted[1]).toBeLessThan(1e-4);
  });

  it('says what is wrong with a set or a parameter', () => {
    const set = numericSet([[1, 2]], [0, 1], 'binary');
    const code = (wanted: string) => expect.objectContaining({ code: wanted });
    expect(() => fitBooster(set, { leaves: 1 }, SEED)).toThrowError(code('FIT_PARAM_INVALID'));
    expect(() => fitBooster(set, { rounds: 1.5 }, SEED)).toThrowError(code('FIT_PARAM_INVALID'));
    expect(() => fitBooster({ ...set, target: new Float64Array(3) }, {}, SEED)).toThrowError(
      code('FIT_INPUT_INVALID'),
    );
    expect(() => fitBooster({ ...set, target: Float64Array.of(0, 2) }, {}, SEED)).toThrowError(
      code('FIT_INPUT_INVALID'),
    );
    expect(() => fitBooster({ ...set, weights: Float64Array.of(1, 0) }, {}, SEED)).toThrowError(
      code('FIT_INPUT_INVALID'),
    );
    const huge = { ...set, task: 'multiclass' as const, classes: 2 };
    expect(() => fitBooster(huge, { leaves: 65_536, rounds: 1, leafRowsMin: 1 }, SEED)).not.toThrow();
  });

  it('refuses a fit that memory cannot hold, before it starts', () => {
    const columns = Array.from({ length: 40 }, (_, j) =>
      Array.from({ length: 300 }, (_, i) => (i * (j + 7)) % 257),
    );
    const set = numericSet(columns, columns[0]!, 'regression');
    expect(() => fitBooster(set, { leaves: 65_536 }, SEED)).toThrowError(
      expect.objectContaining({ code: 'FIT_TOO_LARGE' }),
    );
  });
});
