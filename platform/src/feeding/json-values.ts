import { isUtf8 } from 'node:buffer';
import {
  BLANK,
  BOOLEAN,
  DATE_LIKE,
  EMPTY,
  INTEGER,
  LONG,
  NUMBER,
  TEXT,
  TOKEN_CHARS_MAX,
  tokenKind,
} from './field-kind.ts';

/** Marks a whole number beyond 2^53: JSON.parse would round it, so it is kept as its digits. */
const DIGITS_MARK = '\u0000';
const LONG_NUMBER = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;
/** Sixteen digits that are not the end of a fraction: cheap to test, and rare. */
const SIXTEEN_DIGITS = /(?:^|[^\d.])\d{16}/;

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

/** A key that a record lacks is missing, also where every object has something of that name ('constructor'). */
export function valueAt(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
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

const DATE_SHAPE = /^\d{1,4}[-/.]\d{1,2}[-/.]\d/;

function stringKind(text: string): number {
  if (text === '') return EMPTY;
  const first = text.charCodeAt(0);
  // Spaces around (also other white space than a file's), or the mark of a long number.
  if (first <= 0x20 || text.charCodeAt(text.length - 1) <= 0x20) {
    if (first === 0) return LONG;
    const inner = text.trim();
    return inner === '' ? BLANK : inner.length < text.length ? stringKind(inner) : TEXT;
  }
  if (text.length <= TOKEN_CHARS_MAX) {
    const token = tokenKind(text);
    if (token !== undefined) return token;
  }
  return first >= 0x30 && first <= 0x39 && DATE_SHAPE.test(text) ? DATE_LIKE : TEXT;
}

/** A quoted field of delimited text. */
export function quotedText(text: string): string {
  return text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`;
}

/** A value as text; nested values as JSON. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value.startsWith(DIGITS_MARK) ? value.slice(1) : value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The text of a single value, given as JSON; undefined when it is none. */
export function nestedText(json: string): string | undefined {
  const parsed = parseRecord(Buffer.from(`{"v":${json}}`));
  return 'record' in parsed ? valueText(parsed.record['v']).replaceAll('\0', '') : undefined;
}
