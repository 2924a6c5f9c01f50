import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ColumnCoercion, coerceTable, decodeValues, emitNumeric, parseScalar } from './coercion.ts';
import type { Column, ColumnType, Table } from './table.ts';

const coercion = (type: ColumnType, more: Partial<ColumnCoercion> = {}): ColumnCoercion => ({
  column: 'c',
  type,
  missingTokens: [],
  dateFormat: 'iso',
  emits: [{ name: 'c', kind: type === 'string' ? 'categorical' : 'numeric', part: 'value', origin: 0 }],
  ...more,
});

const decoded = (type: ColumnType, values: unknown[], more: Partial<ColumnCoercion> = {}) =>
  Array.from(decodeValues(values, coercion(type, more)) as ArrayLike<unknown>);

const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('values of a request', () => {
  it('may be numbers, or texts of numbers, with null, blanks and tokens as missing', () => {
    expect(
      decoded('number', [1.5, '2', ' -3e2 ', '+.5', '4.', null, undefined, '', '  ', '?', true], {
        missingTokens: ['?'],
      }),
    ).toEqual([...[1.5, 2, -300, 0.5, 4, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 1]]);
  });

  it.each([
    ['number', 'abc'],
    ['number', '1,5'],
    ['number', 'Infinity'],
    ['number', '0x10'],
    ['number', {}],
    ['integer', '1_000'],
    ['boolean', 2],
    ['boolean', 'maybe'],
    ['date', '2020-02-30'],
    ['date', true],
    ['string', ['a']],
  ] as const)('of type %s may not be %j, and the error says where', (type, value) => {
    expect(thrown(() => decoded(type, [null, value]))).toMatchObject({
      code: 'INPUT_WRONG_TYPE',
      details: { column: 'c', row: 1 },
    });
  });

  it('that are booleans may be written in the usual ways', () => {
    expect(decoded('boolean', [true, false, 'TRUE', 'f', 1, '0', 'Yes', null])).toEqual([
      1,
      0,
      1,
      0,
      1,
      0,
      1,
      Number.NaN,
    ]);
  });

  it('that are texts stay as they are; blanks and tokens are missing, the word None is not', () => {
    const more = { missingTokens: ['?', 'NA'] };
    expect(decoded('string', ['a', ' b ', '', '   ', '?', ' NA ', 'None', 5, true, null], more)).toEqual([
      ...['a', ' b ', '', '', '', '', 'None', '5', 'true', ''],
    ]);
  });

  it('that are dates become epoch milliseconds by the format of the column', () => {
    expect(decoded('date', ['3/4/2026', null, 0], { dateFormat: 'mdy' })).toEqual([
      Date.UTC(2026, 2, 4),
      Number.NaN,
      0,
    ]);
    expect(decoded('date', ['3/4/2026'], { dateFormat: 'dmy' })).toEqual([Date.UTC(2026, 3, 3)]);
  });

  it('round-trip for every finite number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        // The text of -0 is '0'.
        expect(parseScalar(String(value), 'number', 'iso')).toBe(value + 0);
      }),
    );
  });
});

describe('graph inputs', () => {
  it('keep small differences of large values through the origin', () => {
    const values = Float64Array.of(1_700_000_000_001, 1_700_000_000_002, Number.NaN);
    const emitted = { name: 'x', kind: 'numeric', part: 'value', origin: 1_700_000_000_000 } as const;
    expect([...emitNumeric(values, emitted)]).toEqual([1, 2, Number.NaN]);
  });

  it('of a date are its parts in UTC', () => {
    // 2026-11-23 was a Monday.
    const at = Float64Array.of(Date.UTC(2026, 10, 23, 18, 30), Number.NaN);
    const part = (name: 'year' | 'month' | 'dayOfMonth' | 'dayOfWeek' | 'hour' | 'elapsedDays') =>
      emitNumeric(at, { name, kind: 'numeric', part: name, origin: Date.UTC(2026, 10, 22, 18, 30) })[0];
    expect([
      part('year'),
      part('month'),
      part('dayOfMonth'),
      part('dayOfWeek'),
      part('hour'),
      part('elapsedDays'),
    ]).toEqual([...[2026, 11, 23, 1, 18.5, 1]]);
    expect(emitNumeric(at, { name: 'm', kind: 'numeric', part: 'month', origin: 0 })[1]).toBeNaN();
  });
});

describe('a table', () => {
  const columns: Column[] = [
    { name: 's', type: 'string', codes: Int32Array.of(0, -1, 1, 2), dictionary: ['a', '?', ' '] },
    { name: 'n', type: 'number', values: Float64Array.of(1, Number.NaN, 3, 4) },
    { name: 'b', type: 'boolean', values: Float64Array.of(1, 0, Number.NaN, 1) },
    { name: 'd', type: 'date', values: Float64Array.of(0, 86_400_000, Number.NaN, 0) },
  ];
  const table: Table = { rows: 4, columns };
  const emits = (name: string, kind: 'numeric' | 'categorical') => [
    { name, kind, part: 'value' as const, origin: 0 },
  ];

  it('gives what a request with the same cells gives', () => {
    const coercions = [
      coercion('string', { column: 's', missingTokens: ['?'], emits: emits('s', 'categorical') }),
      coercion('number', { column: 'n', emits: emits('n', 'numeric') }),
    ];
    const [s, n] = coerceTable(table, coercions).features;
    expect(s).toMatchObject({ kind: 'categorical', codes: Int32Array.of(0, -1, -1, -1), categories: ['a'] });
    expect(n).toMatchObject({ kind: 'numeric', values: Float32Array.of(1, Number.NaN, 3, 4) });
  });

  it('that holds other types than the model knows is read as a request would write it', () => {
    const text = (column: string) => coercion('string', { column, emits: emits(column, 'categorical') });
    const [b, d] = coerceTable(table, [text('b'), text('d')]).features;
    expect(b).toMatchObject({ codes: Int32Array.of(0, 1, -1, 0), categories: ['true', 'false'] });
    expect(d).toMatchObject({ codes: Int32Array.of(0, 1, -1, 0), categories: ['1970-01-01', '1970-01-02'] });
    const numbers: Table = {
      rows: 2,
      columns: [{ name: 'n', type: 'string', codes: Int32Array.of(0, -1), dictionary: ['2.5'] }],
    };
    const [n] = coerceTable(numbers, [
      coercion('number', { column: 'n', emits: emits('n', 'numeric') }),
    ]).features;
    expect(n).toMatchObject({ values: Float32Array.of(2.5, Number.NaN) });
  });

  it('that lacks a column says which', () => {
    expect(thrown(() => coerceTable(table, [coercion('number', { column: 'gone' })]))).toMatchObject({
      code: 'INPUT_MISSING_COLUMN',
      details: { column: 'gone' },
    });
  });
});
