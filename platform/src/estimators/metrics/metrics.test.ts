import { describe, expect, it } from 'vitest';
import { createRng } from '../../kernel/rng.ts';
import { pairedDifference, scoreWithInterval } from './intervals.ts';
import { defaultMetric, METRICS, metricOf, metricsFor } from './registry.ts';
import type { MetricName, Truth } from './types.ts';

// Expected values: scikit-learn 1.9.1 on the same formulas; DeLong from the m × n matrix of pairs in numpy.
const ROWS = 200;
const index = Array.from({ length: ROWS }, (_, i) => i);
const weights = Float64Array.from(index, (i) => 1 + (i % 3));
const clip = (x: number) => Math.min(1, Math.max(0, x));
const pairs = (p: readonly number[]) => p.flatMap((x) => [1 - x, x]);

const y = index.map((i) => ((i * 7919) % 13 < 5 ? 1 : 0));
const binary: Truth = { task: 'binary', classes: 2, target: Float64Array.from(y) };
const p = index.map((i) => 0.02 + 0.96 * clip(0.5 * (((i * 104729) % 101) / 101) + 0.3 * y[i]! + 0.1));
const q = index.map((i) => 0.02 + 0.96 * clip((((i * 50021) % 103) / 103) * 0.6 + 0.25 * y[i]!));

const classes: Truth = {
  task: 'multiclass',
  classes: 3,
  target: Float64Array.from(index, (i) => ((i * 7919) % 7) % 3),
};
const shares = index.flatMap((i) => {
  const raw = [0, 1, 2].map((k) => 1 + ((i * (k * 37 + 11)) % 17) + (classes.target[i] === k ? 6 : 0));
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((x) => x / sum);
});

const values: Truth = {
  task: 'regression',
  classes: 1,
  target: Float64Array.from(index, (i) => ((i * 7919) % 211) / 10),
};
const forecasts = index.map((i) => values.target[i]! + (((i * 331) % 17) - 8) / 4);

describe('values equal those of an independent implementation', () => {
  it.each<[MetricName, number, number]>([
    ['auc', 0.9290668348045397, 0.929909253983328],
    ['prAuc', 0.9109026045018712, 0.9123854566426516],
    ['logLoss', 0.452352437792802, 0.45308786736100437],
    ['brier', 0.14044706236643464, Number.NaN],
    ['accuracy', 0.805, 0.7994987468671679],
    ['ece', 0.20822495049504955, Number.NaN],
  ])('%s of two classes, plain and weighted', (name, plain, weighted) => {
    expect(METRICS[name].value(binary, pairs(p))).toBeCloseTo(plain, 12);
    if (Number.isNaN(weighted)) return;
    expect(METRICS[name].value({ ...binary, weights }, pairs(p))).toBeCloseTo(weighted, 12);
  });

  it.each<[MetricName, number]>([
    ['auc', 0.9223938629676335],
    ['prAuc', 0.8712472021054273],
  ])('%s counts ties exactly', (name, wanted) => {
    const rounded = p.map((x) => Math.round(x * 10) / 10);
    expect(METRICS[name].value(binary, pairs(rounded))).toBeCloseTo(wanted, 12);
  });

  it.each<[MetricName, number]>([
    ['logLoss', 0.7078623910025535],
    ['accuracy', 0.66],
    ['brier', 0.42226972153545733],
  ])('%s of three classes', (name, wanted) => {
    expect(METRICS[name].value(classes, shares)).toBeCloseTo(wanted, 12);
  });

  it.each<[MetricName, number, number]>([
    ['rmse', 1.2255100978776143, 1.2249367023695674],
    ['mae', 1.06, 1.0595238095238095],
    ['r2', 0.9597767676555585, 0.9597264002427783],
  ])('%s, plain and weighted', (name, plain, weighted) => {
    expect(METRICS[name].value(values, forecasts)).toBeCloseTo(plain, 12);
    expect(METRICS[name].value({ ...values, weights }, forecasts)).toBeCloseTo(weighted, 12);
  });
});

describe('uncertainty', () => {
  it("gives DeLong's standard error for one AUC (on the logit scale)", () => {
    const { value, low, high } = scoreWithInterval('auc', binary, pairs(p));
    const logit = (x: number) => Math.log(x / (1 - x));
    const error = ((logit(high) - logit(low)) / 2 / 1.959963984540054) * value * (1 - value);
    expect(error).toBeCloseTo(0.016558205767526396, 10);
  });

  it("gives DeLong's paired difference, positive when the second model is better", () => {
    const worse = pairedDifference('auc', binary, pairs(p), pairs(q));
    expect(worse.difference).toBeCloseTo(-0.06326187473728462, 10);
    expect(worse.standardError).toBeCloseTo(0.02750181986105172, 10);
    expect(pairedDifference('auc', binary, pairs(q), pairs(p)).difference).toBeGreaterThan(0);
    expect(pairedDifference('logLoss', binary, pairs(p), pairs(q)).difference).toBeLessThan(0);
  });

  it("gives Wilson's interval for accuracy", () => {
    // 161 of 200: scipy.stats.binomtest(161, 200).proportion_ci(method='wilson')
    const { low, high } = scoreWithInterval('accuracy', binary, pairs(p));
    expect(low).toBeCloseTo(0.7445595562538725, 12);
    expect(high).toBeCloseTo(0.8539447946559948, 12);
  });

  it('is 0 for a model against itself, whatever the metric', () => {
    for (const metric of metricsFor('binary')) {
      const same = pairedDifference(metric, binary, pairs(p), pairs(p));
      expect([same.difference, same.low, same.high].map(Math.abs)).toEqual([0, 0, 0]);
    }
  });

  it.each<MetricName>(['auc', 'prAuc', 'logLoss', 'accuracy', 'brier'])(
    'covers the true %s in about 95 %% of samples',
    (name) => {
      const sample = (rows: number, seed: number) => {
        const rng = createRng(seed);
        const target = new Float64Array(rows);
        const predicted = new Float64Array(2 * rows);
        for (let i = 0; i < rows; i++) {
          const chance = rng.next();
          target[i] = rng.next() < chance ? 1 : 0;
          const claimed = 0.2 + 0.6 * chance;
          predicted.set([1 - claimed, claimed], 2 * i);
        }
        return { truth: { task: 'binary', classes: 2, target } as const, predicted };
      };
      const all = sample(200_000, 1);
      const wanted = METRICS[name].value(all.truth, all.predicted);
      let covered = 0;
      const trials = name === 'prAuc' ? 60 : 200;
      for (let trial = 0; trial < trials; trial++) {
        const { truth, predicted } = sample(150, 100 + trial);
        const { low, high } = scoreWithInterval(name, truth, predicted);
        if (low <= wanted && wanted <= high) covered++;
      }
      expect(covered / trials).toBeGreaterThan(0.89);
      expect(covered / trials).toBeLessThanOrEqual(1);
    },
  );

  it('has the interval of RMSE and R² around the value, and narrower for more rows', () => {
    for (const name of ['rmse', 'r2', 'mae'] as const) {
      const few = scoreWithInterval(name, values, forecasts);
      const target = Float64Array.from([
        ...values.target,
        ...values.target,
        ...values.target,
        ...values.target,
      ]);
      const four = [...forecasts, ...forecasts, ...forecasts, ...forecasts];
      const many = scoreWithInterval(name, { ...values, target }, four);
      expect(few.low).toBeLessThan(few.value);
      expect(few.high).toBeGreaterThan(few.value);
      expect((few.high - few.low) / (many.high - many.low)).toBeCloseTo(2, 1);
    }
  });

  it('repeats exactly', () => {
    expect(scoreWithInterval('prAuc', binary, pairs(p))).toEqual(
      scoreWithInterval('prAuc', binary, pairs(p)),
    );
  });

  it('does not claim certainty for perfect ranks', () => {
    const target = Float64Array.from([0, 0, 0, 1, 1]);
    const perfect = scoreWithInterval('auc', { ...binary, target }, pairs([0.1, 0.2, 0.3, 0.8, 0.9]));
    expect(perfect.value).toBe(1);
    expect(perfect.low).toBeCloseTo(Math.sqrt(0.025), 12);
  });
});

describe('degenerate inputs', () => {
  it('answers NaN where a metric is not defined', () => {
    const onlyOnes = { ...binary, target: new Float64Array(ROWS).fill(1) };
    expect(METRICS.auc.value(onlyOnes, pairs(p))).toBeNaN();
    expect(METRICS.r2.value({ ...values, target: new Float64Array(ROWS) }, forecasts)).toBeNaN();
    for (const metric of metricsFor('binary')) {
      const { value, low } = scoreWithInterval(metric, { ...binary, target: new Float64Array(0) }, []);
      expect([value, low]).toEqual([Number.NaN, Number.NaN]);
    }
  });

  it('refuses what makes no sense', () => {
    expect(() => metricOf('f17')).toThrowError(expect.objectContaining({ code: 'METRIC_INVALID' }));
    expect(() => metricOf('toString')).toThrowError(expect.objectContaining({ code: 'METRIC_INVALID' }));
    expect(() => scoreWithInterval('rmse', binary, pairs(p))).toThrowError(/not defined for binary/);
    expect(() => scoreWithInterval('auc', binary, p)).toThrowError(/200 predictions/);
  });

  it('has a default per task', () => {
    const tasks = ['binary', 'multiclass', 'regression'] as const;
    expect(tasks.map((task) => defaultMetric(task).name)).toEqual(['auc', 'logLoss', 'rmse']);
  });
});
