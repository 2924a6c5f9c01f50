import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../kernel/errors.ts';
import { planTarget } from './target.ts';
import { type Cells, columnFrom, drawn } from './test-tables.ts';

const auto = { task: 'auto' } as const;

function repeat(values: Cells, times: number): Cells {
  return Array.from({ length: times }, () => values).flat();
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as SlipwayError).code;
  }
  return 'nothing was thrown';
}

describe('the task', () => {
  it.each([
    ['two texts', repeat(['no', 'yes'], 20), 'binary'],
    ['the numbers 0 and 1', repeat([0, 1], 20), 'binary'],
    ['booleans', repeat([true, false], 20), 'binary'],
    ['more texts', repeat(['a', 'b', 'c'], 20), 'multiclass'],
    ['few whole numbers, each often', repeat([3, 4, 5, 6, 8], 20), 'multiclass'],
    ['few whole numbers, each seldom', repeat([3, 4, 5, 6, 8], 3), 'regression'],
    ['many whole numbers', drawn(500, 1, (rng) => rng.int(80)), 'regression'],
    ['fractions', repeat([0.5, 1.5, 2.5], 20), 'regression'],
  ])('of %s is inferred', (_, cells, task) => {
    expect(planTarget(columnFrom('y', cells as Cells), auto).task).toBe(task);
  });

  it('is taken from the request when given', () => {
    const column = columnFrom('grade', repeat([1, 2, 3], 20));
    expect(planTarget(column, { task: 'regression' }).task).toBe('regression');
    expect(planTarget(columnFrom('y', repeat(['a', 'b'], 20)), { task: 'multiclass' }).labels).toEqual([
      'a',
      'b',
    ]);
  });
});

describe('the positive class', () => {
  it.each([
    [repeat(['<=50K', '>50K', '<=50K'], 20), '>50K'],
    [repeat(['Yes', 'No', 'Yes'], 20), 'Yes'],
    [repeat(["'-1'", "'1'"], 20), "'1'"],
    [repeat([0, 1, 1], 20), '1'],
    [repeat([true, false, true], 20), 'true'],
    [repeat(['cat', 'dog', 'dog'], 20), 'cat'],
    [repeat([1, 2, 2], 20), '1'],
  ])('of %j is %s, and comes last', (cells, positive) => {
    const plan = planTarget(columnFrom('y', cells as Cells), auto);
    expect(plan.positive).toBe(positive);
    expect(plan.labels[1]).toBe(positive);
  });

  it('can be chosen, and a misspelt one is told the nearest', () => {
    const column = columnFrom('y', repeat(['good', 'bad'], 20));
    expect(planTarget(column, { task: 'auto', positive: 'good' }).labels).toEqual(['bad', 'good']);
    expect(() => planTarget(column, { task: 'auto', positive: 'god' })).toThrow(SlipwayError);
    expect(codeOf(() => planTarget(column, { task: 'auto', positive: 'god' }))).toBe('POSITIVE_NOT_FOUND');
  });
});

describe('the encoding', () => {
  it('leaves missing targets and rare classes out of fitting, and counts them', () => {
    const cells = [...repeat(['a', 'b', null], 20), ...repeat(['rare'], 9)];
    const plan = planTarget(columnFrom('y', cells), auto);
    expect(plan.missingRows).toBe(20);
    expect(plan.labels).toEqual(['a', 'b']);
    expect(plan.classes).toEqual([
      { label: 'a', rows: 20, fitted: true },
      { label: 'b', rows: 20, fitted: true },
      { label: 'rare', rows: 9, fitted: false },
    ]);
    expect(plan.values.filter(Number.isNaN)).toHaveLength(29);
  });

  it('orders numeric labels as numbers, and says that they are', () => {
    const plan = planTarget(columnFrom('y', repeat([10, 9, 2], 20)), auto);
    expect(plan.labels).toEqual(['2', '9', '10']);
    expect(plan.numericLabels).toBe(true);
  });

  it('leaves infinite values of a regression out', () => {
    const cells = [...drawn(30, 1, (rng) => rng.next()), Number.POSITIVE_INFINITY];
    const plan = planTarget(columnFrom('y', cells), auto);
    expect(plan.unusableRows).toBe(1);
    expect(plan.values.at(-1)).toBeNaN();
  });
});

describe('a target that cannot be learnt', () => {
  it.each<[string, Cells, 'auto' | 'binary' | 'regression', string]>([
    ['without values', [null, null, null], 'auto', 'TARGET_MISSING'],
    ['with one value', repeat(['a'], 30), 'auto', 'TARGET_CONSTANT'],
    ['of row numbers', drawn(40, 1, (_, row) => row), 'auto', 'TARGET_IDENTIFIER'],
    ['of codes', drawn(40, 1, (_, row) => `A-${row}`), 'auto', 'TARGET_IDENTIFIER'],
    ['on three rows', [1, 2, 1], 'auto', 'TOO_FEW_ROWS'],
    [
      'with nine rows in one of two classes',
      [...repeat(['a'], 30), ...repeat(['b'], 9)],
      'auto',
      'TOO_FEW_ROWS',
    ],
    ['with three values asked to be binary', repeat(['a', 'b', 'c'], 20), 'binary', 'TARGET_UNSUITABLE'],
    ['of texts asked to be a number', repeat(['a', 'b', 'c'], 20), 'regression', 'TARGET_UNSUITABLE'],
    [
      'with 1,001 classes',
      repeat(
        drawn(1001, 1, (_, i) => `c${i}`),
        12,
      ),
      'auto',
      'LIMIT_EXCEEDED',
    ],
  ])('%s is refused with its own code', (_, cells, task, code) => {
    expect(codeOf(() => planTarget(columnFrom('y', cells), { task }))).toBe(code);
  });
});
