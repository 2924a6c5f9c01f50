/** Texts: their kinds, their escapes, and how values are written. */
import {
  BLANK, clearBit, DATE_LIKE, dateOf, EMPTY, FLAGS, LIMIT, PENDING, TEXT, TOKEN, TYPE, DATE_TYPE,
} from './lines-columns';
import { appendDigits, digitRun } from './lines-number';

/** The caller must look. */
export const UNKNOWN: i32 = 255;

/** 256 bytes: 1 where a missing mark can begin; then the marks as big-endian numbers, u32 each. */
export let tokenTable: usize = 0;
export let tokens: i32 = 0;

export function useTokens(at: usize, count: i32): void {
  tokenTable = at;
  tokens = count;
}

function tokenKind(from: usize, length: i32): i32 {
  let key: u32 = 0;
  for (let i = 0; i < length; i++) key = (key << 8) | load<u8>(from + i);
  for (let i = 0; i < tokens; i++) if (load<u32>(tokenTable + 256 + (i << 2)) == key) return TOKEN + i;
  return -1;
}

@inline
function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}

@inline
function isMark(byte: i32): bool {
  return byte == 0x2d || byte == 0x2f || byte == 0x2e;
}

/** `^\d{1,4}[-/.]\d{1,2}[-/.]\d`; what follows the text may be read. */
@inline
function hasDateShape(at: usize, bytes: i32): bool {
  if (bytes < 5) return false;
  const first = digitRun(at);
  if (first < 1 || first > 4 || first + 4 > bytes || !isMark(load<u8>(at + first))) return false;
  const second = digitRun(at + first + 1);
  const mark = first + 1 + second;
  return second >= 1 && second <= 2 && mark + 1 < bytes && isMark(load<u8>(at + mark)) && isDigit(load<u8>(at + mark + 1));
}

/** The kind of a JSON string, see `stringKind` in `feeding/json-values.ts`. */
@inline
export function kindOfText(at: usize, bytes: i32): i32 {
  if (bytes == 0) return EMPTY;
  const first = <i32>load<u8>(at);
  if (first <= 0x20 || load<u8>(at + bytes - 1) <= 0x20) return kindOfSpaced(at, bytes);
  return innerKind(at, bytes, first);
}

@inline
function innerKind(at: usize, bytes: i32, first: i32): i32 {
  if (bytes <= 4 && load<u8>(tokenTable + first)) {
    const token = tokenKind(at, bytes);
    if (token >= 0) return token;
  }
  return isDigit(first) && hasDateShape(at, bytes) ? DATE_LIKE : TEXT;
}

/** Spaces only are taken away here; other white space may be around them. */
function kindOfSpaced(at: usize, bytes: i32): i32 {
  let from = at;
  let to = at + bytes;
  while (from < to && load<u8>(from) == 0x20) from++;
  if (from == to) return BLANK;
  while (load<u8>(to - 1) == 0x20) to--;
  const first = <i32>load<u8>(from);
  const last = <i32>load<u8>(to - 1);
  if (first <= 0x20 || last <= 0x20 || first >= 0x80 || last >= 0x80) return UNKNOWN;
  return innerKind(from, <i32>(to - from), first);
}

function hexAt(at: usize): i32 {
  let value: i32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = <i32>load<u8>(at + i);
    const letter = byte | 0x20;
    let digit: i32;
    if (isDigit(byte)) digit = byte - 0x30;
    else if (letter >= 0x61 && letter <= 0x66) digit = letter - 0x57;
    else return -1;
    value = (value << 4) | digit;
  }
  return value;
}

/** Writes a character as UTF-8. @returns behind it */
function writeCharacter(to: usize, code: i32): usize {
  if (code < 0x80) {
    store<u8>(to, <u8>code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, <u8>(0xc0 | (code >> 6)));
    store<u8>(to, <u8>(0x80 | (code & 63)), 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (code >> 12)));
    store<u8>(to, <u8>(0x80 | ((code >> 6) & 63)), 1);
    store<u8>(to, <u8>(0x80 | (code & 63)), 2);
    return to + 3;
  }
  store<u8>(to, <u8>(0xf0 | (code >> 18)));
  store<u8>(to, <u8>(0x80 | ((code >> 12) & 63)), 1);
  store<u8>(to, <u8>(0x80 | ((code >> 6) & 63)), 2);
  store<u8>(to, <u8>(0x80 | (code & 63)), 3);
  return to + 4;
}

/** What `\x` means for x; 0 for all that has no short form. */
@inline
function shortEscape(byte: i32): i32 {
  switch (byte) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return byte;
    case 0x6e:
      return 0x0a;
    case 0x74:
      return 0x09;
    case 0x72:
      return 0x0d;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    default:
      return 0;
  }
}

/** Undoes the escapes of a JSON string. @returns the bytes; -1: broken, or with U+0000 or half a pair, which the caller must see */
export function decoded(start: usize, bytes: i32, to: usize): i32 {
  let at = start;
  const end = start + bytes;
  let out = to;
  while (at < end) {
    const v = v128.load(at);
    v128.store(out, v);
    const found = i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x5c)));
    const plain = <usize>min(found == 0 ? 16 : ctz(found), <i32>(end - at));
    at += plain;
    out += plain;
    if (at >= end || found == 0) continue;
    const byte = <i32>load<u8>(at, 1);
    at += 2;
    if (byte != 0x75) {
      const code = shortEscape(byte);
      if (code == 0) return -1;
      store<u8>(out++, <u8>code);
      continue;
    }
    let code = hexAt(at);
    if (code <= 0 || at + 4 > end) return -1;
    at += 4;
    if (code >= 0xd800 && code < 0xe000) {
      if (code >= 0xdc00 || load<u8>(at) != 0x5c || load<u8>(at, 1) != 0x75) return -1;
      const low = hexAt(at + 2);
      if (low < 0xdc00 || low >= 0xe000 || at + 6 > end) return -1;
      at += 6;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    out = writeCharacter(out, code);
  }
  return <i32>(out - to);
}

/** The whole number at `at`, `-?\d{1,18}`. */
@inline
export function integerAt(at: usize, bytes: i32): i64 {
  const negative = load<u8>(at) == 0x2d;
  const from = negative ? at + 1 : at;
  const value = <i64>appendDigits(0, from, negative ? bytes - 1 : bytes);
  return negative ? -value : value;
}

@inline
export function nullAt(column: usize, row: i32): void {
  clearBit(column, row);
}

/** A text with its length in front. */
@inline
export function appendText(column: usize, at: usize, bytes: i32): bool {
  const end = <usize>load<u32>(column, PENDING);
  const next = end + 4 + bytes;
  if (next + 32 > <usize>load<u32>(column, LIMIT)) return false;
  store<u32>(end, bytes);
  let from = at;
  for (let to = end + 4; to < next; to += 16) {
    v128.store(to, v128.load(from));
    from += 16;
  }
  store<u32>(column, <u32>next, PENDING);
  return true;
}

/** JSON has no minus zero here: it is written as 0. */
@inline
export function doubleAt(column: usize, value: f64): bool {
  const end = load<u32>(column, PENDING);
  store<f64>(end, value == 0 ? 0 : value);
  store<u32>(column, end + 8, PENDING);
  return true;
}

@inline
export function signedDoubleAt(column: usize, value: f64): bool {
  const end = load<u32>(column, PENDING);
  store<f64>(end, value);
  store<u32>(column, end + 8, PENDING);
  return true;
}

/** A whole number beyond 2^53, rounded once. */
export function longAt(column: usize, at: usize, bytes: i32): bool {
  const negative = load<u8>(at) == 0x2d;
  const digits = negative ? bytes - 1 : bytes;
  if (digits > 19) return false;
  const value = <f64>appendDigits(0, negative ? at + 1 : at, digits);
  return doubleAt(column, negative ? -value : value);
}

/** One byte a value: bits are made of them at last. */
@inline
export function boolAt(column: usize, value: bool): bool {
  const end = load<u32>(column, PENDING);
  store<u8>(end, <u8>value);
  store<u32>(column, end + 1, PENDING);
  return true;
}

/** Makes bits of `count` bytes, the first the lowest, in place. */
export function packBits(at: usize, count: i32): void {
  let to = at;
  let from = at;
  for (let left = count; left > 0; left -= 8) {
    let byte: u32 = 0;
    const some = min(left, 8);
    for (let bit = 0; bit < some; bit++) byte |= <u32>load<u8>(from++) << bit;
    store<u8>(to++, <u8>byte);
  }
}

// Flags of a column of dates.
/** It has digits beyond milliseconds. */
const FINE: u32 = 1;
/** A parser was asked. */
const ASKED: u32 = 2;
/** Year, month and day in this order, with hyphens: the kernel may read it. */
const ISO: u32 = 4;
/** Digits beyond milliseconds are dropped. */
const COARSE: u32 = 8;

@inline
function two(at: usize): i32 {
  const tens = <i32>load<u8>(at) - 0x30;
  const ones = <i32>load<u8>(at, 1) - 0x30;
  return <u32>tens < 10 && <u32>ones < 10 ? tens * 10 + ones : 100;
}

/** Days since 1970 (Hinnant's days_from_civil); not checked. */
@inline
function daysOf(year: i32, month: i32, day: i32): i32 {
  const y = month <= 2 ? year - 1 : year;
  const era = y / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}

@inline
function monthDays(year: i32, month: i32): i32 {
  if (month == 2) return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return 30 + ((month + (month >> 3)) & 1);
}

const NO_TIME: i64 = i64.MIN_VALUE;
let fine: bool = false;

/** Microseconds of `YYYY-MM-DD[T ]HH:MM[:SS[.f{1,6}]][Z]`; NO_TIME for all others. */
@inline
function microsOf(at: usize, bytes: i32): i64 {
  if (bytes < 10 || bytes > 27) return NO_TIME;
  const century = two(at);
  const rest = two(at + 2);
  const month = two(at + 5);
  const day = two(at + 8);
  const year = century * 100 + rest;
  if (century > 99 || rest > 99 || year == 0 || load<u8>(at, 4) != 0x2d || load<u8>(at, 7) != 0x2d) return NO_TIME;
  if (month < 1 || month > 12 || day < 1 || day > monthDays(year, month)) return NO_TIME;
  let micros = <i64>daysOf(year, month, day) * 86400000000;
  fine = false;
  if (bytes == 10) return micros;
  const mark = load<u8>(at, 10);
  if (bytes < 16 || (mark != 0x54 && mark != 0x20) || load<u8>(at, 13) != 0x3a) return NO_TIME;
  const hour = two(at + 11);
  const minute = two(at + 14);
  if (hour > 23 || minute > 59) return NO_TIME;
  micros += <i64>(hour * 60 + minute) * 60000000;
  let next = 16;
  if (bytes > 18 && load<u8>(at, 16) == 0x3a) {
    const second = two(at + 17);
    if (second > 59) return NO_TIME;
    micros += <i64>second * 1000000;
    next = 19;
    if (bytes > 20 && load<u8>(at, 19) == 0x2e) {
      const run = digitRun(at + 20);
      if (run == 0 || run > 6) return NO_TIME;
      let fraction = appendDigits(0, at + 20, run);
      for (let i = run; i < 6; i++) fraction *= 10;
      fine = fraction % 1000 != 0;
      micros += <i64>fraction;
      next = 20 + run;
    }
  }
  if (next == bytes) return micros;
  return next + 1 == bytes && load<u8>(at + next) == 0x5a ? micros : NO_TIME;
}

/** Writes the text if it is a date in ISO's form and the column takes that; what is so written is of kind DATE_LIKE. */
@inline
export function isoDate(column: usize, at: usize, bytes: i32): bool {
  const flags = load<u32>(column, FLAGS);
  if (!(flags & ISO)) return false;
  let micros = microsOf(at, bytes);
  if (micros == NO_TIME) return false;
  if (fine) {
    store<u32>(column, flags | FINE, FLAGS);
    if (flags & COARSE) micros -= ((micros % 1000) + 1000) % 1000;
  }
  writeDate(column, micros);
  return true;
}

/** Writes a date of any form; false when the text is none. */
@inline
export function dateCell(column: usize, index: i32, at: usize, bytes: i32): bool {
  if (isoDate(column, at, bytes)) return true;
  const millis = dateOf(index, at, bytes);
  if (isNaN(millis)) return false;
  store<u32>(column, load<u32>(column, FLAGS) | ASKED, FLAGS);
  writeDate(column, <i64>millis * 1000);
  return true;
}

/** As i32 days or, for a timestamp, as i64 microseconds. */
@inline
function writeDate(column: usize, micros: i64): void {
  const end = load<u32>(column, PENDING);
  if (load<u32>(column, TYPE) != DATE_TYPE) {
    store<i64>(end, micros);
    store<u32>(column, end + 8, PENDING);
    return;
  }
  const day: i64 = 86400000000;
  store<i32>(end, <i32>((micros - (((micros % day) + day) % day)) / day));
  store<u32>(column, end + 4, PENDING);
}
