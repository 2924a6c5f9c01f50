/**
 * Kernels of the histogram booster: every loop over rows or bins of a fit.
 *
 * All pointers are byte offsets into the imported memory, laid out by `estimators/booster/workspace.ts`. There is no
 * allocation and no state here. Two ideas carry the speed:
 *
 * - Gradient and hessian are quantised to integers and packed into one i64 (gradient in the high half, hessian, which is
 *   never negative, in the low half). One 64-bit add then accumulates both, sums are exact, and a sibling's histogram is
 *   the parent's minus the child's without any rounding.
 * - Bins are one byte. They are kept twice: row-major for building histograms (one cache line holds a row) and
 *   column-major for partitioning (one cache line holds 64 rows of the column that splits).
 *
 * Columns are stored in three widths of histogram (16, 64 and 256 entries), narrow first, four to a word, so that columns
 * with few values neither fill the first-level cache nor are scanned in vain.
 */

// Bytes of one column's histogram in each width.
const BYTES_16: usize = 128;
const BYTES_64: usize = 512;
const BYTES_256: usize = 2048;

/** Rows whose lines are fetched ahead together. */
const TOUCHED_ROWS: usize = 32;

@inline
function addTo(cell: usize, value: i64): void {
  store<i64>(cell, load<i64>(cell) + value);
}

@inline
function addRow16(row: usize, hist: usize, value: i64): void {
  const q = load<u32>(row);
  let cell = hist + ((q & 15) << 3);
  store<i64>(cell, load<i64>(cell) + value);
  cell = hist + (((q >>> 8) & 15) << 3);
  store<i64>(cell, load<i64>(cell, BYTES_16) + value, BYTES_16);
  cell = hist + (((q >>> 16) & 15) << 3);
  store<i64>(cell, load<i64>(cell, 2 * BYTES_16) + value, 2 * BYTES_16);
  cell = hist + ((q >>> 24) << 3);
  store<i64>(cell, load<i64>(cell, 3 * BYTES_16) + value, 3 * BYTES_16);
}

@inline
function addRow64(row: usize, hist: usize, value: i64): void {
  const q = load<u32>(row);
  let cell = hist + ((q & 255) << 3);
  store<i64>(cell, load<i64>(cell) + value);
  cell = hist + (((q >>> 8) & 255) << 3);
  store<i64>(cell, load<i64>(cell, BYTES_64) + value, BYTES_64);
  cell = hist + (((q >>> 16) & 255) << 3);
  store<i64>(cell, load<i64>(cell, 2 * BYTES_64) + value, 2 * BYTES_64);
  cell = hist + ((q >>> 24) << 3);
  store<i64>(cell, load<i64>(cell, 3 * BYTES_64) + value, 3 * BYTES_64);
}

@inline
function addRow256(row: usize, hist: usize, value: i64): void {
  let cell = hist + (<usize>load<u8>(row) << 3);
  store<i64>(cell, load<i64>(cell) + value);
  cell = hist + (<usize>load<u8>(row, 1) << 3);
  store<i64>(cell, load<i64>(cell, BYTES_256) + value, BYTES_256);
  cell = hist + (<usize>load<u8>(row, 2) << 3);
  store<i64>(cell, load<i64>(cell, 2 * BYTES_256) + value, 2 * BYTES_256);
  cell = hist + (<usize>load<u8>(row, 3) << 3);
  store<i64>(cell, load<i64>(cell, 3 * BYTES_256) + value, 3 * BYTES_256);
}

@inline
function addRow(
  bins: usize, row: usize, stride: usize, words16: i32, words64: i32, words256: i32, tail: i32, hist: usize, value: i64,
): void {
  let at = bins + row * stride;
  let cell = hist;
  for (let word = 0; word < words16; word++) {
    addRow16(at, cell, value);
    at += 4;
    cell += 4 * BYTES_16;
  }
  for (let word = 0; word < words64; word++) {
    addRow64(at, cell, value);
    at += 4;
    cell += 4 * BYTES_64;
  }
  for (let word = 0; word < words256; word++) {
    addRow256(at, cell, value);
    at += 4;
    cell += 4 * BYTES_256;
  }
  for (let i = 0; i < tail; i++) {
    addTo(cell + (<usize>load<u8>(at) << 3), value);
    at += 1;
    cell += BYTES_256;
  }
}

/**
 * Builds the histograms of all columns over rows `index[start..end)`, or over rows `start..end` when `index` is 0.
 *
 * @param words16 words of four columns with 16-entry histograms; likewise words64, words256; then `tail` columns of 256
 * @param histBytes size of the whole histogram, which is cleared first
 * @param touched four bytes that are overwritten
 */
export function buildHistogram(
  bins: usize, stride: usize, words16: i32, words64: i32, words256: i32, tail: i32,
  index: usize, start: u32, end: u32, packed: usize, hist: usize, histBytes: usize, touched: usize,
): void {
  memory.fill(hist, 0, histBytes);
  if (index == 0) {
    for (let row = <usize>start; row < <usize>end; row++) {
      addRow(bins, row, stride, words16, words64, words256, tail, hist, load<i64>(packed + (row << 3)));
    }
    return;
  }
  const stop = index + (<usize>end << 2);
  let at = index + (<usize>start << 2);
  while (at < stop) {
    const blockEnd = min(at + (TOUCHED_ROWS << 2), stop);
    touchRows(bins, stride, at, blockEnd, packed, touched);
    for (; at < blockEnd; at += 4) {
      const row = <usize>load<u32>(at);
      addRow(bins, row, stride, words16, words64, words256, tail, hist, load<i64>(packed + (row << 3)));
    }
  }
}

/**
 * Reads the lines the next rows are in. A row's update is a hundred instructions, so the processor looks only two or three rows
 * ahead and would wait for memory at each; this loop is short, so that a few dozen misses overlap. (There is no prefetch
 * instruction in WebAssembly.) The sum is stored so that the loads are not optimised away.
 */
@inline
function touchRows(bins: usize, stride: usize, from: usize, to: usize, packed: usize, touched: usize): void {
  let sum: u32 = 0;
  for (let at = from; at < to; at += 4) {
    const row = <usize>load<u32>(at);
    const first = bins + row * stride;
    sum += <u32>load<u8>(first) + <u32>load<u8>(first + stride - 1) + <u32>load<u8>(packed + (row << 3));
  }
  store<u32>(touched, sum);
}

/**
 * As `buildHistogram`, for a subset of the columns.
 *
 * @param columns `count` pairs of u32: column number, byte offset of its histogram
 */
export function buildHistogramOf(
  bins: usize, stride: usize, columns: usize, count: i32,
  index: usize, start: u32, end: u32, packed: usize, hist: usize, histBytes: usize,
): void {
  memory.fill(hist, 0, histBytes);
  const columnsEnd = columns + (<usize>count << 3);
  for (let i = start; i < end; i++) {
    const row = index == 0 ? <usize>i : <usize>load<u32>(index + (<usize>i << 2));
    const value = load<i64>(packed + (row << 3));
    const at = bins + row * stride;
    for (let column = columns; column < columnsEnd; column += 8) {
      const bin = <usize>load<u8>(at + load<u32>(column));
      addTo(hist + load<u32>(column, 4) + (bin << 3), value);
    }
  }
}

/** parent -= child, in place; `bytes` is a multiple of 16. */
export function subtractHistogram(parent: usize, child: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(parent + i, i64x2.sub(v128.load(parent + i), v128.load(child + i)));
  }
}

/**
 * Finds the best split of a leaf. Everything is in quantised units, so that
 * score = GL²/(HL + λ) + GR²/(HR + λ) differs from the true one by a factor that is the same for a whole tree.
 *
 * A column's value bins are 0…k, its missing bin k + 1. Candidate j < k puts bins ≤ j left and missing values on either
 * side; candidate k puts all values left and missing values right.
 *
 * @param columns `count` records of four u32: column number, byte offset of its histogram, k, 1 when it has missing values
 * @param hMin least hessian of a child (it carries the least rows, too)
 * @param out receives f64: score (0 when there is no split), column, j, missing left (0 or 1), GL, HL
 */
export function findSplit(
  hist: usize, columns: usize, count: i32, G: f64, H: f64, hMin: f64, lambda: f64, out: usize,
): void {
  const parent = (G * G) / (H + lambda);
  let best = parent * (1.0 + 1e-9) + 1e-300;
  let bestColumn: i32 = -1, bestBin: i32 = 0, bestLeft: i32 = 0;
  let bestSum: i64 = 0;
  const hMax = H - hMin;
  for (let i = 0; i < count; i++, columns += 16) {
    const column = load<i32>(columns);
    const cells = hist + load<u32>(columns, 4);
    const k = load<i32>(columns, 8);
    const missing: i64 = load<u32>(columns, 12) != 0 ? load<i64>(cells + (<usize>(k + 1) << 3)) : 0;
    let sum: i64 = 0;
    for (let j = 0; j < k; j++) {
      const cell = load<i64>(cells + (<usize>j << 3));
      if (cell == 0) continue;
      sum += cell;
      const HL = <f64>(<i32>sum);
      if (HL > hMax) break;
      if (HL >= hMin) {
        const GL = <f64>(<i32>(sum >> 32));
        const a = HL + lambda, b = H - HL + lambda, GR = G - GL;
        const den = a * b;
        const num = GL * GL * b + GR * GR * a;
        if (num > best * den) {
          best = num / den; bestColumn = column; bestBin = j; bestSum = sum; bestLeft = missing == 0 ? 2 : 0;
        }
      }
    }
    if (missing == 0) continue;
    // Candidate k with missing right is the mirror of nothing else; then all candidates with missing left.
    sum = missing;
    for (let j = 0; j < k; j++) {
      const cell = load<i64>(cells + (<usize>j << 3));
      if (cell == 0) continue;
      sum += cell;
      const HL = <f64>(<i32>sum);
      if (HL > hMax) break;
      if (HL >= hMin) {
        const GL = <f64>(<i32>(sum >> 32));
        const a = HL + lambda, b = H - HL + lambda, GR = G - GL;
        const den = a * b;
        const num = GL * GL * b + GR * GR * a;
        if (num > best * den) {
          best = num / den; bestColumn = column; bestBin = j; bestSum = sum; bestLeft = 1;
        }
      }
    }
    const HR = <f64>(<i32>missing), HL = H - HR;
    if (HR >= hMin && HL >= hMin) {
      const GR = <f64>(<i32>(missing >> 32)), GL = G - GR;
      const a = HL + lambda, b = HR + lambda;
      const num = GL * GL * b + GR * GR * a;
      if (num > best * (a * b)) {
        best = num / (a * b); bestColumn = column; bestBin = k; bestLeft = 0;
        bestSum = ((<i64>GL) << 32) + <i64>HL;
      }
    }
  }
  const HL = <f64>(<i32>bestSum);
  // Where no missing value was seen, a later one goes with the greater part.
  if (bestLeft == 2) bestLeft = i32(HL * 2.0 > H);
  store<f64>(out, bestColumn < 0 ? 0.0 : best - parent);
  store<f64>(out, <f64>bestColumn, 8);
  store<f64>(out, <f64>bestBin, 16);
  store<f64>(out, <f64>bestLeft, 24);
  store<f64>(out, <f64>(<i32>(bestSum >> 32)), 32);
  store<f64>(out, HL, 40);
}

@inline
function xorshift(state: u32): u32 {
  state ^= state << 13;
  state ^= state >>> 17;
  return state ^ (state << 5);
}

/**
 * As `findSplit`, but each column offers one threshold that is drawn at random between the least and the greatest bin that the leaf has
 * (extra trees). Missing values go to the side where they score better.
 *
 * @param seed of the draws
 */
export function drawSplit(
  hist: usize, columns: usize, count: i32, G: f64, H: f64, hMin: f64, lambda: f64, seed: u32, out: usize,
): void {
  const parent = (G * G) / (H + lambda);
  let best = parent * (1.0 + 1e-9) + 1e-300;
  let bestColumn: i32 = -1, bestBin: i32 = 0, bestLeft: i32 = 0;
  let bestSum: i64 = 0;
  let state = seed | 1;
  const hMax = H - hMin;
  for (let i = 0; i < count; i++, columns += 16) {
    const cells = hist + load<u32>(columns, 4);
    const k = load<i32>(columns, 8);
    state = xorshift(state);
    let low = 0, high = k;
    while (low < k && load<i64>(cells + (<usize>low << 3)) == 0) low++;
    while (high > low && load<i64>(cells + (<usize>high << 3)) == 0) high--;
    if (low >= high) continue;
    const j = low + <i32>((<u64>state * <u64>(high - low)) >>> 32);
    let sum: i64 = 0;
    for (let bin = low; bin <= j; bin++) sum += load<i64>(cells + (<usize>bin << 3));
    const missing: i64 = load<u32>(columns, 12) != 0 ? load<i64>(cells + (<usize>(k + 1) << 3)) : 0;
    for (let side = 0; side < 2; side++) {
      if (side == 1) {
        if (missing == 0) break;
        sum += missing;
      }
      const HL = <f64>(<i32>sum);
      if (HL < hMin || HL > hMax) continue;
      const GL = <f64>(<i32>(sum >> 32));
      const a = HL + lambda, b = H - HL + lambda, GR = G - GL;
      const num = GL * GL * b + GR * GR * a;
      if (num > best * (a * b)) {
        best = num / (a * b); bestColumn = load<i32>(columns); bestBin = j; bestSum = sum;
        bestLeft = missing == 0 ? 2 : side;
      }
    }
  }
  const HL = <f64>(<i32>bestSum);
  if (bestLeft == 2) bestLeft = i32(HL * 2.0 > H);
  store<f64>(out, bestColumn < 0 ? 0.0 : best - parent);
  store<f64>(out, <f64>bestColumn, 8);
  store<f64>(out, <f64>bestBin, 16);
  store<f64>(out, <f64>bestLeft, 24);
  store<f64>(out, <f64>(<i32>(bestSum >> 32)), 32);
  store<f64>(out, HL, 40);
}

/**
 * Stable in-place partition of `index[start..end)`: rows whose bin in `column` is ≤ `bin`, or equal to `leftBin`, come first.
 *
 * @param column column-major bins of the splitting column
 * @param leftBin the missing bin when missing values go left, else -1
 * @param spare room for end - start indices
 * @returns the end of the left part
 */
export function partition(
  column: usize, index: usize, start: u32, end: u32, bin: i32, leftBin: i32, spare: usize,
): u32 {
  let write = index + (<usize>start << 2);
  let other = spare;
  for (let at = write, stop = index + (<usize>end << 2); at < stop; at += 4) {
    const row = load<u32>(at);
    const value = <i32>load<u8>(column + <usize>row);
    const left = <usize>(i32(value <= bin) | i32(value == leftBin));
    store<u32>(write, row);
    store<u32>(other, row);
    write += left << 2;
    other += (1 - left) << 2;
  }
  memory.copy(write, spare, other - spare);
  return <u32>((write - index) >>> 2);
}

/** index[i] = i */
export function fillIndex(index: usize, rows: u32): void {
  for (let i: u32 = 0; i < rows; i++) store<u32>(index + (<usize>i << 2), i);
}

/** Exact sums of gradient and hessian over a leaf's rows; out receives two f64. */
export function sumLeaf(index: usize, start: u32, end: u32, gradient: usize, hessian: usize, out: usize): void {
  let G: f64 = 0, H: f64 = 0;
  for (let at = index + (<usize>start << 2), stop = index + (<usize>end << 2); at < stop; at += 4) {
    const row = <usize>load<u32>(at) << 2;
    G += <f64>load<f32>(gradient + row);
    H += <f64>load<f32>(hessian + row);
  }
  store<f64>(out, G);
  store<f64>(out, H, 8);
}

/** score[row] += value for the rows index[start..end). */
export function addToLeaf(index: usize, start: u32, end: u32, score: usize, value: f64): void {
  for (let at = index + (<usize>start << 2), stop = index + (<usize>end << 2); at < stop; at += 4) {
    const cell = score + (<usize>load<u32>(at) << 3);
    store<f64>(cell, load<f64>(cell) + value);
  }
}

/**
 * Adds a tree's output to scores by walking row-major bins; for rows that no leaf lists (held out or not sampled).
 *
 * @param nodes records of 32 bytes: i32 column (-1 leaf), bin, leftBin, left, right, (unused), f64 value
 * @param index rows to walk, or 0 for rows 0…count
 */
export function addTree(
  bins: usize, stride: usize, nodes: usize, index: usize, count: u32, score: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = index == 0 ? <usize>i : <usize>load<u32>(index + (<usize>i << 2));
    const at = bins + row * stride;
    let node = nodes;
    let column = load<i32>(node);
    while (column >= 0) {
      const value = <i32>load<u8>(at + <usize>column);
      const left = value <= load<i32>(node, 4) || value == load<i32>(node, 8);
      node = nodes + (<usize>(left ? load<u32>(node, 12) : load<u32>(node, 16)) << 5);
      column = load<i32>(node);
    }
    const cell = score + (row << 3);
    store<f64>(cell, load<f64>(cell) + load<f64>(node, 24));
  }
}
