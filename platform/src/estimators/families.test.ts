import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyRequirements, fitFamily } from './families.ts';
import { generateSet } from './generated-sets.ts';
import { outputsOfModel, predictModel } from './predict.ts';
import type { Family, Model, Task } from './types.ts';

const FAMILIES: readonly Family[] = ['constant', 'linear', 'booster', 'forest'];

describe('families', () => {
  it('predict probabilities that are in [0, 1] and sum to 1, whatever the set', () => {
    const sets = fc.record({
      family: fc.constantFrom(...FAMILIES),
      task: fc.constantFrom<Task>('binary', 'multiclass'),
      rows: fc.integer({ min: 2, max: 120 }),
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      classes: fc.integer({ min: 3, max: 8 }),
    });
    fc.assert(
      fc.property(sets, ({ family, task, rows, seed, classes }) => {
        const set = generateSet({ task, rows, seed, classes });
        const params =
          family === 'booster' ? { rounds: 5, leafRowsMin: 2 } : family === 'forest' ? { rounds: 5 } : {};
        const { model } = fitFamily(family, set, params, { seed });
        const predicted = predictModel(model, set.features);
        const outputs = outputsOfModel(model);
        expect(predicted).toHaveLength(rows * outputs);
        for (let row = 0; row < rows; row++) {
          const own = predicted.subarray(row * outputs, (row + 1) * outputs);
          expect(own.every((p) => p >= 0 && p <= 1)).toBe(true);
          expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('give models that survive JSON', () => {
    const set = generateSet({ task: 'binary', rows: 300, seed: 1 });
    for (const family of FAMILIES) {
      const { model } = fitFamily(family, set, {}, { seed: 1 });
      const copy = JSON.parse(JSON.stringify(model)) as Model;
      expect(predictModel(copy, set.features)).toEqual(predictModel(model, set.features));
    }
  });

  it('find features by name, in any order, and say which is missing', () => {
    const set = generateSet({ task: 'regression', rows: 200, seed: 1 });
    for (const family of ['linear', 'booster', 'forest'] as const) {
      const { model } = fitFamily(family, set, {}, { seed: 1 });
      const reversed = { rows: 200, features: [...set.features.features].reverse() };
      expect(predictModel(model, reversed)).toEqual(predictModel(model, set.features));
      const lacking = { rows: 200, features: set.features.features.slice(1) };
      expect(() => predictModel(model, lacking)).toThrowError(
        expect.objectContaining({ code: 'MODEL_FEATURE_MISSING', message: expect.stringContaining("'x0'") }),
      );
    }
  });

  it('predict class shares, or the mean, with the constant family, weighted', () => {
    const set = generateSet({ task: 'binary', rows: 4, seed: 1 });
    const target = Float64Array.of(0, 1, 1, 0);
    const weights = Float64Array.of(1, 2, 3, 2);
    const one = { rows: 1, features: [] };
    const shares = fitFamily('constant', { ...set, target, weights }, {}, { seed: 1 }).model;
    expect(Array.from(predictModel(shares, one))).toEqual([3 / 8, 5 / 8]);
    const mean = fitFamily(
      'constant',
      { ...set, target, weights, task: 'regression', classes: 1 },
      {},
      { seed: 1 },
    );
    expect(Array.from(predictModel(mean.model, one))).toEqual([5 / 8]);
  });

  it('state memory that grows with rows, features and outputs', () => {
    for (const family of FAMILIES) {
      const { memoryBytes } = familyRequirements[family];
      expect(memoryBytes(2_000, 20, 3)).toBeGreaterThanOrEqual(memoryBytes(1_000, 10, 1));
    }
    // Measured: 30,146,560 bytes for a regression on 300,000 × 20.
    expect(familyRequirements.booster.memoryBytes(300_000, 20, 1)).toBeGreaterThan(30_146_560);
    expect(familyRequirements.booster.memoryBytes(300_000, 20, 1)).toBeLessThan(1.1 * 30_146_560);
  });
});
