import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreWithInterval } from '../estimators/metrics/intervals.ts';
import type { Truth } from '../estimators/metrics/types.ts';
import { createRng } from '../kernel/rng.ts';
import {
  countLabelled,
  type LabelledCounts,
  mergeLabelled,
  NO_LABELS,
  realisedPerformance,
} from './performance.ts';

const MODEL = { labels: ['no', 'yes'], positive: 'yes' };
const VALUES = { labels: [], positive: null };

function binaryRows(rows: number, seed: number) {
  const rng = createRng(seed);
  return Array.from({ length: rows }, () => {
    const score = rng.next() ** 3;
    return { score, positive: rng.next() < score };
  });
}

function counted(items: readonly LabelledCounts[]): LabelledCounts {
  return items.reduce(mergeLabelled, NO_LABELS);
}

describe('realised performance from counts', () => {
  const rows = binaryRows(3000, 1);
  const counts = counted(
    rows.map(({ score, positive }) =>
      countLabelled(
        {
          prediction: score > 0.5 ? 'yes' : 'no',
          probabilities: { no: 1 - score, yes: score },
          label: positive ? 'yes' : 'no',
        },
        MODEL,
      ),
    ),
  );
  const truth: Truth = {
    task: 'binary',
    classes: 2,
    target: Float64Array.from(rows, ({ positive }) => Number(positive)),
  };
  const predictions = rows.flatMap(({ score }) => [1 - score, score]);

  it.each([
    ['auc', 1e-3],
    ['logLoss', 1e-9],
    ['brier', 1e-9],
    ['accuracy', 1e-9],
  ] as const)('%s agrees with the metric over rows, and so does its interval', (metric, tolerance) => {
    const wanted = scoreWithInterval(metric, truth, predictions);
    const found = realisedPerformance(counts, { metric, value: 0 });
    expect(Math.abs(found.value! - wanted.value)).toBeLessThan(tolerance);
    expect(Math.abs(found.interval!.low - wanted.low)).toBeLessThan(2e-3);
    expect(Math.abs(found.interval!.high - wanted.high)).toBeLessThan(2e-3);
  });

  it.each(['rmse', 'mae', 'r2'] as const)('%s agrees with the metric over rows', (metric) => {
    const rng = createRng(3);
    const pairs = Array.from({ length: 500 }, () => ({
      prediction: 10 * rng.next(),
      error: rng.next() - 0.5,
    }));
    const target = Float64Array.from(pairs, ({ prediction, error }) => prediction + error);
    const wanted = scoreWithInterval(
      metric,
      { task: 'regression', classes: 1, target },
      pairs.map(({ prediction }) => prediction),
    );
    const sums = counted(
      pairs.map(({ prediction }, i) => countLabelled({ prediction, label: target[i]! }, VALUES)),
    );
    const found = realisedPerformance(sums, { metric, value: 0 });
    expect(found.value).toBeCloseTo(wanted.value, 9);
    expect(found.interval!.low).toBeLessThan(wanted.value);
  });

  it('merges in any order and grouping', () => {
    const items = fc.array(
      fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), positive: fc.boolean() }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(items, fc.nat(30), (list, cut) => {
        const all = list.map(({ score, positive }) =>
          countLabelled(
            {
              prediction: 'no',
              probabilities: { no: 1 - score, yes: score },
              label: positive ? 'yes' : 'no',
            },
            MODEL,
          ),
        );
        const whole = counted(all);
        const parts = mergeLabelled(counted(all.slice(cut)), counted(all.slice(0, cut)));
        expect(parts.scores).toEqual(whole.scores);
        expect(parts.rows).toBe(whole.rows);
        for (const [name, moments] of Object.entries(whole.losses)) {
          expect(parts.losses[name]!.sum).toBeCloseTo(moments.sum, 9);
        }
      }),
    );
  });

  it('says nothing where nothing is known: no labels, one class, a label that is no number', () => {
    expect(realisedPerformance(NO_LABELS, { metric: 'auc', value: 0.9 })).toMatchObject({
      value: null,
      interval: null,
    });
    const one = countLabelled(
      { prediction: 'yes', probabilities: { no: 0.1, yes: 0.9 }, label: 'yes' },
      MODEL,
    );
    expect(realisedPerformance(one, { metric: 'auc', value: 0.9 }).value).toBeNull();
    expect(countLabelled({ prediction: 3, label: 'three' }, VALUES)).toEqual(NO_LABELS);
    const unknown = countLabelled(
      { prediction: 'yes', probabilities: { no: 0.1, yes: 0.9 }, label: 'new' },
      MODEL,
    );
    expect(realisedPerformance(unknown, { metric: 'accuracy', value: 0.9 }).value).toBe(0);
  });
});
