import { expect, describe as group, it } from 'vitest';
import { describe, queryOf, type RowFilter, same, sqlOf } from './filters.ts';

const age: RowFilter = { column: 'age', from: 18, to: 20, closed: false };
const place: RowFilter = { column: 'place "x"', value: "L'Aquila" };

group('filters of rows', () => {
  it('are one and the same as a query of the API and as SQL', () => {
    expect(queryOf(age)).toEqual({ column: 'age', from: 18, to: 20 });
    expect(queryOf({ ...age, closed: true })).toMatchObject({ closed: true });
    const types = new Map([['age', 'integer' as const]]);
    expect(sqlOf({ name: 'a', version: 3 }, [], types)).toBe('select * from "a@v3"');
    expect(sqlOf({ name: 'a', version: 3 }, [age, place], types)).toBe(
      `select * from "a@v3"\nwhere "age" >= 18 and "age" < 20\n  and "place ""x""" = 'L''Aquila'`,
    );
  });

  it('compare dates as times, and numbers as numbers', () => {
    const day: RowFilter = { column: 'd', from: 0, to: 86_400_000, closed: true };
    expect(sqlOf({ name: 'a', version: 1 }, [day], new Map([['d', 'date' as const]]))).toContain(
      `"d" >= TIMESTAMP '1970-01-01 00:00:00.000' and "d" <= TIMESTAMP '1970-01-02 00:00:00.000'`,
    );
    const two: RowFilter = { column: 'n', value: '2' };
    expect(sqlOf({ name: 'a', version: 1 }, [two], new Map([['n', 'number' as const]]))).toContain('"n" = 2');
  });

  it('are told in words, and known again', () => {
    expect(describe({ column: 'age', missing: true }, 'integer')).toBe('age is missing');
    expect(describe(age, 'integer')).toBe('age from 18 to under 20');
    expect(same(age, { closed: false, to: 20, from: 18, column: 'age' })).toBe(true);
    expect(same(age, place)).toBe(false);
  });
});
