/**
 * Kernel of the survey of delimited text: splits plain records into fields and says of each field what kind it is, in the terms of
 * `feeding/field-kind.ts`, which is the reference (as `record-parser.ts` is for the splitting) and must agree value by value.
 *
 * One unaligned 16-byte load a field finds its end and classifies most fields; blocks with bit masks over whole lines were tried on
 * paper and lose, because most fields are shorter than a block and would be looked at twice. Whatever is not plain (a record with
 * too many or too few fields, a stray quote, a quote that does not close within `limit`, a misfit) is left to the caller: the kernel
 * stops in front of that record. Bytes must be UTF-8 without NUL.
 */

const DIGIT: i32 = 1;
const DOT: i32 = 2;
const SIGN: i32 = 4;
const EXPONENT: i32 = 8;
const SPACE: i32 = 16;
const DATE_MARK: i32 = 32;
const OTHER: i32 = 64;
const NUMERIC: i32 = DIGIT | DOT | SIGN | EXPONENT;

const EMPTY: i32 = 0;
const BLANK: i32 = 1;
const INTEGER: i32 = 2;
const PADDED: i32 = 3;
const LONG: i32 = 4;
const NUMBER: i32 = 5;
const DATE_LIKE: i32 = 6;
const TEXT: i32 = 7;
const BOOLEAN: i32 = 8;
const TOKEN: i32 = 9;

const QUOTE: i32 = 0x22;
const NEWLINE: i32 = 0x0a;
const RETURN: i32 = 0x0d;

/** Bits of the class vector: digit, sign, exponent, space, and four products of nibbles that together are the date marks. */
@inline
function classes(v: v128): v128 {
  const low = i8x16(
    0x01 | 0x08 | 0x20, 0x01 | 0x10, 0x01, 0x01 | 0x10, 0x01 | 0x20, 0x01 | 0x04 | 0x20, 0x01, 0x01,
    0x01, 0x01, 0x20 | -128, 0x02, 0x40, 0x02 | 0x10, 0, 0x40,
  );
  const high = i8x16(0, 0, 0x02 | 0x08 | 0x40, 0x01 | -128, 0x04 | 0x10, 0x20, 0x04 | 0x10, 0x20, 0, 0, 0, 0, 0, 0, 0, 0);
  const a = i8x16.swizzle(low, v128.and(v, i8x16.splat(15)));
  const b = i8x16.swizzle(high, i8x16.shr_u(v, 4));
  return v128.and(a, b);
}

/** Lanes below `length`. */
@inline
function lanes(length: i32): v128 {
  return i8x16.lt_u(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>length));
}

@inline
function isSpace(byte: i32): bool {
  return byte == 0x20 || byte == 0x09;
}

@inline
function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}

/** The bits of record-parser's masks for bytes [from, to), and the number of dots from bit 8 on. */
function maskOf(from: usize, to: usize): i32 {
  let any = i64x2.splat(0);
  let other: i32 = 0;
  let dots: i32 = 0;
  let tabs: i32 = 0;
  for (let at = from; at < to; at += 16) {
    const left = <i32>(to - at);
    const inside = left >= 16 ? i8x16.splat(-1) : lanes(left);
    const v = v128.load(at);
    const dot = v128.and(i8x16.eq(v, i8x16.splat(0x2e)), inside);
    const tab = v128.and(i8x16.eq(v, i8x16.splat(0x09)), inside);
    const known = v128.and(classes(v), inside);
    const marked = v128.or(v128.or(dot, tab), i8x16.ne(known, i8x16.splat(0)));
    any = v128.or(any, known);
    other |= i8x16.bitmask(v128.andnot(inside, marked));
    dots += popcnt(i8x16.bitmask(dot));
    tabs |= i8x16.bitmask(tab);
  }
  let word = i64x2.extract_lane(any, 0) | i64x2.extract_lane(any, 1);
  word |= word >> 32;
  word |= word >> 16;
  const bits = <i32>(word | (word >> 8)) & 255;
  let mask = dots << 8;
  if (bits & 1) mask |= DIGIT;
  if (bits & 2) mask |= SIGN;
  if (bits & 4) mask |= EXPONENT;
  if ((bits & 8) || tabs) mask |= SPACE;
  if (bits & 0xf0) mask |= DATE_MARK;
  if (dots) mask |= DOT;
  if (other) mask |= OTHER;
  return mask;
}

/** Digits only. 2^53 is 9007199254740992. */
function wholeKind(from: usize, to: usize): i32 {
  const length = <i32>(to - from);
  if (length > 1 && load<u8>(from) == 0x30) return PADDED;
  if (length <= 15) return INTEGER;
  if (length > 16) return LONG;
  let value: u64 = 0;
  for (let at = from; at < to; at++) value = value * 10 + <u64>(load<u8>(at) - 0x30);
  return value <= 9007199254740992 ? INTEGER : LONG;
}

function numberKind(from: usize, to: usize): i32 {
  let at = from;
  const first = <i32>load<u8>(at);
  if (first == 0x2b || first == 0x2d) at++;
  const whole = at;
  while (at < to && isDigit(load<u8>(at))) at++;
  const wholeDigits = <i32>(at - whole);
  if (at == to) {
    if (wholeDigits == 0) return TEXT;
    const kind = wholeKind(whole, to);
    return kind == INTEGER && (first == 0x2b || load<u8>(whole) == 0x30) ? NUMBER : kind;
  }
  let fraction: i32 = 0;
  if (load<u8>(at) == 0x2e) {
    at++;
    const start = at;
    while (at < to && isDigit(load<u8>(at))) at++;
    fraction = <i32>(at - start);
  }
  if (wholeDigits + fraction == 0) return TEXT;
  if (at < to) {
    if ((load<u8>(at) | 0x20) != 0x65) return TEXT;
    at++;
    if (at >= to) return TEXT;
    const sign = <i32>load<u8>(at);
    if (sign == 0x2b || sign == 0x2d) at++;
    if (at >= to) return TEXT;
    while (at < to && isDigit(load<u8>(at))) at++;
    if (at < to) return TEXT;
  }
  return NUMBER;
}

function booleanKind(from: usize, length: i32): i32 {
  if (length < 4) return TEXT;
  const word = load<u32>(from) | 0x20202020;
  if (length == 4) return word == 0x65757274 ? BOOLEAN : TEXT;
  return word == 0x736c6166 && (load<u8>(from, 4) | 0x20) == 0x65 ? BOOLEAN : TEXT;
}

/** @returns the kind, or -1 when the text is no missing mark */
function tokenKind(from: usize, length: i32, tables: usize, tokens: i32): i32 {
  let key: u32 = 0;
  for (let i = 0; i < length; i++) key = (key << 8) | load<u8>(from + i);
  for (let i = 0; i < tokens; i++) if (load<u32>(tables + 256 + (i << 2)) == key) return TOKEN + i;
  return -1;
}

/** The whole of `fieldKind`, for fields that no shortcut takes. */
export function slowKind(from: usize, to: usize, tables: usize, tokens: i32): i32 {
  if (from == to) return EMPTY;
  const facts = maskOf(from, to);
  const kinds = facts & 127;
  if (kinds == DIGIT) return wholeKind(from, to);
  if (facts == (DIGIT | DOT | 256)) return NUMBER;
  const length = <i32>(to - from);
  const first = <i32>load<u8>(from);
  if (length <= 4 && load<u8>(tables + first)) {
    const token = tokenKind(from, length, tables, tokens);
    if (token >= 0) return token;
  }
  if (kinds == SPACE) return BLANK;
  if ((kinds & SPACE) && (isSpace(first) || isSpace(load<u8>(to - 1)))) {
    let start = from;
    let stop = to;
    while (isSpace(load<u8>(start))) start++;
    while (isSpace(load<u8>(stop - 1))) stop--;
    return slowKind(start, stop, tables, tokens);
  }
  if ((kinds & ~NUMERIC) == 0 && kinds & DIGIT) {
    const number = numberKind(from, to);
    if (number != TEXT) return number;
  }
  if (kinds & OTHER) return length <= 5 ? booleanKind(from, length) : TEXT;
  return kinds & DIGIT && kinds & (DATE_MARK | SIGN | DOT) ? DATE_LIKE : TEXT;
}

/** Bytes of class OTHER among the first 16 (a dot and a tab are none). */
@inline
function otherBits(v: v128): i32 {
  const special = v128.or(i8x16.eq(v, i8x16.splat(0x2e)), i8x16.eq(v, i8x16.splat(0x09)));
  return i8x16.bitmask(v128.andnot(i8x16.eq(classes(v), i8x16.splat(0)), special));
}

/** A field of at least one byte, whose first 16 bytes (and what follows them) are `v`. */
@inline
export function kindOf(v: v128, from: usize, length: i32, tables: usize, tokens: i32): i32 {
  const field: i32 = length >= 16 ? 0xffff : (1 << length) - 1;
  if (length <= 16) {
    const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10))) & field;
    if (digits == field) {
      if (length > 1 && load<u8>(from) == 0x30) return PADDED;
      return length <= 15 ? INTEGER : wholeKind(from, from + length);
    }
    const dots = i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x2e))) & field;
    const rest = field & ~(digits | dots);
    const oneDot = (dots & (dots - 1)) == 0;
    if (digits && oneDot && (rest == 0 || (rest == 1 && load<u8>(from) == 0x2d))) {
      if (dots) return NUMBER;
      if (load<u8>(from, 1) == 0x30) return length > 2 ? PADDED : NUMBER;
      return INTEGER;
    }
  }
  const first = load<u8>(from);
  if (otherBits(v) & field && !isSpace(first) && !isSpace(load<u8>(from + length - 1))) {
    if (length > 5) return TEXT;
    // Short ones may be missing marks and truth values.
    if (length == 5 || !load<u8>(tables + first)) return booleanKind(from, length);
  }
  return slowKind(from, from + length, tables, tokens);
}

/** The first quote at or after `at` that is not doubled; `limit` when there is none before it. */
export function closingQuote(at: usize, limit: usize): usize {
  while (at < limit) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(<i8>QUOTE)));
    if (found == 0) {
      at += 16;
      continue;
    }
    at += ctz(found);
    if (at >= limit) return limit;
    if (at + 1 >= limit || load<u8>(at, 1) != QUOTE) return at;
    at += 2;
  }
  return limit;
}

/** Where the unquoted field at `at`, whose first 16 bytes are `v`, ends. A carriage return inside a line is text. */
@inline
export function plainEnd(v: v128, at: usize, delimiters: v128): usize {
  let block = v;
  for (;;) {
    let stops = i8x16.bitmask(
      v128.or(
        i8x16.eq(block, delimiters),
        v128.or(i8x16.eq(block, i8x16.splat(<i8>NEWLINE)), i8x16.eq(block, i8x16.splat(<i8>RETURN))),
      ),
    );
    while (stops != 0) {
      const stop = at + ctz(stops);
      if (load<u8>(stop) != RETURN || load<u8>(stop, 1) == NEWLINE) return stop;
      stops &= stops - 1;
    }
    at += 16;
    block = v128.load(at);
  }
  return unreachable();
}

const BROKEN: usize = 0;

/** Fields of the record that `plainRecord` read last; 0 when it was an empty line. */
let fields: i32 = 0;

/**
 * Splits the record at `start` and leaves in `cells` the index of each field's count.
 *
 * @returns where the next record begins, or BROKEN
 */
@inline
function plainRecord(
  start: usize, limit: usize, delimiter: i32, delimiters: v128, fit: usize, cells: usize, last: usize,
  tables: usize, tokens: i32,
): usize {
  let at = start;
  let cell = cells;
  let base: u32 = 0;
  for (;;) {
    let kind: i32 = EMPTY;
    let byte: i32;
    const v = v128.load(at);
    if (load<u8>(at) == QUOTE) {
      const from = at + 1;
      at = closingQuote(from, limit);
      if (at >= limit) return BROKEN;
      const length = <i32>(at - from);
      if (length > 0) kind = kindOf(v128.load(from), from, length, tables, tokens);
      at++;
      byte = load<u8>(at);
      if (byte != delimiter && byte != NEWLINE && !(byte == RETURN && load<u8>(at, 1) == NEWLINE)) return BROKEN;
    } else {
      const from = at;
      at = plainEnd(v, at, delimiters);
      byte = load<u8>(at);
      const length = <i32>(at - from);
      if (length > 0) kind = kindOf(v, from, length, tables, tokens);
      else if (cell == cells && byte != delimiter) {
        fields = 0;
        return at + (byte == RETURN ? 2 : 1);
      }
    }
    if (cell == last) return BROKEN;
    const index = base + kind;
    if (fit != 0 && load<u8>(fit + index) == 0) return BROKEN;
    store<u32>(cell, index);
    cell += 4;
    base += TOKEN + tokens;
    at++;
    if (byte == delimiter) continue;
    if (cell != last) return BROKEN;
    fields = <i32>((last - cells) >> 2);
    return byte == RETURN ? at + 1 : at;
  }
}

/**
 * Surveys whole records from `at` on.
 *
 * @param at where a record begins
 * @param limit end of the bytes; the byte before it is a line feed, and 32 bytes after it can be read
 * @param columns fields of a record
 * @param counts `columns` × (9 + tokens) u64, added to
 * @param fit as `counts` but one byte each, 0 where a field of that kind does not fit; or 0: everything fits
 * @param cells scratch of 4 × columns bytes
 * @param tables 256 bytes: 1 where a missing mark can begin; then the marks as big-endian numbers, u32 each
 * @param out u32, added to: records
 * @returns `limit`, or where a record begins that is not plain, does not fit, or does not end before `limit`
 */
export function surveyRecords(
  at: usize, limit: usize, delimiter: i32, columns: i32, counts: usize, fit: usize, cells: usize,
  tables: usize, tokens: i32, out: usize,
): usize {
  const delimiters = i8x16.splat(<i8>delimiter);
  const last = cells + (<usize>columns << 2);
  let records: u32 = 0;
  while (at < limit) {
    const next = plainRecord(at, limit, delimiter, delimiters, fit, cells, last, tables, tokens);
    if (next == BROKEN) break;
    at = next;
    if (fields == 0) continue;
    for (let cell = cells; cell < last; cell += 4) {
      const count = counts + (<usize>load<u32>(cell) << 3);
      store<u64>(count, load<u64>(count) + 1);
    }
    records++;
  }
  store<u32>(out, load<u32>(out) + records);
  return at;
}
