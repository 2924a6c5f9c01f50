import { defineErrors, SlipwayError } from '../kernel/errors.ts';
import { type DateFormat, parseDate } from './dates.ts';
import type { Feature, FeatureMatrix } from './features.ts';
import type { Column, ColumnType, Table } from './table.ts';
import { cellText, findColumn } from './table.ts';

/**
 * Coercions turn raw columns into what the graph takes. They are data in the bundle, applied by the functions of this file
 * in training and in serving alike, because ONNX has no operator for dates and JSON numbers have no null.
 */
export type FeaturePart = 'value' | 'elapsedDays' | 'year' | 'month' | 'dayOfMonth' | 'dayOfWeek' | 'hour';

export interface EmittedFeature {
  /** Name of the graph input. */
  readonly name: string;
  readonly kind: 'numeric' | 'categorical';
  readonly part: FeaturePart;
  /** Subtracted in float64 before rounding to float32, so that large ids and epochs keep their differences. */
  readonly origin: number;
}

export interface ColumnCoercion {
  readonly column: string;
  readonly type: ColumnType;
  /** Texts read as missing, beside '' and null. */
  readonly missingTokens: readonly string[];
  readonly dateFormat: DateFormat;
  readonly emits: readonly EmittedFeature[];
}

export type Coercions = readonly ColumnCoercion[];

defineErrors({
  INPUT_MISSING_COLUMN: {
    status: 400,
    exit: 2,
    kind: 'user',
    title: 'The input lacks a column the model needs',
  },
  INPUT_WRONG_TYPE: { status: 400, exit: 2, kind: 'user', title: "A value does not have the column's type" },
});

const DAY_MS = 86_400_000;

/** A raw column after decoding: float64 (NaN = missing) or texts ('' = missing). */
export type DecodedColumn = Float64Array | readonly string[];

/**
 * Decodes one column of request values (JSON numbers, strings, booleans, null) by its coercion.
 *
 * @throws INPUT_WRONG_TYPE naming column and row for a value that is neither missing nor of the type.
 */
export function decodeValues(values: ArrayLike<unknown>, coercion: ColumnCoercion): DecodedColumn {
  const rows = values.length;
  if (coercion.type === 'string') {
    const texts = new Array<string>(rows);
    for (let i = 0; i < rows; i++) texts[i] = decodeText(values[i], coercion, i);
    return texts;
  }
  const numbers = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const value = values[i];
    // The usual case first: a JSON number for a numeric column.
    numbers[i] =
      typeof value === 'number' && !Number.isNaN(value) && coercion.type !== 'boolean'
        ? value
        : decodeNumber(value, coercion, i);
  }
  return numbers;
}

function decodeText(value: unknown, coercion: ColumnCoercion, row: number): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return isMissingText(value, coercion) ? '' : value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrongType(value, coercion, row);
}

function isMissingText(text: string, coercion: ColumnCoercion): boolean {
  if (text === '') return true;
  // Only spaces say as little as nothing; feeding reads them as missing, so serving must too.
  const trimmed = text.trim();
  return trimmed === '' || (coercion.missingTokens.length > 0 && coercion.missingTokens.includes(trimmed));
}

function decodeNumber(value: unknown, coercion: ColumnCoercion, row: number): number {
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === 'boolean') {
    if (coercion.type === 'date' || coercion.type === 'timestamp') throw wrongType(value, coercion, row);
    return value ? 1 : 0;
  }
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return value;
    if (coercion.type === 'boolean' && value !== 0 && value !== 1) throw wrongType(value, coercion, row);
    return value;
  }
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string') throw wrongType(value, coercion, row);
  const text = value.trim();
  if (text === '' || isMissingText(text, coercion)) return Number.NaN;
  const number = parseScalar(text, coercion.type, coercion.dateFormat);
  if (Number.isNaN(number)) throw wrongType(value, coercion, row);
  return number;
}

/** A scalar from text by logical type, NaN when it does not fit. */
export function parseScalar(text: string, type: ColumnType, dateFormat: DateFormat): number {
  switch (type) {
    case 'boolean':
      return parseBoolean(text);
    case 'date':
    case 'timestamp':
      return parseDate(text, dateFormat);
    default:
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  }
}

function parseBoolean(text: string): number {
  switch (text.toLowerCase()) {
    case 'true':
    case 't':
    case '1':
    case 'yes':
      return 1;
    case 'false':
    case 'f':
    case '0':
    case 'no':
      return 0;
    default:
      return Number.NaN;
  }
}

function wrongType(value: unknown, coercion: ColumnCoercion, row: number): SlipwayError {
  const shown = (JSON.stringify(value) ?? String(value)).slice(0, 60);
  return new SlipwayError('INPUT_WRONG_TYPE', {
    message: `column '${coercion.column}', row ${row}: ${shown} is not a ${coercion.type}`,
    fix: `Send a ${coercion.type}, or null where the value is missing.`,
    details: { column: coercion.column, row, type: coercion.type },
  });
}

/** Numeric graph input from decoded values (epoch ms for dates). */
export function emitNumeric(values: Float64Array, emitted: EmittedFeature): Float32Array {
  const out = new Float32Array(values.length);
  const { origin, part } = emitted;
  if (part === 'value') {
    for (let i = 0; i < values.length; i++) out[i] = values[i]! - origin;
    return out;
  }
  if (part === 'elapsedDays') {
    for (let i = 0; i < values.length; i++) out[i] = (values[i]! - origin) / DAY_MS;
    return out;
  }
  for (let i = 0; i < values.length; i++) out[i] = calendarPart(values[i]!, part);
  return out;
}

function calendarPart(ms: number, part: Exclude<FeaturePart, 'value' | 'elapsedDays'>): number {
  if (Number.isNaN(ms)) return Number.NaN;
  const date = new Date(ms);
  switch (part) {
    case 'year':
      return date.getUTCFullYear();
    case 'month':
      return date.getUTCMonth() + 1;
    case 'dayOfMonth':
      return date.getUTCDate();
    case 'dayOfWeek':
      return date.getUTCDay();
    case 'hour':
      return date.getUTCHours() + date.getUTCMinutes() / 60;
  }
}

/**
 * The model's view of a table whose columns were read with the schema the coercions came from.
 *
 * @throws INPUT_MISSING_COLUMN when the table lacks a coerced column.
 */
export function coerceTable(table: Table, coercions: Coercions): FeatureMatrix {
  const features = coercions.flatMap((coercion) => {
    const column = findColumn(table, coercion.column);
    if (column === undefined) throw missingColumn(coercion.column);
    return coercion.emits.map((emitted) => emitFromColumn(column, coercion, emitted));
  });
  return { rows: table.rows, features };
}

export function missingColumn(column: string): SlipwayError {
  return new SlipwayError('INPUT_MISSING_COLUMN', {
    message: `the input has no column '${column}'`,
    fix: `Send the column '${column}'; use null where a value is missing.`,
    details: { column },
  });
}

function emitFromColumn(column: Column, coercion: ColumnCoercion, emitted: EmittedFeature): Feature {
  if (emitted.kind === 'categorical') {
    const { codes, dictionary } = asTexts(column, coercion);
    return { kind: 'categorical', name: emitted.name, codes, categories: dictionary };
  }
  if (column.type === 'string') {
    // A table from another source (a test file, an older snapshot) may hold as text what the model knows as a number.
    const texts = Array.from(column.codes, (code) => (code === -1 ? null : column.dictionary[code]!));
    return {
      kind: 'numeric',
      name: emitted.name,
      values: emitNumeric(decodeValues(texts, coercion) as Float64Array, emitted),
    };
  }
  return { kind: 'numeric', name: emitted.name, values: emitNumeric(column.values, emitted) };
}

function asTexts(
  column: Column,
  coercion: ColumnCoercion,
): { codes: Int32Array; dictionary: readonly string[] } {
  // A table from another source may hold as numbers, booleans or dates what the model knows as text: then as a request would write it.
  const values: ArrayLike<unknown> =
    column.type === 'string'
      ? column.dictionary
      : Array.from(column.values, (_, row) => cellText(column, row));
  const index = new Map<string, number>();
  const dictionary: string[] = [];
  const codeOf = (value: unknown, row: number) => {
    const text = decodeText(value, coercion, row);
    if (text === '') return -1;
    let code = index.get(text);
    if (code === undefined) {
      code = dictionary.length;
      index.set(text, code);
      dictionary.push(text);
    }
    return code;
  };
  const mapped = Int32Array.from({ length: values.length }, (_, i) => codeOf(values[i], i));
  if (column.type !== 'string') return { codes: mapped, dictionary };
  return { codes: Int32Array.from(column.codes, (code) => (code === -1 ? -1 : mapped[code]!)), dictionary };
}
