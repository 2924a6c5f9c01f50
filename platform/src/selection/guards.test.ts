import { describe, expect, it } from 'vitest';
import type { SlipwayError } from '../kernel/errors.ts';
import { runGuards } from './guards.ts';
import { planTarget } from './target.ts';
import { type Cells, drawn, normal, tableFrom } from './test-tables.ts';

const ROWS = 300;
const x = drawn(ROWS, 1, normal);
const noise = drawn(ROWS, 2, normal);
const y = x.map((value, row) => (value + noise[row]! > 0 ? 'yes' : 'no'));
const request = { target: 'y', exclude: [], leaks: 'exclude', seed: 1 } as const;

function guard(columns: Readonly<Record<string, Cells>>, changes: object = {}) {
  const table = tableFrom({ x, ...columns, y });
  const target = planTarget(table.columns.at(-1)!, { task: 'auto' });
  return runGuards(table, target, { ...request, ...changes });
}

function findingOf(name: string, cells: Cells) {
  const { findings, columns } = guard({ [name]: cells });
  const finding = findings.find((one) => one.columns.includes(name));
  return {
    guard: finding?.guard,
    action: finding?.action,
    used: columns.some((column) => column.name === name),
  };
}

describe('a column that cannot help is left out', () => {
  it.each<[string, string, Cells]>([
    ['row numbers', 'PassengerId', drawn(ROWS, 1, (_, row) => row + 1)],
    ['row numbers under any name', 'n', drawn(ROWS, 1, (_, row) => row)],
    ['shuffled numbers from 1 to n', 'number', shuffled(ROWS)],
    ['large numbers under a key name', 'customer_id', drawn(ROWS, 2, (rng) => rng.uint32())],
    ['codes', 'customerID', drawn(ROWS, 3, (rng) => `${rng.int(1e6)}-XQ${rng.int(1e6)}`)],
    ['hashes', 'fingerprint', drawn(ROWS, 4, (rng) => rng.uint32().toString(16).padStart(8, 'a').repeat(3))],
  ])('%s: identifier', (_, name, cells) => {
    expect(findingOf(name, cells)).toEqual({ guard: 'identifier', action: 'excluded', used: false });
  });

  it('names of people: text', () => {
    const cells = drawn(ROWS, 5, (rng, row) => `Ms ${row} ${'abcdefgh'[rng.int(8)]} Smith`);
    expect(findingOf('Name', cells)).toEqual({ guard: 'text', action: 'excluded', used: false });
  });

  it('one value, or none: constant', () => {
    const expected = { guard: 'constant', action: 'excluded', used: false };
    expect(findingOf('same', Array(ROWS).fill('a'))).toEqual(expected);
    expect(findingOf('empty', Array(ROWS).fill(null))).toEqual(expected);
  });
});

describe('a column that may help is kept', () => {
  it.each<[string, string, Cells]>([
    ['measurements that all differ', 'weight', drawn(ROWS, 6, normal)],
    ['whole amounts that nearly all differ', 'fnlwgt', drawn(ROWS, 7, (rng) => rng.int(1e6))],
    ['keys that repeat', 'shop_id', drawn(ROWS, 8, (rng) => rng.int(20))],
    ['years in a row', 'year', drawn(ROWS, 9, (_, row) => 1720 + row)],
    ['tickets of which many are shared', 'Ticket', drawn(ROWS, 10, (rng) => `A/5 ${rng.int(200)}`)],
    ['one value, sometimes missing', 'flag', drawn(ROWS, 11, (rng) => (rng.next() < 0.5 ? 1 : null))],
  ])('%s', (_, name, cells) => {
    expect(findingOf(name, cells)).toEqual({ guard: undefined, action: undefined, used: true });
  });
});

describe('what is noted', () => {
  it('finds a code beside its name, and equal measurements, but not columns that merely all differ', () => {
    const level = drawn(ROWS, 12, (rng) => rng.int(5));
    const { findings, columns } = guard({
      level,
      levelName: level.map((one) => 'abcde'[one]!),
      u: x.map((value) => value * 2),
      again: x,
    });
    const pairs = findings.filter((one) => one.guard === 'duplicate-columns').map((one) => one.columns);
    expect(pairs).toEqual([
      ['x', 'again'],
      ['level', 'levelName'],
    ]);
    expect(columns).toHaveLength(5);
  });

  it('counts repeated rows, rare classes and missing targets', () => {
    const table = tableFrom({
      x: [...x, x[0]!, x[0]!, 5, 6],
      y: [...y, y[0]!, y[0]!, 'seldom', null],
    });
    const target = planTarget(table.columns[1]!, { task: 'multiclass' });
    const { findings } = runGuards(table, target, request);
    expect(findings.map(({ guard, summary }) => [guard, summary.match(/\d+/)?.[0]])).toEqual([
      ['missing-target', '1'],
      ['rare-class', '10'],
      ['duplicate-rows', '2'],
    ]);
  });

  it('keeps the group out of the features', () => {
    const { columns } = guard({ shop: drawn(ROWS, 13, (rng) => rng.int(20)) }, { group: 'shop' });
    expect(columns.map((column) => column.name)).toEqual(['x']);
  });

  it('refuses when nothing is left', () => {
    let code = '';
    try {
      guard({}, { exclude: ['x'] });
    } catch (error) {
      code = (error as SlipwayError).code;
    }
    expect(code).toBe('NO_FEATURES');
  });
});

function shuffled(count: number): number[] {
  const key = drawn(count, 14, (rng) => rng.next());
  return Array.from(key.keys(), (i) => i + 1).sort((a, b) => key[a - 1]! - key[b - 1]!);
}
