import { describe, expect, it } from 'vitest';
import { type Column, cellText, findColumn, isMissing, type Table, takeRows } from './table.ts';

const table: Table = {
  rows: 3,
  columns: [
    { name: 's', type: 'string', codes: Int32Array.of(1, -1, 0), dictionary: ['x', 'y'] },
    { name: 'n', type: 'number', values: Float64Array.of(0.1, Number.NaN, 1e21) },
    { name: 'b', type: 'boolean', values: Float64Array.of(1, 0, Number.NaN) },
    { name: 'd', type: 'date', values: Float64Array.of(Date.UTC(2024, 1, 29), Number.NaN, 0) },
    { name: 't', type: 'timestamp', values: Float64Array.of(1, Number.NaN, -1) },
  ],
};
const texts = (column: Column, rows: number) =>
  Array.from({ length: rows }, (_, row) => cellText(column, row));

describe('tables', () => {
  it('write each type of cell in one way, missing as the empty text', () => {
    expect(table.columns.map((column) => texts(column, 3))).toEqual([
      ['y', '', 'x'],
      ['0.1', '', '1e+21'],
      ['true', 'false', ''],
      ['2024-02-29', '', '1970-01-01'],
      ['1970-01-01T00:00:00.001Z', '', '1969-12-31T23:59:59.999Z'],
    ]);
  });

  it('say what is missing', () => {
    const missing = table.columns.map((column) => [0, 1, 2].filter((row) => isMissing(column, row)));
    expect(missing).toEqual([[1], [1], [2], [1], [1]]);
  });

  it('give rows in the order asked for, also twice, and share dictionaries', () => {
    const taken = takeRows(table, Int32Array.of(2, 0, 0));
    expect([taken.rows, texts(taken.columns[0]!, 3), texts(taken.columns[1]!, 3)]).toEqual([
      3,
      ['x', 'y', 'y'],
      ['1e+21', '0.1', '0.1'],
    ]);
    const [before, after] = [table.columns[0]!, taken.columns[0]!];
    expect(
      before.type === 'string' && after.type === 'string' && before.dictionary === after.dictionary,
    ).toBe(true);
    expect(takeRows(table, []).columns.map((column) => texts(column, 0))).toEqual([[], [], [], [], []]);
  });

  it('find columns by their exact name', () => {
    expect(findColumn(table, 'n')?.type).toBe('number');
    expect(findColumn(table, 'N')).toBeUndefined();
  });
});
