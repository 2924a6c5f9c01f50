import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testRowsOf, trainRowsOf } from '../estimators/split.ts';
import type { SlipwayError } from '../kernel/errors.ts';
import { cellText, takeRows } from '../tables/table.ts';
import { planFolds } from './folds.ts';
import { planSplit, type SplitRequest, testShareOf } from './split-plan.ts';
import { planTarget } from './target.ts';
import { drawn, normal, tableFrom } from './test-tables.ts';

const ROWS = 1000;
const table = tableFrom({
  x: drawn(ROWS, 1, normal),
  city: drawn(ROWS, 2, (rng) => 'abcde'[rng.int(5)]!),
  shop: drawn(ROWS, 3, (rng) => rng.int(60)),
  day: drawn(ROWS, 4, (_, row) => row * 10),
  y: drawn(ROWS, 5, (rng) => rng.int(2)),
});
const target = planTarget(table.columns[4]!, { task: 'auto' });
const base: SplitRequest = { table, target, columns: ['x', 'city'], seed: 1, separateTest: false };

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as SlipwayError).code;
  }
  return 'nothing was thrown';
}

describe('the hash split', () => {
  const { rule, trainRows, testRows } = planSplit(base);

  it('holds back about the share it says, and every row has one part', () => {
    expect(testRows.length / ROWS).toBeGreaterThan(0.15);
    expect(testRows.length / ROWS).toBeLessThan(0.25);
    expect([...trainRows, ...testRows].sort((a, b) => a - b)).toEqual(
      Array.from({ length: ROWS }, (_, i) => i),
    );
  });

  it("leaves a row's part alone when rows are added, removed or reordered", () => {
    const keyOf = (t: typeof table, row: number) => cellText(t.columns[0]!, row);
    const inTest = new Set(Array.from(testRows, (row) => keyOf(table, row)));
    fc.assert(
      fc.property(fc.array(fc.nat(ROWS - 1), { minLength: 1, maxLength: 200 }), (picked) => {
        const other = takeRows(table, picked);
        const test = new Set(testRowsOf(other, rule));
        return picked.every((_, i) => test.has(i) === inTest.has(keyOf(other, i)));
      }),
      { numRuns: 50 },
    );
  });

  it('does not look at the target', () => {
    const flipped = {
      ...table,
      columns: table.columns.map((c) => (c.name === 'y' ? { ...c, values: new Float64Array(ROWS) } : c)),
    };
    expect(testRowsOf(flipped as typeof table, rule)).toEqual(testRows);
  });

  it('changes with the seed', () => {
    expect(planSplit({ ...base, seed: 2 }).testRows).not.toEqual(testRows);
  });

  it('tries further keys when few different rows would fall into one part', () => {
    const few = tableFrom({
      k: drawn(400, 6, (rng) => rng.int(6)),
      y: drawn(400, 7, (rng) => rng.int(2)),
    });
    for (let seed = 0; seed < 10; seed++) {
      const plan = planSplit({
        table: few,
        target: planTarget(few.columns[1]!, { task: 'auto' }),
        columns: ['k'],
        seed,
        separateTest: false,
      });
      expect(plan.testRows.length).toBeGreaterThan(0);
      expect(plan.trainRows.length).toBeGreaterThan(plan.testRows.length);
    }
  });

  it('is refused when all rows are equal', () => {
    const equal = tableFrom({ k: Array(40).fill(1), y: drawn(40, 8, (_, row) => row % 2) });
    const request = { table: equal, target: planTarget(equal.columns[1]!, { task: 'auto' }), columns: ['k'] };
    expect(codeOf(() => planSplit({ ...request, seed: 1, separateTest: false }))).toBe('SPLIT_IMPOSSIBLE');
  });
});

describe('other rules', () => {
  it('keep groups whole', () => {
    const { rule, trainRows, testRows } = planSplit({ ...base, group: 'shop' });
    const shopOf = (row: number) => cellText(table.columns[2]!, row);
    const train = new Set(Array.from(trainRows, shopOf));
    expect(rule.method).toBe('group');
    expect(Array.from(testRows, shopOf).some((shop) => train.has(shop))).toBe(false);
  });

  it('test on the newest rows', () => {
    const { rule, trainRows, testRows } = planSplit({ ...base, time: 'day' });
    expect(rule).toMatchObject({ method: 'time', testFromMs: 8000 });
    expect(trainRows).toHaveLength(800);
    expect(Math.min(...testRows)).toBe(800);
  });

  it('refuse a time column of texts, and one with a single value', () => {
    expect(codeOf(() => planSplit({ ...base, time: 'city' }))).toBe('TIME_UNSUITABLE');
    const still = tableFrom({ t: Array(40).fill(5), y: drawn(40, 8, (_, row) => row % 2) });
    const plan = planTarget(still.columns[1]!, { task: 'auto' });
    expect(codeOf(() => planSplit({ ...base, table: still, target: plan, time: 't' }))).toBe(
      'TIME_UNSUITABLE',
    );
  });

  it('train on everything beside a test file', () => {
    const { rule, trainRows, testRows } = planSplit({ ...base, separateTest: true });
    expect([rule.method, trainRows.length, testRows.length]).toEqual(['file', ROWS, 0]);
    expect(trainRowsOf(table, rule)).toHaveLength(ROWS);
  });

  it('are handed down while their columns exist', () => {
    const inherited = planSplit({ ...base, seed: 99 }).rule;
    expect(planSplit({ ...base, inherited }).rule).toEqual(inherited);
    const gone = { ...inherited, columns: ['x', 'no longer there'] };
    expect(planSplit({ ...base, inherited: gone }).rule.key).toBe('split:1:0');
  });

  it('hold back less of larger tables', () => {
    expect([100, 20_000, 40_000, 1_000_000].map(testShareOf)).toEqual([0.2, 0.2, 0.13, 0.1]);
  });
});

describe('folds', () => {
  const trainRows = planSplit(base).trainRows;

  it('partition the training rows, and are balanced by class', () => {
    const folds = planFolds(table, target, trainRows, {
      rule: planSplit(base).rule,
      columns: ['x', 'city'],
      seed: 1,
    });
    expect(folds).toHaveLength(5);
    const valid = folds.flatMap((fold) => [...fold.valid]).sort((a, b) => a - b);
    expect(valid).toEqual(Array.from(trainRows.keys()));
    const shares = folds.map(
      ({ valid: rows }) => rows.filter((i) => target.values[trainRows[i]!] === 1).length / rows.length,
    );
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(0.02);
  });

  it('keep equal rows and groups together', () => {
    const twice = takeRows(table, [...trainRows, ...trainRows]);
    const rows = Int32Array.from({ length: twice.rows }, (_, i) => i);
    const plan = planTarget(twice.columns[4]!, { task: 'auto' });
    const folds = planFolds(twice, plan, rows, {
      rule: planSplit(base).rule,
      columns: ['x', 'city'],
      seed: 1,
    });
    for (const { valid } of folds) {
      const members = new Set(valid);
      expect([...valid].every((i) => members.has((i + trainRows.length) % twice.rows))).toBe(true);
    }
    const grouped = planSplit({ ...base, group: 'shop' });
    const shopOf = (i: number) => cellText(table.columns[2]!, grouped.trainRows[i]!);
    for (const { train, valid } of planFolds(table, target, grouped.trainRows, {
      rule: grouped.rule,
      columns: [],
      seed: 1,
    })) {
      const inTrain = new Set(Array.from(train, shopOf));
      expect(Array.from(valid, shopOf).some((shop) => inTrain.has(shop))).toBe(false);
    }
  });

  it('over time learn from the past only', () => {
    const { rule, trainRows: rows } = planSplit({ ...base, time: 'day' });
    const folds = planFolds(table, target, rows, { rule, columns: [], seed: 1 });
    expect(folds).toHaveLength(5);
    for (const { train, valid } of folds) expect(Math.max(...train)).toBeLessThan(Math.min(...valid));
  });
});
