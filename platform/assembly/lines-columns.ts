/**
 * Columns that records are written to, in memory that the caller lays out: values as Parquet's PLAIN encoding has them (present ones
 * only), a bit per row that says whether there is one, and counts of kinds. A batch of rows counts when it is committed, not before.
 */

// Kinds of values: see `feeding/field-kind.ts`.
export const EMPTY: i32 = 0;
export const BLANK: i32 = 1;
export const INTEGER: i32 = 2;
export const PADDED: i32 = 3;
export const LONG: i32 = 4;
export const NUMBER: i32 = 5;
export const DATE_LIKE: i32 = 6;
export const TEXT: i32 = 7;
export const BOOLEAN: i32 = 8;
export const TOKEN: i32 = 9;

export const STRING_TYPE: u32 = 0;
export const INTEGER_TYPE: u32 = 1;
export const NUMBER_TYPE: u32 = 2;
export const BOOLEAN_TYPE: u32 = 3;
/** And 5, a timestamp. */
export const DATE_TYPE: u32 = 4;
/** Kinds are counted, nothing is written. */
export const COUNT_ONLY: u32 = 6;

// A column: 64 bytes of u32 at these offsets. `columns.ts` of the feeding room writes and reads the same.
export const TYPE: usize = 0;
/** Where its values begin, where the next goes, and where the next goes when the batch is committed. */
export const VALUES: usize = 4;
export const END: usize = 8;
export const PENDING: usize = 12;
/** Behind its room. */
export const LIMIT: usize = 16;
/** One bit a row, 1 where there is a value; all 1 to begin with. */
export const BITS: usize = 20;
/** One byte a kind: 0 does not fit, 1 fits, 2 means missing, 3 a parser says. */
export const FIT: usize = 24;
/** One u64 a kind. */
export const COUNTS: usize = 28;
/** The key in quotes, as it is written; its bytes with the quotes; a mask for its last 16 bytes. */
export const KEY: usize = 32;
export const KEY_BYTES: usize = 36;
export const KEY_MASK: usize = 40;
export const PRESENT: usize = 44;
export const PENDING_PRESENT: usize = 48;
export const FLAGS: usize = 52;
export const STAMP: usize = 56;

/** Records that are cut before their cells are written. */
export const BATCH: i32 = 128;
/** A batch ends behind this many bytes, and a record has no more. */
export const RECORD_BYTES_MAX: usize = 65536;
/** Cells hold the start of a text, and its bytes from this bit on. */
export const CELL_SHIFT: u32 = 3;

export const STOP_LIMIT: u32 = 0;
export const STOP_RECORD: u32 = 1;
export const STOP_FULL: u32 = 2;

export let columnCount: i32 = 0;
let columns: usize = 0;
/** 8 bytes for each column and record of a batch; and the kind of each. */
export let cells: usize = 0;
export let kinds: usize = 0;
/** For texts that are not written as they stand. */
export let scratch: usize = 0;
let rows: i32 = 0;
let rowsMax: i32 = 0;
let kindCount: i32 = 0;
let stop: u32 = 0;

/** How many records to cut at once: few after one that was not plain, because those cut behind it are cut again. */
export let pace: i32 = BATCH;

export function slowDown(): void {
  pace = 4;
}

export function speedUp(): void {
  pace = min(BATCH, pace << 1);
}

/** Fills `to` with the text of a value: a number that is written unusually, or nested JSON. @returns its bytes; -1: it is not JSON */
// @ts-ignore: decorator
@external("env", "textOf")
export declare function textOf(at: usize, bytes: i32, to: usize): i32;

/** Milliseconds of a date in a column; NaN when it is none. */
// @ts-ignore: decorator
@external("env", "dateOf")
export declare function dateOf(column: i32, at: usize, bytes: i32): f64;

export function useColumns(at: usize, count: i32, cellsAt: usize, kindsAt: usize, scratchAt: usize, most: i32, kindsEach: i32): void {
  columns = at;
  columnCount = count;
  cells = cellsAt;
  kinds = kindsAt;
  scratch = scratchAt;
  rowsMax = most;
  kindCount = kindsEach;
  rows = 0;
}

@inline
export function columnAt(index: i32): usize {
  return columns + (<usize>index << 6);
}

@inline
export function rowsLeft(): i32 {
  return rowsMax - rows;
}

@inline
export function batchFull(from: usize, at: usize): bool {
  return at - from >= RECORD_BYTES_MAX;
}

/** Whether every column has room for another batch. */
export function room(): bool {
  if (rows >= rowsMax) return false;
  for (let i = 0; i < columnCount; i++) {
    const column = columnAt(i);
    if (load<u32>(column, LIMIT) - load<u32>(column, END) < 2 * <u32>RECORD_BYTES_MAX + 8 * BATCH + 64) return false;
  }
  return true;
}

@inline
export function setStop(why: u32): void {
  stop = why;
}

export function stopped(): u32 {
  return stop;
}

export function rowsWritten(): i32 {
  return rows;
}

export function setRows(count: i32): void {
  rows = count;
}

/** No value in row `row` of the batch. */
@inline
export function clearBit(column: usize, row: i32): void {
  const at = rows + row;
  const byte = load<u32>(column, BITS) + (at >> 3);
  const bit: i32 = 1 << (at & 7);
  store<u8>(byte, <u8>(<i32>load<u8>(byte) & ~bit));
}

function setBits(column: usize, from: i32, to: i32): void {
  for (let at = from; at < to; at++) {
    const byte = load<u32>(column, BITS) + (at >> 3);
    const bit: i32 = 1 << (at & 7);
    store<u8>(byte, <u8>(<i32>load<u8>(byte) | bit));
  }
}

/** Counts the first `count` rows of a batch of `cut`, of which the others are dropped. */
export function commit(count: i32, cut: i32): void {
  for (let i = 0; i < columnCount; i++) {
    const column = columnAt(i);
    if (count > 0) {
      store<u32>(column, load<u32>(column, PENDING), END);
      store<u32>(column, load<u32>(column, PENDING_PRESENT), PRESENT);
    }
    const counts = <usize>load<u32>(column, COUNTS);
    const kindsAt = kinds + <usize>i * BATCH;
    for (let row = 0; row < count; row++) {
      const at = counts + (<usize>load<u8>(kindsAt + row) << 3);
      store<u64>(at, load<u64>(at) + 1);
    }
    if (count < cut) setBits(column, rows + count, rows + cut);
  }
  rows += count;
}

/** Where each record of the batch ends. */
let ends: usize = 0;

export function useEnds(at: usize): void {
  ends = at;
}

@inline
export function setEnd(row: i32, at: usize): void {
  store<u32>(ends + (<usize>row << 2), <u32>at);
}

@inline
export function endOf(row: i32): usize {
  return <usize>load<u32>(ends + (<usize>row << 2));
}
