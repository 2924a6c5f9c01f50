/**
 * Kernel of loads of delimited text: as `lines-json.ts`, for records that `survey.ts` calls plain and whose fields fit. What kind a field
 * is, `survey.ts` says.
 */
import { closingQuote, kindOf, plainEnd } from './survey';
import {
  BATCH, batchFull, BOOLEAN_TYPE, CELL_SHIFT, cells, columnAt, columnCount, commit, COUNT_ONLY, DATE_LIKE, DATE_TYPE, EMPTY, END, endOf, FIT, INTEGER,
  INTEGER_TYPE, kinds, LONG, NUMBER, NUMBER_TYPE, pace, PENDING, PENDING_PRESENT, PRESENT, RECORD_BYTES_MAX, room, rowsLeft, scratch, setEnd,
  setStop, slowDown, speedUp, STOP_FULL, STOP_LIMIT, STOP_RECORD, STRING_TYPE, TYPE,
} from './lines-columns';
import { appendDigits, digitRun, exact, numberAt, scaled } from './lines-number';
import { appendText, boolAt, dateCell, integerAt, isoDate, longAt, nullAt, signedDoubleAt, tokens, tokenTable } from './lines-values';

const QUOTED: u32 = 1;

const QUOTE: i32 = 0x22;
const NEWLINE: i32 = 0x0a;
const RETURN: i32 = 0x0d;

/** Fields of the record that was cut last; 0 when it was an empty line. */
let fields: i32 = 0;

/** Cuts the record at `start` into the cells of row `row`. @returns behind its line end, or 0: it is not plain */
@inline
function cutRecord(start: usize, limit: usize, delimiter: i32, delimiters: v128, row: i32): usize {
  let at = start;
  let cell = cells + (<usize>row << 3);
  const last = cell + ((<usize>columnCount * BATCH) << 3);
  let byte: i32 = delimiter;
  while (byte == delimiter) {
    if (cell == last) return 0;
    let from = at;
    let facts: u32 = 0;
    if (load<u8>(at) == QUOTE) {
      from++;
      at = closingQuote(from, limit);
      if (at >= limit) return 0;
      facts = (<u32>(at - from) << CELL_SHIFT) | QUOTED;
      at++;
      byte = load<u8>(at);
      if (byte != delimiter && byte != NEWLINE && !(byte == RETURN && load<u8>(at, 1) == NEWLINE)) return 0;
    } else {
      at = plainEnd(v128.load(at), at, delimiters);
      byte = load<u8>(at);
      facts = <u32>(at - from) << CELL_SHIFT;
      if (at == start && byte != delimiter) {
        fields = 0;
        return at + (byte == RETURN ? 2 : 1);
      }
    }
    store<u32>(cell, <u32>from);
    store<u32>(cell, facts, 4);
    cell += BATCH << 3;
    at++;
  }
  if (cell != last) return 0;
  fields = columnCount;
  return byte == RETURN ? at + 1 : at;
}

@inline
function isSpace(byte: i32): bool {
  return byte == 0x20 || byte == 0x09;
}

/** A quoted text with its doubled quotes made one. @returns its bytes */
function unquoted(start: usize, bytes: i32): i32 {
  let to = scratch;
  const end = start + bytes;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    store<u8>(to++, byte);
    if (byte == QUOTE) at++;
  }
  return <i32>(to - scratch);
}

@inline
function writeText(column: usize, start: usize, facts: u32): bool {
  const bytes = <i32>(facts >> CELL_SHIFT);
  if (facts & QUOTED) return appendText(column, scratch, unquoted(start, bytes));
  return appendText(column, start, bytes);
}

/** Whole numbers by their digits, the rest as decimal numbers. */
@inline
function writeNumber(column: usize, kind: i32, start: usize, bytes: i32, whole: bool): bool {
  const sign = load<u8>(start);
  if (whole || kind == INTEGER) {
    if (bytes > 18 || sign == 0x2b) return false;
    const number = integerAt(start, bytes);
    if (!whole) return signedDoubleAt(column, <f64>number);
    const end = load<u32>(column, PENDING);
    store<i64>(end, number);
    store<u32>(column, end + 8, PENDING);
    return true;
  }
  if (kind == LONG) return sign != 0x2b && longAt(column, start, bytes);
  value = numberAt(start, start + bytes);
  return exact && signedDoubleAt(column, value);
}

let value: f64 = 0;

/** Whether [at, at + bytes) is `-?\d{1,15}\.\d+` with 19 digits at most, as most numbers are; then it is in `value`. */
@inline
function isDecimal(start: usize, bytes: i32): bool {
  const negative = load<u8>(start) == 0x2d;
  const at = negative ? start + 1 : start;
  const whole = digitRun(at);
  if (whole == 0 || whole > 15 || load<u8>(at + whole) != 0x2e) return false;
  let fraction = digitRun(at + whole + 1);
  if (fraction == 16) fraction += digitRun(at + whole + 17);
  if (at + whole + 1 + fraction != start + bytes) return false;
  // Zeros in front are no digits of the number.
  const zeros = whole == 1 && load<u8>(at) == 0x30 ? 1 : 0;
  if (fraction == 0 || whole - zeros + fraction > 19) return false;
  const digits = appendDigits(appendDigits(0, at, whole), at + whole + 1, fraction);
  const size = scaled(digits, -fraction);
  value = negative ? -size : size;
  return exact;
}

/** Whether it is a whole number of 15 digits at most and without zeros in front. */
@inline
function isInteger(start: usize, bytes: i32): bool {
  return bytes > 0 && bytes <= 15 && digitRun(start) == bytes && (bytes == 1 || load<u8>(start) != 0x30);
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
    const bytes = <i32>(facts >> CELL_SHIFT);
    // What nearly all fields of the type are.
    if (type == NUMBER_TYPE && load<u8>(fit + NUMBER) == 1 && isDecimal(start, bytes)) {
      store<u8>(kindsAt + row, <u8>NUMBER);
      signedDoubleAt(column, value);
      continue;
    }
    if (type == INTEGER_TYPE && isInteger(start, bytes)) {
      store<u8>(kindsAt + row, <u8>INTEGER);
      const end = load<u32>(column, PENDING);
      store<u64>(end, appendDigits(0, start, bytes));
      store<u32>(column, end + 8, PENDING);
      continue;
    }
    if (type == DATE_TYPE && isoDate(column, start, bytes)) {
      store<u8>(kindsAt + row, <u8>DATE_LIKE);
      continue;
    }
    const kind = bytes == 0 ? EMPTY : kindOf(v128.load(start), start, bytes, tokenTable, tokens);
    store<u8>(kindsAt + row, <u8>kind);
    const fits = load<u8>(fit + kind);
    if (fits == 2) {
      missing++;
      nullAt(column, row);
      continue;
    }
    if (fits == 0) return row;
    let done = true;
    if (type == STRING_TYPE) done = writeText(column, start, facts);
    else if (type != COUNT_ONLY) {
      let from = start;
      let to = start + bytes;
      while (isSpace(load<u8>(from))) from++;
      while (isSpace(load<u8>(to - 1))) to--;
      const length = <i32>(to - from);
      if (type == DATE_TYPE) done = fits == 3 && dateCell(column, index, from, length);
      else if (fits != 1) done = false;
      else if (type == BOOLEAN_TYPE) done = boolAt(column, length == 4);
      else done = writeNumber(column, kind, from, length, type == INTEGER_TYPE);
    }
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
export function loadCsv(start: usize, limit: usize, delimiter: i32): usize {
  const delimiters = i8x16.splat(<i8>delimiter);
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
      const end = cutRecord(next, limit, delimiter, delimiters, rows);
      if (end == 0 || end - next > RECORD_BYTES_MAX) {
        plain = false;
        break;
      }
      next = end;
      if (fields == 0) continue;
      setEnd(rows, end);
      rows++;
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
