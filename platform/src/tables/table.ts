import type { DateFormat } from './dates.ts';

/**
 * Columnar tables in memory: the one shape in which rows move between rooms.
 * Columns are typed arrays; row objects never exist on bulk paths.
 */

/**
 * Logical types. `integer`, `number`, `boolean`, `date` and `timestamp` are held as Float64Array:
 * integers beyond 2^53 are kept as `string` by the reader, so no value is ever silently changed.
 */
export type ColumnType = 'string' | 'number' | 'integer' | 'boolean' | 'date' | 'timestamp';

export interface NumericColumn {
  readonly name: string;
  readonly type: 'number' | 'integer' | 'boolean' | 'date' | 'timestamp';
  /** NaN = missing; boolean: 0 or 1; date and timestamp: epoch milliseconds, UTC. */
  readonly values: Float64Array;
}

export interface StringColumn {
  readonly name: string;
  readonly type: 'string';
  /** Index into `dictionary`; -1 = missing. */
  readonly codes: Int32Array;
  /** Distinct values in order of first appearance. */
  readonly dictionary: readonly string[];
}

export type Column = NumericColumn | StringColumn;

export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

export interface SchemaColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Texts that were read as missing in this column, beside the empty field. */
  readonly missingTokens: readonly string[];
  /** For dates and timestamps read from text. Default 'iso'. */
  readonly dateFormat?: DateFormat;
}

export interface TableSchema {
  readonly columns: readonly SchemaColumn[];
}

export function findColumn(table: Table, name: string): Column | undefined {
  return table.columns.find((column) => column.name === name);
}

export function isMissing(column: Column, row: number): boolean {
  return column.type === 'string' ? column.codes[row] === -1 : Number.isNaN(column.values[row]);
}

/** A new table with the given rows, in the given order. String dictionaries are shared, not rebuilt. */
export function takeRows(table: Table, rows: Int32Array | readonly number[]): Table {
  return { rows: rows.length, columns: table.columns.map((column) => takeColumnRows(column, rows)) };
}

function takeColumnRows(column: Column, rows: Int32Array | readonly number[]): Column {
  if (column.type === 'string') {
    const codes = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) codes[i] = column.codes[rows[i]!]!;
    return { ...column, codes };
  }
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i]!]!;
  return { ...column, values };
}

/**
 * The text of a cell, the same for equal values whatever the file format: '' for missing, shortest round-trip
 * decimal for numbers, 'true'/'false', ISO 8601 UTC for dates and timestamps.
 */
export function cellText(column: Column, row: number): string {
  if (column.type === 'string') {
    const code = column.codes[row]!;
    return code === -1 ? '' : column.dictionary[code]!;
  }
  const value = column.values[row]!;
  if (Number.isNaN(value)) return '';
  switch (column.type) {
    case 'boolean':
      return value === 0 ? 'false' : 'true';
    case 'date':
      return new Date(value).toISOString().slice(0, 10);
    case 'timestamp':
      return new Date(value).toISOString();
    default:
      return String(value);
  }
}
