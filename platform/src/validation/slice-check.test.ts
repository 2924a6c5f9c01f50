import { describe, expect, it } from 'vitest';
import { createRng } from '../kernel/rng.ts';
import type { Column, Table } from '../tables/table.ts';
import { findWeakSlices } from './slice-check.ts';
import { sliceColumn } from './slice-columns.ts';
import { enumerateSlices, maskOf } from './slice-search.ts';
import { createColumnTester, testSlice } from './slice-tests.ts';

const LEVELS = ['a', 'b', 'c', 'd', 'e'];

interface Planted {
  readonly rows: number;
  readonly seed: number;
  /** Error rate where `inside` holds, elsewhere .15. */
  readonly rate?: number;
  readonly inside?: (row: number, table: Table) => boolean;
  readonly scale?: number;
}

function codesOf(table: Table, name: string): Int32Array {
  const column = table.columns.find((candidate) => candidate.name === name)!;
  return column.type === 'string' ? column.codes : new Int32Array(0);
}

function valuesOf(table: Table, name: string): Float64Array {
  const column = table.columns.find((candidate) => candidate.name === name)!;
  return column.type === 'string' ? new Float64Array(0) : column.values;
}

function generate({ rows, seed, rate = 0.15, inside, scale = 1 }: Planted): {
  table: Table;
  losses: Float64Array;
} {
  const rng = createRng(seed);
  const columns: Column[] = [
    ...['c0', 'c1', 'c2', 'c3'].map((name): Column => {
      const levels = name < 'c2' ? 5 : 2;
      return {
        name,
        type: 'string',
        codes: Int32Array.from({ length: rows }, () => rng.int(levels)),
        dictionary: LEVELS,
      };
    }),
    ...['x0', 'x1'].map((name): Column => {
      const values = Float64Array.from({ length: rows }, () =>
        rng.next() < 0.1 ? Number.NaN : scale * rng.next(),
      );
      return { name, type: 'number', values };
    }),
  ];
  const table = { rows, columns };
  const losses = Float64Array.from({ length: rows }, (_, row) =>
    rng.next() < (inside?.(row, table) ? rate : 0.15) ? 1 : 0,
  );
  return { table, losses };
}

const NAMES = ['c0', 'c1', 'c2', 'c3', 'x0', 'x1'];

function find(planted: Planted) {
  const { table, losses } = generate(planted);
  return findWeakSlices(table, NAMES, { rowLosses: { metric: 'accuracy', losses }, seed: planted.seed });
}

describe('weak slices', () => {
  it('are hardly ever found where there are none', () => {
    let any = 0;
    for (let seed = 1; seed <= 100; seed++) if (find({ rows: 1000, seed }).findings.length > 0) any++;
    // At a rate of 5 %, 10 or more of 100 have probability .03.
    expect(any).toBeLessThan(10);
  });

  it.each([
    ['a category', (row: number, table: Table) => codesOf(table, 'c1')[row] === 2, 'c1 = c'],
    [
      'a range',
      (row: number, table: Table) => valuesOf(table, 'x1')[row]! > 0.35 && valuesOf(table, 'x1')[row]! <= 0.6,
      'x1',
    ],
    [
      'missing values',
      (row: number, table: Table) => Number.isNaN(valuesOf(table, 'x0')[row]),
      'x0 is missing',
    ],
    [
      'a pair',
      (row: number, table: Table) => codesOf(table, 'c2')[row] === 0 && codesOf(table, 'c3')[row] === 1,
      'c',
    ],
  ])('that are 25 points worse are found in 19 of 20 cases: %s', (_, inside, words) => {
    let found = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { findings } = find({ rows: 2000, seed, rate: 0.4, inside });
      if (findings.some(({ summary }) => summary.includes(`where ${words}`) || summary.includes(` ${words}`)))
        found++;
    }
    expect(found).toBeGreaterThanOrEqual(19);
  });

  it('carry what a reader needs: rows, share, effect with interval and margin, adjusted p', () => {
    const inside = (row: number, table: Table) => codesOf(table, 'c0')[row] === 0;
    const { findings, ledger } = find({ rows: 2000, seed: 3, rate: 0.4, inside });
    const finding = findings[0]!;
    expect(finding).toMatchObject({ check: 'weak-slice', weight: 'fails', columns: ['c0'] });
    expect(finding.share).toBeCloseTo(0.2, 1);
    expect(finding.effect!.value).toBeGreaterThan(0.15);
    expect(finding.effect!.interval.low).toBeLessThan(finding.effect!.value);
    expect(finding.effect!.margin).toBe(0.05);
    expect(finding.adjustedP).toBeLessThan(1e-6);
    expect(ledger.every(({ q, p }) => q !== null && p !== null && q >= p)).toBe(true);
    expect(ledger.filter(({ outcome }) => outcome === 'fail').map(({ subject }) => subject)).toContain(
      'c0 = a',
    );
  });

  it('repeat exactly, and do not depend on the unit of a number', () => {
    const inside = (row: number, table: Table) => valuesOf(table, 'x0')[row]! > 0.5;
    const once = find({ rows: 1000, seed: 5, rate: 0.4, inside });
    expect(find({ rows: 1000, seed: 5, rate: 0.4, inside })).toEqual(once);
    const scaled = find({
      rows: 1000,
      seed: 5,
      rate: 0.4,
      scale: 1024,
      inside: (row, table) => valuesOf(table, 'x0')[row]! > 512,
    });
    expect(scaled.ledger.map(({ p }) => p)).toEqual(once.ledger.map(({ p }) => p));
  });

  it('of too few rows are not sought, and the ledger says so', () => {
    const { findings, ledger } = find({ rows: 60, seed: 1 });
    expect(findings).toEqual([]);
    expect(ledger).toHaveLength(1);
    expect(ledger[0]).toMatchObject({ outcome: 'insufficient', rows: 60 });
  });

  it('of a regression are judged by absolute errors relative to the rest', () => {
    const rng = createRng(8);
    const { table } = generate({ rows: 2000, seed: 8 });
    const losses = Float64Array.from(
      { length: 2000 },
      (_, row) => Math.exp(rng.next()) * (codesOf(table, 'c0')[row] === 1 ? 1.5 : 1),
    );
    const { findings } = findWeakSlices(table, NAMES, { rowLosses: { metric: 'mae', losses }, seed: 1 });
    expect(findings.map(({ columns }) => columns)).toEqual([['c0']]);
    expect(findings[0]!.effect!.metric).toBe('mae');
  });
});

describe('slicing', () => {
  it('names every row of a column at most once, and missing values apart', () => {
    const { table } = generate({ rows: 1000, seed: 2 });
    const column = sliceColumn(table.columns[4]!, 1000, 5);
    expect(column.labels).toHaveLength(6);
    expect(column.labels.at(-1)).toBe('x0 is missing');
    const singles = enumerateSlices([column]).filter(({ terms }) => terms[0]!.from === terms[0]!.to);
    const covered = singles.map(maskOf).reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0);
    expect(covered).toBe(1000);
  });

  it('tests a column from its sums as it would row by row', () => {
    const { table, losses } = generate({ rows: 800, seed: 4 });
    const rowLosses = { metric: 'accuracy', losses } as const;
    const test = createColumnTester(rowLosses, 0.05);
    const all = new Uint8Array(800).fill(1);
    for (const slice of enumerateSlices(table.columns.map((column) => sliceColumn(column, 800, 5)))) {
      const direct = testSlice(rowLosses, maskOf(slice), all, 0.05);
      expect(test(slice)).toEqual(direct);
    }
  });

  it('makes nothing of a constant column, an empty one, or none', () => {
    const rows = 200;
    const table: Table = {
      rows,
      columns: [
        { name: 'one', type: 'number', values: new Float64Array(rows).fill(7) },
        { name: 'none', type: 'number', values: new Float64Array(rows).fill(Number.NaN) },
        { name: 'text', type: 'string', codes: new Int32Array(rows).fill(-1), dictionary: [] },
      ],
    };
    const losses = Float64Array.from({ length: rows }, (_, row) => row % 2);
    const question = { rowLosses: { metric: 'accuracy', losses }, seed: 1 } as const;
    expect(findWeakSlices(table, ['one', 'none', 'text'], question)).toEqual({ findings: [], ledger: [] });
    expect(findWeakSlices(table, [], question)).toEqual({ findings: [], ledger: [] });
  });
});
