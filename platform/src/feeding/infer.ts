import { parseScalar } from '../tables/coercion.ts';
import { type DateFormat, detectDateFormat, parseDate } from '../tables/dates.ts';
import type { Column, ColumnType, SchemaColumn } from '../tables/table.ts';

/**
 * Types from values. The tests are the parsers that serving uses, so that what training calls a number is a number in a request.
 *
 * A column has a type when nearly all of its distinct present values fit it; the few that don't are rows for the quarantine.
 * Missing tokens are only what commonly means "missing"; never the word None, which is a value in real tables.
 */
const MISSING_TOKENS = [
  '?',
  'NA',
  'N/A',
  'n/a',
  '#N/A',
  'NaN',
  'nan',
  'NAN',
  'null',
  'NULL',
  'Null',
  '-',
  '--',
  '.',
];
/** Tokens that mean missing in a column of text too; the others are plausible words there. */
const TEXT_TOKENS = new Set(['?', 'NA', 'N/A', 'n/a', '#N/A', 'NaN', 'nan', 'null', 'NULL']);
/** Share of present rows that may not fit a column's type; more, and the column is text. */
export const MISFIT_SHARE_MAX = 0.02;
const BIGGEST_INTEGER = 2 ** 53;

export interface ColumnValues {
  readonly name: string;
  /** Distinct texts, trimmed, without the empty one, with how many rows hold each. */
  readonly values: readonly { readonly text: string; readonly rows: number }[];
}

/** Distinct values with counts from a text column of a sample. */
export function columnValues(column: Column): ColumnValues {
  if (column.type !== 'string') throw new Error(`'${column.name}' is not read as text`);
  const rows = new Uint32Array(column.dictionary.length);
  for (const code of column.codes) if (code !== -1) rows[code]!++;
  const merged = new Map<string, number>();
  for (const [code, text] of column.dictionary.entries()) {
    const trimmed = text.trim();
    if (trimmed !== '') merged.set(trimmed, (merged.get(trimmed) ?? 0) + rows[code]!);
  }
  return { name: column.name, values: [...merged].map(([text, count]) => ({ text, rows: count })) };
}

/** @param textOnly the source itself says that the values are text (JSON strings): then only dates are looked for */
export function inferColumn(column: ColumnValues, textOnly = false): SchemaColumn {
  const tokens = MISSING_TOKENS.filter((token) => column.values.some(({ text }) => text === token));
  const present = column.values.filter(({ text }) => !tokens.includes(text));
  const typed = typeOf(present, textOnly);
  if (typed !== undefined) return { name: column.name, missingTokens: tokens, ...typed };
  return {
    name: column.name,
    type: 'string',
    missingTokens: tokens.filter((token) => TEXT_TOKENS.has(token)),
  };
}

type Typed = { readonly type: ColumnType; readonly dateFormat?: DateFormat };

function typeOf(values: ColumnValues['values'], textOnly: boolean): Typed | undefined {
  if (values.length === 0) return undefined;
  if (!textOnly) {
    if (values.every(({ text }) => /^(true|false)$/i.test(text))) return { type: 'boolean' };
    if (values.some(({ text }) => /^[+-]?0\d/.test(text) && !text.includes('.'))) return dateType(values);
    const numbers = fits(values, (text) => !Number.isNaN(parseScalar(text, 'number', 'iso')));
    if (numbers) return numberType(values);
  }
  return dateType(values);
}

/** Integers beyond 2^53 would change silently as floats: such a column stays text. */
function numberType(values: ColumnValues['values']): Typed | undefined {
  const parsed = values
    .map(({ text }) => parseScalar(text, 'number', 'iso'))
    .filter((value) => !Number.isNaN(value));
  const whole = values.every(({ text }) => !/[.eE]/.test(text) || Number.isNaN(Number(text)));
  if (whole && parsed.some((value) => Math.abs(value) > BIGGEST_INTEGER)) return undefined;
  return { type: parsed.every(Number.isInteger) && whole ? 'integer' : 'number' };
}

function dateType(values: ColumnValues['values']): Typed | undefined {
  const looksLikeDate = values.filter(({ text }) => /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}/.test(text));
  if (looksLikeDate.length === 0 || looksLikeDate.length < values.length * (1 - MISFIT_SHARE_MAX))
    return undefined;
  const dateFormat = detectDateFormat(looksLikeDate.map(({ text }) => text)) ?? mostlyFitting(values);
  if (dateFormat === undefined) return undefined;
  const timed = values.some(({ text }) => /\d{1,2}:\d{2}/.test(text));
  return { type: timed ? 'timestamp' : 'date', dateFormat };
}

function mostlyFitting(values: ColumnValues['values']): DateFormat | undefined {
  const formats: DateFormat[] = ['iso', 'ymd', 'mdy', 'dmy'];
  return formats.find((format) => fits(values, (text) => !Number.isNaN(parseDate(text, format))));
}

function fits(values: ColumnValues['values'], test: (text: string) => boolean): boolean {
  let good = 0;
  let all = 0;
  for (const { text, rows } of values) {
    all += rows;
    if (test(text)) good += rows;
  }
  return good >= all * (1 - MISFIT_SHARE_MAX) && good > 0;
}
