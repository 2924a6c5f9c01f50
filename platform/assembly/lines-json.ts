/**
 * Kernel of loads of NDJSON: cuts plain records into cells, says of each what kind it is (in the terms of `feeding/json-values.ts`, the
 * reference), and writes the values by column as Parquet's PLAIN encoding has them. Batches of records are cut first and then
 * written column by column, so that the loop over a column knows its type.
 *
 * Whatever is not plain (a key that is not known or comes twice, broken JSON, a value that does not fit its column) is left to the
 * caller: the kernel stops in front of that record. Bytes must be UTF-8.
 */
import { appendText, boolAt, dateCell, decoded, doubleAt, integerAt, kindOfText, longAt, nullAt, UNKNOWN } from './lines-values';
import { digitRun, exact, numberAt } from './lines-number';
import {
  BATCH, batchFull, BOOLEAN, cells, columnAt, columnCount, commit, COUNT_ONLY, CELL_SHIFT, DATE_TYPE, END, FIT, INTEGER,
  INTEGER_TYPE, BOOLEAN_TYPE, KEY, KEY_BYTES, KEY_MASK, kinds, LONG, NUMBER, NUMBER_TYPE, PENDING, PENDING_PRESENT, PRESENT, RECORD_BYTES_MAX, room,
  setStop, setEnd, endOf, pace, slowDown, speedUp, STAMP, STOP_FULL, STOP_LIMIT, STOP_RECORD, STRING_TYPE, TEXT, TYPE, EMPTY, rowsLeft, textOf, scratch,
} from './lines-columns';

const ABSENT: u32 = 0;
const DIGITS: u32 = 1;
const DECIMAL: u32 = 2;
const TRUE: u32 = 3;
const FALSE: u32 = 4;
const PLAIN: u32 = 5;
const ESCAPED: u32 = 6;
const NESTED: u32 = 7;

const QUOTE: i32 = 0x22;
const NEWLINE: i32 = 0x0a;

/** Columns whose key was seen in record `stamp` are marked with it. */
let stamp: u32 = 0;
/** Where and what the value was that was read last. */
let valueStart: usize = 0;
let valueFacts: u32 = 0;

@inline
function skipSpace(at: usize): usize {
  let byte = load<u8>(at);
  while (byte == 0x20 || byte == 0x09 || byte == 0x0d) byte = load<u8>(++at);
  return at;
}

/** The end of the string that begins at `from`, behind its quote: where its closing quote is; 0 when a control character comes first. */
@inline
function stringEnd(from: usize): usize {
  let at = from;
  valueFacts = PLAIN;
  let stops = stringStops(at);
  while (true) {
    while (stops == 0) stops = stringStops((at += 16));
    at += ctz(stops);
    if (load<u8>(at) != 0x5c) break;
    if (load<u8>(at, 1) == NEWLINE) return 0;
    valueFacts = ESCAPED;
    at += 2;
    stops = stringStops(at);
  }
  return load<u8>(at) == QUOTE ? at : 0;
}

/** Quotes, backslashes and control characters among the 16 bytes at `at`. */
@inline
function stringStops(at: usize): i32 {
  const v = v128.load(at);
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      i8x16.lt_u(v, i8x16.splat(0x20)),
    ),
  );
}

/** Behind the number at `at`; 0 when it is none. */
@inline
function numberEnd(from: usize): usize {
  let at = from;
  if (load<u8>(at) == 0x2d) at++;
  const whole = at;
  let run = digitRun(at);
  if (run == 0 || (run > 1 && load<u8>(at) == 0x30)) return 0;
  at += run;
  while (run == 16) at += run = digitRun(at);
  let byte = load<u8>(at);
  if (byte != 0x2e && (byte | 0x20) != 0x65) {
    // '-0' is a number that is not written with these characters.
    valueFacts = whole != from && load<u8>(whole) == 0x30 ? DECIMAL : DIGITS;
    return at;
  }
  valueFacts = DECIMAL;
  if (byte == 0x2e) {
    at++;
    run = digitRun(at);
    if (run == 0) return 0;
    at += run;
    while (run == 16) at += run = digitRun(at);
    byte = load<u8>(at);
  }
  if ((byte | 0x20) == 0x65) {
    at++;
    byte = load<u8>(at);
    if (byte == 0x2b || byte == 0x2d) at++;
    run = digitRun(at);
    if (run == 0) return 0;
    at += run;
    while (run == 16) at += run = digitRun(at);
  }
  return at;
}

/** Behind the array or object at `at`, by its brackets alone; 0 when the line ends first. */
function nestedEnd(from: usize): usize {
  let depth: i32 = 0;
  let at = from;
  for (;;) {
    const byte = load<u8>(at);
    if (byte == QUOTE) {
      at = stringEnd(at + 1);
      if (at == 0) return 0;
    } else if (byte == 0x7b || byte == 0x5b) depth++;
    else if (byte == 0x7d || byte == 0x5d) {
      depth--;
      if (depth == 0) {
        valueFacts = NESTED;
        return at + 1;
      }
    } else if (byte == NEWLINE) return 0;
    at++;
  }
  return unreachable();
}

/** Behind the value at `at`, which is left in `valueStart` and `valueFacts`; 0 when it is none. */
@inline
function valueEnd(at: usize): usize {
  const byte = load<u8>(at);
  let end: usize;
  if (byte == QUOTE) {
    valueStart = at + 1;
    end = stringEnd(at + 1);
    if (end == 0) return 0;
    valueFacts |= <u32>(end - valueStart) << CELL_SHIFT;
    return end + 1;
  }
  valueStart = at;
  if (byte == 0x2d || <u32>(byte - 0x30) < 10) end = numberEnd(at);
  else if (byte == 0x7b || byte == 0x5b) end = nestedEnd(at);
  else {
    const word = load<u32>(at);
    if (word == 0x65757274) {
      valueFacts = TRUE;
      end = at + 4;
    } else if (word == 0x736c6166 && load<u8>(at, 4) == 0x65) {
      valueFacts = FALSE;
      end = at + 5;
    } else if (word == 0x6c6c756e) {
      valueFacts = ABSENT;
      end = at + 4;
    } else return 0;
  }
  if (end != 0) valueFacts |= <u32>(end - at) << CELL_SHIFT;
  return end;
}

/** Whether the bytes at `at` are the column's key in quotes. */
@inline
function hasKey(at: usize, column: usize): bool {
  const bytes = load<u32>(column, KEY_BYTES);
  let key = <usize>load<u32>(column, KEY);
  let left = bytes;
  while (left > 16) {
    if (v128.any_true(v128.xor(v128.load(at), v128.load(key)))) return false;
    at += 16;
    key += 16;
    left -= 16;
  }
  const different = v128.xor(v128.load(at), v128.load(key));
  return !v128.any_true(v128.and(different, v128.load(load<u32>(column, KEY_MASK))));
}

/** The column of the key at `at`, tried from column `from` on; -1 when there is none. */
function findKey(at: usize, from: i32): i32 {
  const columns = columnCount;
  for (let i = 0; i < columns; i++) {
    let index = from + i;
    if (index >= columns) index -= columns;
    if (hasKey(at, columnAt(index))) return index;
  }
  return -1;
}

/** Cuts the record at `start` into the cells of row `row`. @returns behind its line end, or 0: it is not plain */
function cutRecord(start: usize, row: i32): usize {
  const columns = columnCount;
  let at = skipSpace(start);
  if (load<u8>(at) != 0x7b) return 0;
  at = skipSpace(at + 1);
  stamp++;
  let expected: i32 = 0;
  let seen: i32 = 0;
  let more = load<u8>(at) != 0x7d;
  if (!more) at++;
  else {
    // Not `for (;;)` with a break: AssemblyScript 0.28 takes it to be endless here.
    while (more) {
      if (expected == columns) expected = 0;
      if (load<u8>(at) != QUOTE) return 0;
      let column = columnAt(expected);
      if (!hasKey(at, column)) {
        expected = findKey(at, expected);
        if (expected < 0) return 0;
        column = columnAt(expected);
      }
      if (load<u32>(column, STAMP) == stamp) return 0;
      store<u32>(column, stamp, STAMP);
      at = skipSpace(at + load<u32>(column, KEY_BYTES));
      if (load<u8>(at) != 0x3a) return 0;
      at = valueEnd(skipSpace(at + 1));
      if (at == 0) return 0;
      const cell = cells + ((<usize>expected * BATCH + row) << 3);
      store<u32>(cell, <u32>valueStart);
      store<u32>(cell, valueFacts, 4);
      seen++;
      expected++;
      at = skipSpace(at);
      const byte = load<u8>(at++);
      if (byte == 0x2c) at = skipSpace(at);
      else if (byte == 0x7d) more = false;
      else return 0;
    }
  }
  at = skipSpace(at);
  if (load<u8>(at) != NEWLINE) return 0;
  if (seen < columns) {
    for (let i = 0; i < columns; i++) {
      if (load<u32>(columnAt(i), STAMP) != stamp) store<u64>(cells + ((<usize>i * BATCH + row) << 3), 0);
    }
  }
  return at + 1;
}

/** The kind of a cell; UNKNOWN where the caller must look. Escapes of a text are undone into `scratch`, a number is left in `number`. */
let number: f64 = 0;
let text: usize = 0;
let textBytes: i32 = 0;

@inline
function kindOfCell(start: usize, facts: u32): i32 {
  const bytes = <i32>(facts >> CELL_SHIFT);
  const form = facts & 7;
  if (form == PLAIN) {
    text = start;
    textBytes = bytes;
    return kindOfText(start, bytes);
  }
  if (form == DIGITS) {
    const digits = load<u8>(start) == 0x2d ? bytes - 1 : bytes;
    if (digits < 16) return INTEGER;
    if (digits > 16) return LONG;
    return abs(integerAt(start, bytes)) <= 9007199254740991 ? INTEGER : LONG;
  }
  if (form == DECIMAL) {
    number = numberAt(start, start + bytes);
    if (!exact) return UNKNOWN;
    return trunc(number) == number && abs(number) <= 9007199254740991 ? INTEGER : NUMBER;
  }
  if (form == ABSENT) return EMPTY;
  if (form == ESCAPED) {
    textBytes = decoded(start, bytes, scratch);
    if (textBytes < 0) return UNKNOWN;
    text = scratch;
    return kindOfText(scratch, textBytes);
  }
  return form == NESTED ? TEXT : BOOLEAN;
}

/** Writes the value of a cell of a text column; false where the caller must. */
@inline
function writeText(column: usize, start: usize, facts: u32): bool {
  const kind = facts & 7;
  if (kind >= PLAIN && kind != NESTED) return appendText(column, text, textBytes);
  const bytes = <i32>(facts >> CELL_SHIFT);
  if (kind == DIGITS || kind == TRUE || kind == FALSE) return appendText(column, start, bytes);
  const written = textOf(start, bytes, scratch);
  return written >= 0 && appendText(column, scratch, written);
}

/** Writes a number; false where the caller must. */
@inline
function writeNumber(column: usize, kind: i32, start: usize, facts: u32): bool {
  if ((facts & 7) != DIGITS) return doubleAt(column, number);
  if (kind == INTEGER) return doubleAt(column, <f64>integerAt(start, <i32>(facts >> CELL_SHIFT)));
  return longAt(column, start, <i32>(facts >> CELL_SHIFT));
}

@inline
function writeInteger(column: usize, start: usize, facts: u32): bool {
  const value = (facts & 7) == DIGITS ? integerAt(start, <i32>(facts >> CELL_SHIFT)) : <i64>number;
  const end = load<u32>(column, PENDING);
  store<i64>(end, value);
  store<u32>(column, end + 8, PENDING);
  return true;
}

/** Writes the cells of one column. @returns the first row that does not fit or is not plain, or `rows` */
@inline
function writeColumn(column: usize, index: i32, rows: i32, type: u32): i32 {
  const fit = <usize>load<u32>(column, FIT);
  const first = cells + ((<usize>index * BATCH) << 3);
  const kindsAt = kinds + <usize>index * BATCH;
  let missing: i32 = 0;
  for (let row = 0; row < rows; row++) {
    const start = <usize>load<u32>(first + (row << 3));
    const facts = load<u32>(first + (row << 3), 4);
    const kind = kindOfCell(start, facts);
    if (kind == UNKNOWN) return row;
    // Whether it is JSON, only the caller can say.
    if ((facts & 7) == NESTED && type != STRING_TYPE && textOf(start, facts >> CELL_SHIFT, scratch) < 0) return row;
    store<u8>(kindsAt + row, <u8>kind);
    const fits = load<u8>(fit + kind);
    if (fits == 2) {
      missing++;
      nullAt(column, row);
      continue;
    }
    if (fits == 0) return row;
    let done: bool;
    if (type == COUNT_ONLY) done = true;
    else if (type == DATE_TYPE) done = (facts & 7) >= PLAIN && (facts & 7) != NESTED && dateCell(column, index, text, textBytes);
    else if (fits != 1) done = false;
    else if (type == STRING_TYPE) done = writeText(column, start, facts);
    else if (type == NUMBER_TYPE) done = writeNumber(column, kind, start, facts);
    else if (type == INTEGER_TYPE) done = writeInteger(column, start, facts);
    else done = boolAt(column, (facts & 7) == TRUE);
    if (!done) return row;
  }
  store<u32>(column, load<u32>(column, PRESENT) + rows - missing, PENDING_PRESENT);
  return rows;
}

function writeColumns(wanted: i32): i32 {
  let rows = wanted;
  for (let index = 0; index < columnCount; index++) {
    const column = columnAt(index);
    store<u32>(column, load<u32>(column, END), PENDING);
    const type = load<u32>(column, TYPE);
    let done: i32;
    if (type == STRING_TYPE) done = writeColumn(column, index, rows, STRING_TYPE);
    else if (type == INTEGER_TYPE) done = writeColumn(column, index, rows, INTEGER_TYPE);
    else if (type == NUMBER_TYPE) done = writeColumn(column, index, rows, NUMBER_TYPE);
    else if (type == BOOLEAN_TYPE) done = writeColumn(column, index, rows, BOOLEAN_TYPE);
    else if (type == COUNT_ONLY) done = writeColumn(column, index, rows, COUNT_ONLY);
    else done = writeColumn(column, index, rows, DATE_TYPE);
    if (done < rows) {
      rows = done;
      // The columns before this one have too many rows now.
      index = -1;
    }
  }
  return rows;
}

/** Loads records from `at` on; `limit` is behind a line feed. @returns where it stopped; see STOP_… for why */
export function loadJson(start: usize, limit: usize): usize {
  let at = start;
  while (at < limit) {
    if (!room()) {
      setStop(STOP_FULL);
      return at;
    }
    const wanted = min(pace, rowsLeft());
    let rows: i32 = 0;
    let next = at;
    let plain = true;
    while (rows < wanted && next < limit && !batchFull(at, next)) {
      const began = skipSpace(next);
      if (load<u8>(began) == NEWLINE) {
        next = began + 1;
        continue;
      }
      const end = cutRecord(began, rows);
      if (end == 0 || end - began > RECORD_BYTES_MAX) {
        plain = false;
        break;
      }
      setEnd(rows, end);
      rows++;
      next = end;
    }
    const written = rows == 0 ? 0 : writeColumns(rows);
    commit(written, rows);
    if (written < rows || !plain) {
      slowDown();
      setStop(STOP_RECORD);
      return written == rows ? next : written == 0 ? at : endOf(written - 1);
    }
    speedUp();
    at = next;
  }
  setStop(STOP_LIMIT);
  return at;
}
