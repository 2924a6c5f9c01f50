import { DATE_MARK, DIGIT, DOT, EXPONENT, OTHER, SIGN, SPACE } from './record-parser.ts';

/** What one field is, seen alone. Counted per column over the whole source; types are decided from the counts. */
export const EMPTY = 0;
/** Only spaces. */
export const BLANK = 1;
/** A whole number as a program writes it, within ±2^53. */
export const INTEGER = 2;
/** Digits with a leading zero: a code (zip, phone), not a number. */
export const PADDED = 3;
/** A whole number beyond 2^53: a float64 cannot hold it. */
export const LONG = 4;
export const NUMBER = 5;
/** Digits with marks that dates have; whether it is a date, a parser says. */
export const DATE_LIKE = 6;
export const TEXT = 7;
export const BOOLEAN = 8;
/** `TOKEN + i` is the i-th of `MISSING_TOKENS`. */
export const TOKEN = 9;

/** Texts that usually mean "missing". Never 'None' or 'none', which is an ordinary category in real tables. At most 4 bytes each. */
export const MISSING_TOKENS = [
  '?',
  'NA',
  'N/A',
  'n/a',
  '#N/A',
  '<NA>',
  'NaN',
  'nan',
  'NAN',
  'null',
  'NULL',
  'Null',
  '\\N',
  'na',
  '-',
  '--',
  '.',
] as const;

/** These are missing marks also in a column of texts; the others only where they stand between a column and a type. */
export const CLEAR_TOKENS: ReadonlySet<string> = new Set(MISSING_TOKENS.slice(0, 13));

export const KINDS = TOKEN + MISSING_TOKENS.length;

const TOKEN_BYTES_MAX = 4;
/** All tokens are ASCII: their characters are their bytes. */
export const TOKEN_CHARS_MAX = TOKEN_BYTES_MAX;
const tokenByText = new Map<string, number>(MISSING_TOKENS.map((token, index) => [token, TOKEN + index]));
const tokenByKey = new Map(MISSING_TOKENS.map((token, index) => [keyOfText(token), TOKEN + index]));
const tokenStart = new Uint8Array(256);
for (const token of MISSING_TOKENS) tokenStart[token.charCodeAt(0)] = 1;
const TRUE_KEY = keyOfText('true');
const FALSE_KEY = keyOfText('fals');
const NUMERIC = DIGIT | DOT | SIGN | EXPONENT;
const LOWER_CASE = 0x20202020;

/** The kind of a text that is a missing mark. */
export function tokenKind(text: string): number | undefined {
  return tokenByText.get(text);
}

function keyOfText(text: string): number {
  return keyOf(Buffer.from(text), 0, text.length);
}

/** Up to four bytes as one number: comparing it is comparing the text. */
function keyOf(buffer: Uint8Array, from: number, to: number): number {
  let key = 0;
  for (let at = from; at < to; at++) key = (key << 8) | buffer[at]!;
  return key;
}

/** The kind of the field at [from, to), whose bytes have the kinds in `mask` (see record-parser). */
export function fieldKind(buffer: Uint8Array, from: number, to: number, mask: number): number {
  if (from === to) return EMPTY;
  const kinds = mask & 127;
  if (kinds === DIGIT) return wholeKind(buffer, from, to);
  const length = to - from;
  const first = buffer[from]!;
  if (length <= TOKEN_BYTES_MAX && tokenStart[first] === 1) {
    const token = tokenByKey.get(keyOf(buffer, from, to));
    if (token !== undefined) return token;
  }
  if (kinds === SPACE) return BLANK;
  if ((kinds & SPACE) !== 0 && (isSpace(first) || isSpace(buffer[to - 1]!))) {
    return trimmedKind(buffer, from, to, mask);
  }
  if ((kinds & ~NUMERIC) === 0 && (kinds & DIGIT) !== 0) {
    const number = numberKind(buffer, from, to);
    if (number !== TEXT) return number;
  }
  if ((kinds & OTHER) !== 0) return length <= 5 ? booleanKind(buffer, from, to) : TEXT;
  if ((kinds & DIGIT) !== 0 && (kinds & (DATE_MARK | SIGN | DOT)) !== 0) return DATE_LIKE;
  return TEXT;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

function trimmedKind(buffer: Uint8Array, from: number, to: number, mask: number): number {
  let start = from;
  let stop = to;
  while (isSpace(buffer[start]!)) start++;
  while (isSpace(buffer[stop - 1]!)) stop--;
  let inner = mask & ~SPACE;
  for (let at = start; at < stop; at++) if (isSpace(buffer[at]!)) inner |= SPACE;
  return fieldKind(buffer, start, stop, inner);
}

function booleanKind(buffer: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return TEXT;
  const key = keyOf(buffer, from, from + 4) | LOWER_CASE;
  if (to - from === 4) return key === TRUE_KEY ? BOOLEAN : TEXT;
  return key === FALSE_KEY && (buffer[from + 4]! | 0x20) === 0x65 ? BOOLEAN : TEXT;
}

/** Digits only. */
function wholeKind(buffer: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length > 1 && buffer[from] === 0x30) return PADDED;
  if (length <= 15) return INTEGER;
  if (length > 16) return LONG;
  let value = 0n;
  for (let at = from; at < to; at++) value = value * 10n + BigInt(buffer[at]! - 0x30);
  return value <= 9007199254740992n ? INTEGER : LONG;
}

/** `[+-]?(digits[.digits]|.digits)([eE][+-]?digits)?`, the same numbers that serving reads. TEXT when it is not one. */
function numberKind(buffer: Uint8Array, from: number, to: number): number {
  let at = from;
  const signed = buffer[at] === 0x2b || buffer[at] === 0x2d;
  if (signed) at++;
  const whole = at;
  while (at < to && isDigit(buffer[at]!)) at++;
  const wholeDigits = at - whole;
  if (at === to) {
    if (wholeDigits === 0) return TEXT;
    const kind = wholeKind(buffer, whole, to);
    // '+5' and '-0' are numbers, but reading them as integers would not give the same text back.
    if (kind === INTEGER && (buffer[from] === 0x2b || buffer[whole] === 0x30)) return NUMBER;
    return kind;
  }
  let fraction = 0;
  if (buffer[at] === 0x2e) {
    at++;
    const start = at;
    while (at < to && isDigit(buffer[at]!)) at++;
    fraction = at - start;
  }
  if (wholeDigits + fraction === 0) return TEXT;
  if (at < to) {
    if (buffer[at] !== 0x65 && buffer[at] !== 0x45) return TEXT;
    at++;
    if (buffer[at] === 0x2b || buffer[at] === 0x2d) at++;
    if (at >= to) return TEXT;
    while (at < to && isDigit(buffer[at]!)) at++;
    if (at < to) return TEXT;
  }
  return NUMBER;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
