import { describe, expect, it } from 'vitest';
import type { SlipwayError } from '../kernel/errors.ts';
import type { Column, Table } from '../tables/table.ts';
import { runGuards } from './guards.ts';
import { planTarget } from './target.ts';
import { columnFrom, drawn, normal, tableFrom } from './test-tables.ts';

const ROWS = 1200;
const a = drawn(ROWS, 1, normal);
const b = drawn(ROWS, 2, normal);
const shop = drawn(ROWS, 3, (rng) => 'abcdef'[rng.int(6)]!);
const noise = drawn(ROWS, 4, normal);
const price = a.map(
  (value, row) => Math.round(1000 * (20 + 4 * value + 2 * Math.sin(b[row]!) + noise[row]!)) / 1000,
);
const bought = a.map((value, row) => (value + b[row]! + noise[row]! > 0.3 ? 'yes' : 'no'));
const grade = a.map((value, row) =>
  value + noise[row]! > 0.5 ? 'high' : value + noise[row]! > -0.5 ? 'mid' : 'low',
);

function leaksOf(target: string, table: Table, leaks: 'exclude' | 'fail' | 'keep' = 'exclude') {
  const plan = planTarget(table.columns.find((column) => column.name === target)!, { task: 'auto' });
  const { findings, columns } = runGuards(table, plan, { target, exclude: [], leaks, seed: 1 });
  const found = findings.filter((finding) => finding.guard === 'leak');
  return {
    found: found.flatMap((finding) => finding.columns),
    used: columns.map((column) => column.name),
    findings: found,
  };
}

function withColumn(target: string, values: readonly (number | string)[], extra: Column): Table {
  const table = tableFrom({ a, b, shop, [target]: values });
  return { rows: ROWS, columns: [...table.columns, extra] };
}

describe('a planted leak is found', () => {
  it.each<[string, Column]>([
    ['a copy', columnFrom('copy', price)],
    [
      'a copy as text',
      columnFrom(
        'copy',
        price.map((value) => value.toFixed(3)),
      ),
    ],
    [
      'a copy as text with a currency',
      columnFrom(
        'copy',
        price.map((value) => `$${value.toFixed(3)}`),
      ),
    ],
    [
      'a copy with a millionth of noise',
      columnFrom(
        'copy',
        price.map((value, i) => value + 1e-6 * noise[i]!),
      ),
    ],
    [
      'its logarithm',
      columnFrom(
        'copy',
        price.map((value) => Math.log(value + 50)),
      ),
    ],
    [
      'its cube, negated',
      columnFrom(
        'copy',
        price.map((value) => -(value ** 3)),
      ),
    ],
    [
      'a copy with missing values',
      columnFrom(
        'copy',
        price.map((value, i) => (i % 500 === 0 ? null : value)),
      ),
    ],
  ])('%s of a number', (_, column) => {
    const { found, used } = leaksOf('price', withColumn('price', price, column));
    expect(found).toEqual(['copy']);
    expect(used).toEqual(['a', 'b', 'shop']);
  });

  it.each<[string, Column]>([
    [
      'under other words',
      columnFrom(
        'copy',
        bought.map((one) => (one === 'yes' ? 'won' : 'lost')),
      ),
    ],
    [
      'as 0 and 1',
      columnFrom(
        'copy',
        bought.map((one) => Number(one === 'yes')),
      ),
    ],
    [
      'with half a percent of flips',
      columnFrom(
        'copy',
        bought.map((one, i) => Number(one === 'yes') ^ Number(i % 200 === 0)),
      ),
    ],
    [
      'missing or not',
      columnFrom(
        'copy',
        bought.map((one, i) => (one === 'yes' ? 100 + a[i]! : null)),
      ),
    ],
  ])('a class %s', (_, column) => {
    expect(leaksOf('bought', withColumn('bought', bought, column)).found).toEqual(['copy']);
  });

  it('one of several classes as a code', () => {
    const column = columnFrom(
      'code',
      grade.map((one) => ({ low: 7, mid: 3, high: 5 })[one]!),
    );
    expect(leaksOf('grade', withColumn('grade', grade, column)).found).toEqual(['code']);
  });

  it('a total of the target and other columns', () => {
    const tip = drawn(ROWS, 5, (rng) => 5 * rng.next());
    const toll = drawn(ROWS, 6, (rng) => (rng.next() < 0.1 ? 5.76 : 0));
    const total = price.map((value, row) => value + tip[row]! + toll[row]! + 0.5);
    const table = tableFrom({ a, b, shop, price, tip, toll, total });
    expect(leaksOf('price', table).found).toEqual(['total']);
  });
});

describe('a clean twin is left alone', () => {
  it('a cause with noise, however strong', () => {
    // Like carat and price: the column explains 97 % by itself, and nothing replaces it.
    const carat = price.map((value, i) => value + 0.75 * noise[(i + 7) % ROWS]!);
    expect(leaksOf('price', withColumn('price', price, columnFrom('carat', carat))).found).toEqual([]);
  });

  it('several strong measurements of the same thing', () => {
    const size = (seed: number) => drawn(ROWS, seed, normal).map((e, i) => price[i]! + 0.3 * e);
    const table = tableFrom({ x: size(11), y: size(12), z: size(13), a, price });
    expect(leaksOf('price', table).found).toEqual([]);
  });

  it('a class with a tenth of flips', () => {
    const column = columnFrom(
      'hint',
      bought.map((one, i) => Number(one === 'yes') ^ Number(i % 10 === 0)),
    );
    expect(leaksOf('bought', withColumn('bought', bought, column)).found).toEqual([]);
  });

  it('classes that are easy by several columns', () => {
    const kind = drawn(ROWS, 21, (rng) => rng.int(3));
    const near = (seed: number) => drawn(ROWS, seed, normal).map((e, i) => 10 * kind[i]! + e);
    const table = tableFrom({ u: near(22), v: near(23), kind: kind.map((k) => 'pqr'[k]!) });
    expect(leaksOf('kind', table).found).toEqual([]);
  });

  it('random texts and numbers on few rows', () => {
    for (let seed = 0; seed < 20; seed++) {
      const table = tableFrom({
        n: drawn(60, seed, normal),
        t: drawn(60, seed + 100, (rng) => `t${rng.int(30)}`),
        y: drawn(60, seed + 200, (rng) => rng.int(2)),
      });
      expect(leaksOf('y', table).found).toEqual([]);
    }
  });
});

describe('what is done about a leak', () => {
  const table = withColumn('price', price, columnFrom('copy', price));

  it('keep: reported and used', () => {
    const { findings, used } = leaksOf('price', table, 'keep');
    expect(findings[0]).toMatchObject({ action: 'kept', columns: ['copy'] });
    expect(used).toContain('copy');
  });

  it('fail: the study ends with exit code 6 and names the column', () => {
    let error: SlipwayError | undefined;
    try {
      leaksOf('price', table, 'fail');
    } catch (thrown) {
      error = thrown as SlipwayError;
    }
    expect(error?.code).toBe('LEAK_FOUND');
    expect(error?.spec.exit).toBe(6);
    expect(error?.details).toMatchObject({ columns: ['copy'] });
  });
});
