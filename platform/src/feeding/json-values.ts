import { isUtf8 } from 'node:buffer';
import {
  BLANK,
  BOOLEAN,
  DATE_LIKE,
  EMPTY,
  fieldKind,
  INTEGER,
  LONG,
  NUMBER,
  TEXT,
  TOKEN,
} from './field-kind.ts';
import { textKinds } from './record-parser.ts';

/** Marks a whole number beyond 2^53: JSON.parse would round it, so it is kept as its digits. */
const DIGITS_MARK = '\u0000';
const LONG_NUMBER = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;
const SIXTEEN_DIGITS = /\d{16}/;

export type ParsedRecord =
  | { readonly record: Readonly<Record<string, unknown>> }
  | { readonly reason: 'INVALID_JSON' | 'NOT_AN_OBJECT' | 'INVALID_UTF8'; readonly message: string };

/** Parses one record; whole numbers of 16 digits and more keep all of them. */
export function parseRecord(bytes: Buffer): ParsedRecord {
  if (!isUtf8(bytes)) return { reason: 'INVALID_UTF8', message: 'its bytes are not UTF-8' };
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(SIXTEEN_DIGITS.test(text) ? protectLongNumbers(text) : text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { reason: 'INVALID_JSON', message: `not JSON: ${message.slice(0, 200)}` };
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return { record: value as Record<string, unknown> };
  }
  const what = Array.isArray(value) ? 'an array' : `the value ${String(value).slice(0, 40)}`;
  return { reason: 'NOT_AN_OBJECT', message: `${what} where an object is expected` };
}

function protectLongNumbers(text: string): string {
  return text.replace(LONG_NUMBER, (match) =>
    match.startsWith('"') || Number.isSafeInteger(Number(match)) ? match : `"\\u0000${match}"`,
  );
}

/** The kind of a JSON value, in the terms of delimited text. Digits in a JSON string are text: its writer said so. */
export function valueKind(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? (Number.isSafeInteger(value) ? INTEGER : NUMBER) : NUMBER;
    case 'boolean':
      return BOOLEAN;
    case 'string':
      return stringKind(value);
    default:
      return value === null || value === undefined ? EMPTY : TEXT;
  }
}

function stringKind(text: string): number {
  if (text === '') return EMPTY;
  if (text.startsWith(DIGITS_MARK) && text.length > 16) return LONG;
  // Long texts are no dates and no missing marks: their bytes need no look.
  if (text.length > 40) return text.trim() === '' ? BLANK : TEXT;
  const bytes = Buffer.from(text);
  const kind = fieldKind(bytes, 0, bytes.length, textKinds(bytes));
  return kind === BLANK || kind === DATE_LIKE || kind >= TOKEN ? kind : TEXT;
}

/** A value as text; nested values as JSON. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value.startsWith(DIGITS_MARK) ? value.slice(1) : value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
