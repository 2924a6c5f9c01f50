import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { FeatureMatrix } from '../../tables/features.ts';
import { fitFamily } from '../families.ts';
import { generateSet } from '../generated-sets.ts';
import { outputsOfModel, predictModel } from '../predict.ts';
import type { BoosterModel, Model, Task, TrainingSet } from '../types.ts';
import { exportOnnx } from './export.ts';
import { checkParity } from './parity.ts';

const TASKS: readonly Task[] = ['binary', 'multiclass', 'regression'];

function labelsOf(set: TrainingSet): string[] {
  return set.task === 'regression' ? [] : Array.from({ length: set.classes }, (_, k) => `class ${k}`);
}

async function open(model: Model, set: TrainingSet) {
  const bytes = exportOnnx(model, {
    task: set.task,
    labels: labelsOf(set),
    features: set.features.features,
  });
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  return async (matrix: FeatureMatrix) => {
    const feeds = Object.fromEntries(
      matrix.features.map((feature) => [
        feature.name,
        feature.kind === 'numeric'
          ? new ort.Tensor('float32', feature.values, [matrix.rows, 1])
          : new ort.Tensor(
              'string',
              Array.from(feature.codes, (code) => (code < 0 ? '' : feature.categories[code]!)),
              [matrix.rows, 1],
            ),
      ]),
    );
    const results = await session.run(feeds);
    return {
      values: results[set.task === 'regression' ? 'prediction' : 'probabilities']!.data as Float32Array,
      dims: results[set.task === 'regression' ? 'prediction' : 'probabilities']!.dims,
      labels: results['label']?.data as unknown as readonly string[] | undefined,
    };
  };
}

async function parityOf(model: Model, set: TrainingSet) {
  const run = await open(model, set);
  return checkParity(model, set.features, async (matrix) => (await run(matrix)).values);
}

describe.each(TASKS)('the graph of a %s model', (task) => {
  const set = generateSet({ task, rows: 1_500, seed: 3 });

  it.each(['constant', 'linear', 'booster', 'forest'] as const)(
    'answers what the %s family answers, on real, missing, unseen, extreme and infinite values',
    async (family) => {
      const { model } = fitFamily(family, set, {}, { seed: 1 });
      const report = await parityOf(model, set);
      expect(report.rows).toBe(2_000);
      expect(report.maxAbsDelta).toBeLessThanOrEqual(1e-5);
      expect(report.passed).toBe(true);
    },
  );

  it('gives outputs of the promised shapes, and the label of the greatest probability', async () => {
    const { model } = fitFamily('booster', set, { rounds: 10 }, { seed: 1 });
    const { dims, values, labels } = await (await open(model, set))(set.features);
    const outputs = outputsOfModel(model);
    expect(dims).toEqual([1_500, outputs]);
    if (task === 'regression') return;
    const wanted = Array.from({ length: 1_500 }, (_, row) => {
      const own = Array.from(values.subarray(row * outputs, (row + 1) * outputs));
      return `class ${own.indexOf(Math.max(...own))}`;
    });
    expect(labels).toEqual(wanted);
  });
});

describe('parity in corners', () => {
  it('holds for a binary booster all of whose leaf weights are positive', async () => {
    const set = generateSet({ task: 'binary', rows: 400, seed: 5 });
    const { model } = fitFamily('booster', set, { rounds: 3 }, { seed: 1 });
    const booster = model as BoosterModel;
    const positive: BoosterModel = {
      ...booster,
      base: [0.25],
      trees: booster.trees.map((tree) => ({
        ...tree,
        value: tree.value.map((v) => Math.fround(Math.abs(v))),
      })),
    };
    expect((await parityOf(positive, set)).maxAbsDelta).toBeLessThanOrEqual(1e-5);
  });

  it('holds for 120 classes', async () => {
    const set = generateSet({ task: 'multiclass', rows: 3_000, seed: 6, classes: 120 });
    for (const family of ['linear', 'booster', 'forest'] as const) {
      const { model } = fitFamily(family, set, family === 'linear' ? {} : { rounds: 2 }, { seed: 1 });
      expect((await parityOf(model, set)).maxAbsDelta).toBeLessThanOrEqual(1e-5);
    }
  });

  it('holds where nothing can be learned: one row, and constant or wholly missing features', async () => {
    const features = {
      rows: 1,
      features: [
        { kind: 'numeric', name: 'none', values: new Float32Array([Number.NaN]) },
        { kind: 'numeric', name: 'label', values: new Float32Array([3]) },
        { kind: 'categorical', name: 'text', codes: new Int32Array([-1]), categories: [] },
      ],
    } as const;
    for (const family of ['constant', 'linear', 'booster', 'forest'] as const) {
      const set: TrainingSet = { features, target: new Float64Array([7]), task: 'regression', classes: 1 };
      const { model } = fitFamily(family, set, {}, { seed: 1 });
      expect(Array.from(predictModel(model, features))).toEqual([7]);
      expect((await parityOf(model, set)).passed).toBe(true);
    }
  });

  it('holds for a large offset with a small spread', async () => {
    const set = generateSet({ task: 'regression', rows: 1_000, seed: 8 });
    const shifted = { ...set, target: set.target.map((y) => 1e6 + y) };
    for (const family of ['linear', 'booster', 'forest'] as const) {
      const { model } = fitFamily(family, shifted, {}, { seed: 1 });
      expect((await parityOf(model, shifted)).passed).toBe(true);
    }
  });

  it('fails when the graph is not the model', async () => {
    const set = generateSet({ task: 'binary', rows: 400, seed: 9 });
    const { model } = fitFamily('booster', set, { rounds: 5 }, { seed: 1 });
    const other = fitFamily('booster', set, { rounds: 6 }, { seed: 1 }).model;
    const run = await open(other, set);
    const report = await checkParity(model, set.features, async (matrix) => (await run(matrix)).values);
    expect(report.passed).toBe(false);
  });
});
