/** Kernels that turn float32 columns into bins. */

/**
 * Sorts `count` float32 values (no NaN) ascending in place: radix sort on order-preserving keys, three passes of 11 bits.
 *
 * @param spare room for `count` floats
 * @param counters 3 · 2048 · 4 bytes
 */
export function sortFloats(values: usize, spare: usize, count: u32, counters: usize): void {
  memory.fill(counters, 0, 3 << 13);
  const end = values + (<usize>count << 2);
  for (let at = values; at < end; at += 4) {
    const bits = load<u32>(at);
    const key = bits ^ ((<u32>(<i32>bits >> 31)) | 0x80000000);
    store<u32>(at, key);
    bump(counters, key & 2047);
    bump(counters + 8192, (key >>> 11) & 2047);
    bump(counters + 16384, key >>> 22);
  }
  for (let pass: usize = 0; pass < 3; pass++) prefixSums(counters + (pass << 13));
  scatter(values, spare, count, counters, 0);
  scatter(spare, values, count, counters + 8192, 11);
  scatter(values, spare, count, counters + 16384, 22);
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    const key = load<u32>(spare + i);
    store<u32>(values + i, key ^ (key >>> 31 ? 0x80000000 : 0xffffffff));
  }
}

@inline
function bump(counters: usize, digit: u32): void {
  const cell = counters + (<usize>digit << 2);
  store<u32>(cell, load<u32>(cell) + 1);
}

function prefixSums(counters: usize): void {
  let sum: u32 = 0;
  for (let i: usize = 0; i < 8192; i += 4) {
    const count = load<u32>(counters + i);
    store<u32>(counters + i, sum);
    sum += count;
  }
}

function scatter(from: usize, to: usize, count: u32, counters: usize, shift: u32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    const key = load<u32>(from + i);
    const cell = counters + (<usize>((key >>> shift) & 2047) << 2);
    const place = load<u32>(cell);
    store<u32>(cell, place + 1);
    store<u32>(to + (<usize>place << 2), key);
  }
}

/** Copies the values that are not NaN, of all rows or of the listed ones; returns how many. */
export function gatherPresent(column: usize, index: usize, count: u32, to: usize): u32 {
  let write = to;
  for (let i: u32 = 0; i < count; i++) {
    const row = index == 0 ? <usize>i : <usize>load<u32>(index + (<usize>i << 2));
    const value = load<f32>(column + (row << 2));
    store<f32>(write, value);
    write += <usize>i32(value == value) << 2;
  }
  return <u32>((write - to) >>> 2);
}

/**
 * Bins a column: the number of thresholds below the value, or `missingBin` for NaN. Returns the number of NaN.
 *
 * @param thresholds ascending float32, padded with +Infinity to 2 · half - 1 or more
 * @param half half of the power of two above the number of thresholds
 */
export function binColumn(
  column: usize, rows: u32, thresholds: usize, half: u32, missingBin: u32, bins: usize,
): u32 {
  let missing: u32 = 0;
  for (let i: usize = 0; i < <usize>rows; i++) {
    const value = load<f32>(column + (i << 2));
    let low: usize = 0;
    for (let step = <usize>half; step > 0; step >>= 1) {
      low += select<usize>(step, 0, load<f32>(thresholds + ((low + step - 1) << 2)) < value);
    }
    const absent = value != value;
    missing += u32(absent);
    store<u8>(bins + i, <u8>select<usize>(<usize>missingBin, low, absent));
  }
  return missing;
}

/** Interleaves four column-major columns, `rows` bytes each from `columns` on, into row-major words at `to`. */
export function packWord(columns: usize, rows: u32, columnBytes: usize, to: usize, stride: usize): void {
  const c1 = columns + columnBytes, c2 = c1 + columnBytes, c3 = c2 + columnBytes;
  for (let i: usize = 0; i < <usize>rows; i++, to += stride) {
    const word = <u32>load<u8>(columns + i) | (<u32>load<u8>(c1 + i) << 8) | (<u32>load<u8>(c2 + i) << 16) |
      (<u32>load<u8>(c3 + i) << 24);
    store<u32>(to, word);
  }
}

/** As `packWord` for one column. */
export function packByte(column: usize, rows: u32, to: usize, stride: usize): void {
  for (let i: usize = 0; i < <usize>rows; i++, to += stride) store<u8>(to, load<u8>(column + i));
}
