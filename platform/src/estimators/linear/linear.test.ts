import { describe, expect, it } from 'vitest';
import type { Feature } from '../../tables/features.ts';
import { generateSet } from '../generated-sets.ts';
import { METRICS } from '../metrics/registry.ts';
import { predictModel } from '../predict.ts';
import type { LinearParams, TrainingSet } from '../types.ts';
import { fitLinear } from './fit.ts';

// Expected coefficients: scikit-learn 1.9.1 (LogisticRegression with C = 1 / (n λ), ElasticNet) on standardised columns.
const ROWS = 120;
const index = Array.from({ length: ROWS }, (_, i) => i);
const columns = [
  index.map((i) => ((i * 37) % 101) / 10),
  index.map((i) => ((i * 53) % 89) / 7),
  index.map((i) => ((i * 71) % 97) / 5),
] as const;
const numeric = columns.map(
  (values, j): Feature => ({ kind: 'numeric', name: `x${j}`, values: Float32Array.from(values) }),
);
const binary = index.map((i) =>
  ((i * 7919) % 13) + 0.1 * columns[0][i]! * ((i * 3) % 5) - 0.2 * columns[1][i]! > 6 ? 1 : 0,
);

function setOf(
  features: readonly Feature[],
  target: readonly number[],
  task: TrainingSet['task'],
): TrainingSet {
  const classes = task === 'regression' ? 1 : task === 'binary' ? 2 : 3;
  return { features: { rows: target.length, features }, target: Float64Array.from(target), task, classes };
}

function fit(set: TrainingSet, params: LinearParams) {
  return fitLinear(set, params, {}).model;
}

function expectClose(got: readonly number[], wanted: readonly number[], tolerance = 1e-4): void {
  expect(got).toHaveLength(wanted.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(tolerance);
  });
}

describe('coefficients equal those of an independent implementation', () => {
  it('ridge-penalised logistic', () => {
    const model = fit(setOf(numeric, binary, 'binary'), { lambda: 0.01 });
    expectClose(model.intercepts, [-0.1777572071941291]);
    expectClose(model.coefficients, [0.10995860202164005, -0.42069868258191195, 0.21755505614265655]);
  });

  it('elastic-net logistic', () => {
    const model = fit(setOf(numeric, binary, 'binary'), { lambda: 0.01, l1Ratio: 0.5 });
    expectClose(model.intercepts, [-0.17676630213799585]);
    expectClose(model.coefficients, [0.09440874180116354, -0.4066159661074484, 0.20572717678316843]);
  });

  it('multinomial', () => {
    const target = index.map((i) => {
      const score = ((i * 7919) % 11) + 0.3 * columns[0][i]! - 0.2 * columns[2][i]!;
      return score < 3 ? 0 : score < 7 ? 1 : 2;
    });
    const model = fit(setOf(numeric, target, 'multiclass'), { lambda: 0.01 });
    expectClose(model.intercepts, [0.04029777937520892, 0.1647551921241704, -0.20505297149937887]);
    expectClose(
      model.coefficients,
      [
        -0.3223906995244123, -0.06967800530545627, 0.1615281525672418, -0.10348131591897157,
        0.07232784660525521, 0.11854761703175912, 0.42587201544338354, -0.0026498412997988845,
        -0.28007576959900105,
      ],
    );
  });

  it('elastic net, with exact zeros', () => {
    const target = index.map((i) => 3 + 0.5 * columns[0][i]! - 0.25 * columns[1][i]! + ((i * 331) % 17) / 4);
    const model = fit(setOf(numeric, target, 'regression'), { lambda: 0.1, l1Ratio: 0.5 });
    expectClose(model.intercepts, [5.864345238095238]);
    expectClose(model.coefficients, [1.2755675192458562, -0.7550534149191248, 0]);
    expect(model.coefficients[2]).toBe(0);
  });

  it('one-hot levels, most frequent first', () => {
    const codes = Int32Array.from(index, (i) => (i * 7) % 4);
    const city: Feature = { kind: 'categorical', name: 'c', codes, categories: ['a', 'b', 'c', 'd'] };
    const model = fit(setOf([numeric[0]!, city], binary, 'binary'), { lambda: 0.01 });
    expectClose(model.intercepts, [-0.16995150596286276]);
    expectClose(
      model.coefficients,
      [
        0.1711503146321595, 0.2660979354248951, -0.19975695443389416, -0.21686936712695168,
        0.15052831603023467,
      ],
    );
  });
});

describe('linear models', () => {
  it('treat a weight of 2 as a row that occurs twice', () => {
    const weights = Float64Array.from(index, (i) => (i < 40 ? 2 : 1));
    const doubled = (values: ArrayLike<number>) => [
      ...Array.from(values),
      ...Array.from(values).slice(0, 40),
    ];
    const twice = numeric.map(
      (f): Feature =>
        ({ ...f, values: Float32Array.from(doubled((f as { values: Float32Array }).values)) }) as Feature,
    );
    const weighted = fit({ ...setOf(numeric, binary, 'binary'), weights }, {});
    const repeated = fit(setOf(twice, doubled(binary), 'binary'), {});
    expectClose(weighted.coefficients, repeated.coefficients, 1e-5);
  });

  it('pool rare levels and give missing values their own coefficient', () => {
    const set = generateSet({ task: 'binary', rows: 2_000, seed: 3 });
    const model = fit(set, { rareRowsMin: 190 });
    const city = model.encoders.find((encoder) => encoder.feature === 'city')!;
    expect(city.missingIndicator).toBe(true);
    expect(city.kind === 'categorical' && city.levels.length).toBeLessThan(10);
    expect(METRICS.auc.value(set, predictModel(model, set.features))).toBeGreaterThan(0.75);
  });

  it('fit 50,000 rows with 100 one-hot terms in seconds', () => {
    const rows = 50_000;
    const features = Array.from({ length: 10 }, (_, j): Feature => {
      const codes = Int32Array.from(
        { length: rows },
        (_, i) => Math.floor(((i * (7919 + 2 * j)) % 1_000_003) / 7) % 10,
      );
      return {
        kind: 'categorical',
        name: `c${j}`,
        codes,
        categories: Array.from({ length: 10 }, (_, k) => `${k}`),
      };
    });
    const target = Array.from({ length: rows }, (_, i) => {
      const [a, b] = features as [Feature & { codes: Int32Array }, Feature & { codes: Int32Array }];
      return a.codes[i]! + b.codes[i]! + ((i * 31) % 9) > 12 ? 1 : 0;
    });
    const started = performance.now();
    const { rounds } = fitLinear(setOf(features, target, 'binary'), {}, {});
    expect(rounds).toBeLessThan(300);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('stop when the callback says so', () => {
    const set = setOf(numeric, binary, 'binary');
    expect(fitLinear(set, {}, { onProgress: () => false }).rounds).toBe(1);
  });

  it('fit two rows, constants, missing and infinite columns with finite answers', () => {
    const columns = [
      [1, 2],
      [5, 5],
      [Number.NaN, Number.NaN],
      [Number.POSITIVE_INFINITY, 0],
      [Number.NaN, 1],
    ];
    const features = columns.map(
      (v, j): Feature => ({ kind: 'numeric', name: `x${j}`, values: Float32Array.from(v) }),
    );
    for (const task of ['binary', 'regression', 'multiclass'] as const) {
      const set = setOf(features, [0, 1], task);
      const predicted = predictModel(fit(set, {}), set.features);
      expect(Array.from(predicted).every(Number.isFinite)).toBe(true);
    }
  });

  it('refuse parameters out of range', () => {
    const code = expect.objectContaining({ code: 'FIT_PARAM_INVALID' });
    expect(() => fit(setOf(numeric, binary, 'binary'), { lambda: -1 })).toThrowError(code);
    expect(() => fit(setOf(numeric, binary, 'binary'), { l1Ratio: 2 })).toThrowError(code);
  });
});
