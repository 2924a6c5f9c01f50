import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterRows, nextOrder, readOrder, sortRows, writeOrder } from './table-order.ts';

describe('the order of a table', () => {
  it('reads back what it writes into the address', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((column) => !column.startsWith('-')),
        fc.boolean(),
        (column, descending) => {
          expect(readOrder(writeOrder({ column, descending }))).toEqual({ column, descending });
        },
      ),
    );
    expect(readOrder(undefined)).toBeUndefined();
    expect(readOrder('-')).toBeUndefined();
  });

  it('goes from the useful direction to the other and back to none', () => {
    const first = nextOrder(undefined, 'score', true);
    expect(first).toEqual({ column: 'score', descending: true });
    const second = nextOrder(first, 'score', true);
    expect(second).toEqual({ column: 'score', descending: false });
    expect(nextOrder(second, 'score', true)).toBeUndefined();
    expect(nextOrder(first, 'name', false)).toEqual({ column: 'name', descending: false });
  });

  it('puts what has no value last in both directions, and keeps equal rows in place', () => {
    const rows = [
      { id: 'a', value: null },
      { id: 'b', value: 2 },
      { id: 'c', value: 1 },
      { id: 'd', value: 2 },
      { id: 'e', value: Number.NaN },
    ];
    const ids = (descending: boolean) =>
      sortRows(rows, (row) => row.value, descending)
        .map((row) => row.id)
        .join('');
    expect(ids(false)).toBe('cbdae');
    expect(ids(true)).toBe('bdcae');
  });

  it('reads numbers inside names as numbers', () => {
    expect(sortRows(['b-10', 'b-9', 'b-1'], (row) => row, false)).toEqual(['b-1', 'b-9', 'b-10']);
  });
});

describe('the filter of a table', () => {
  it('wants every word, in any order and case', () => {
    const rows = ['weak-slice age', 'weak-slice sex', 'calibration'];
    expect(filterRows(rows, 'AGE weak', (row) => row)).toEqual(['weak-slice age']);
    expect(filterRows(rows, '  ', (row) => row)).toEqual(rows);
    expect(filterRows(rows, 'nothing', (row) => row)).toEqual([]);
  });
});
