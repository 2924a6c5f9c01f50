import { isLargeEnough, NO_CODE, rangeLabel, SLICE_LIMITS, type SliceColumn } from './slice-columns.ts';

/** Rows named by a condition on one or two columns. */
export interface Slice {
  readonly label: string;
  readonly columns: readonly string[];
  readonly terms: readonly { readonly column: SliceColumn; readonly from: number; readonly to: number }[];
}

export interface SearchRows {
  /** Loss per row of the whole table. */
  readonly losses: Float64Array;
  /** 1 where the row may be looked at while searching. */
  readonly searched: Uint8Array;
  /** A slice worth proposing is worse by this at least. */
  readonly margin: number;
}

/** Columns whose pairs are searched: those with the strongest single contrasts. */
const PAIRED_COLUMNS_MAX = 40;
/** Proposals to be tested on the other rows; each costs significance for all. */
const PROPOSALS_MAX = 10;
/** Standard errors below which a contrast is not worth proposing. */
const Z_MIN = 2.5;
const OVERLAP_MAX = 0.5;

interface Scored {
  readonly slice: Slice;
  readonly z: number;
  readonly rows: number;
}

/** Every single value or range that is large enough, in the order of the columns. */
export function enumerateSlices(columns: readonly SliceColumn[]): Slice[] {
  return columns.flatMap((column) => {
    const counts = new Float64Array(256);
    for (const code of column.codes) counts[code]!++;
    return column.labels.flatMap((label, code) =>
      isLargeEnough(counts[code]!, column.codes.length)
        ? [{ label, columns: [column.name], terms: [{ column, from: code, to: code }] }]
        : [],
    );
  });
}

/**
 * Proposes slices by looking at some of the rows only: joined neighbouring ranges of one column (of `fine`) and pairs of values of
 * two columns (of `coarse`). The strongest that do not overlap, at most ten. They must be tested on rows not searched.
 */
export function proposeSlices(
  fine: readonly SliceColumn[],
  coarse: readonly SliceColumn[],
  rows: SearchRows,
): Slice[] {
  const total = totalOf(rows);
  const contrast = (count: number, sum: number) => contrastOf(count, sum, total, rows.margin);
  const strongest = [...coarse]
    .map((column) => ({ column, z: bestSingle(column, rows, contrast) }))
    .sort((a, b) => b.z - a.z)
    .slice(0, PAIRED_COLUMNS_MAX)
    .map(({ column }) => column);
  const found = fine.flatMap((column) => joinedRanges(column, rows, contrast));
  for (let a = 0; a < strongest.length; a++) {
    for (let b = a + 1; b < strongest.length; b++) {
      found.push(...pairs(strongest[a]!, strongest[b]!, rows, contrast));
    }
  }
  return withoutOverlaps(found.sort((a, b) => b.z - a.z || (a.slice.label < b.slice.label ? -1 : 1)));
}

/** 1 where a row is in the slice. */
export function maskOf(slice: Slice): Uint8Array {
  const mask = new Uint8Array(slice.terms[0]!.column.codes.length).fill(1);
  for (const { column, from, to } of slice.terms) {
    const { codes } = column;
    for (let row = 0; row < mask.length; row++) if (codes[row]! < from || codes[row]! > to) mask[row] = 0;
  }
  return mask;
}

/** Rows in both, as a share of the smaller, and of all rows in either (Jaccard). */
export function overlapOf(a: Uint8Array, b: Uint8Array): { ofSmaller: number; jaccard: number } {
  let inA = 0;
  let inB = 0;
  let both = 0;
  for (let row = 0; row < a.length; row++) {
    inA += a[row]!;
    inB += b[row]!;
    both += a[row]! & b[row]!;
  }
  return { ofSmaller: both / Math.max(1, Math.min(inA, inB)), jaccard: both / Math.max(1, inA + inB - both) };
}

interface Total {
  readonly rows: number;
  readonly sum: number;
  readonly variance: number;
}

type Contrast = (count: number, sum: number) => number;

function totalOf({ losses, searched }: SearchRows): Total {
  let rows = 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < losses.length; row++) {
    if (searched[row] === 0) continue;
    rows++;
    sum += losses[row]!;
    squares += losses[row]! * losses[row]!;
  }
  return { rows, sum, variance: rows < 2 ? 0 : (squares - (sum * sum) / rows) / (rows - 1) };
}

/** Standard errors by which a slice is worse than its complement; 0 where it is too small or not worse by the margin. */
function contrastOf(count: number, sum: number, total: Total, margin: number): number {
  const rest = total.rows - count;
  if (count < SLICE_LIMITS.rowsMin || !isLargeEnough(count, total.rows) || total.variance <= 0) return 0;
  const difference = sum / count - (total.sum - sum) / rest;
  if (difference < margin) return 0;
  return difference / Math.sqrt(total.variance * (1 / count + 1 / rest));
}

function bestSingle(column: SliceColumn, rows: SearchRows, contrast: Contrast): number {
  const { counts, sums } = tally(column, rows);
  let best = 0;
  for (let code = 0; code < column.labels.length; code++)
    best = Math.max(best, contrast(counts[code]!, sums[code]!));
  return best;
}

function tally(
  { codes }: SliceColumn,
  { losses, searched }: SearchRows,
): { counts: Float64Array; sums: Float64Array } {
  const counts = new Float64Array(256);
  const sums = new Float64Array(256);
  for (let row = 0; row < codes.length; row++) {
    if (searched[row] === 0) continue;
    counts[codes[row]!]!++;
    sums[codes[row]!]! += losses[row]!;
  }
  return { counts, sums };
}

/** All runs of two or more neighbouring ranges. */
function joinedRanges(column: SliceColumn, rows: SearchRows, contrast: Contrast): Scored[] {
  const { ranges, name } = column;
  if (ranges === undefined) return [];
  const { counts, sums } = tally(column, rows);
  const found: Scored[] = [];
  for (let from = 0; from < ranges.count; from++) {
    let count = counts[from]!;
    let sum = sums[from]!;
    for (let to = from + 1; to < ranges.count && to - from < ranges.count - 1; to++) {
      count += counts[to]!;
      sum += sums[to]!;
      const z = contrast(count, sum);
      if (z < Z_MIN) continue;
      const label = rangeLabel(name, ranges, from, to);
      found.push({ z, rows: count, slice: { label, columns: [name], terms: [{ column, from, to }] } });
    }
  }
  return found;
}

/** All pairs of a value of `a` with one of `b`, by one table of sums. */
function pairs(a: SliceColumn, b: SliceColumn, rows: SearchRows, contrast: Contrast): Scored[] {
  const width = b.labels.length;
  const counts = new Float64Array(a.labels.length * width);
  const sums = new Float64Array(counts.length);
  addPairs({ a: a.codes, b: b.codes, width, counts, sums }, rows);
  const found: Scored[] = [];
  for (let cell = 0; cell < counts.length; cell++) {
    const z = contrast(counts[cell]!, sums[cell]!);
    if (z < Z_MIN) continue;
    const [i, j] = [Math.floor(cell / width), cell % width];
    const terms = [
      { column: a, from: i, to: i },
      { column: b, from: j, to: j },
    ];
    const label = `${a.labels[i]} and ${b.labels[j]}`;
    found.push({ z, rows: counts[cell]!, slice: { label, columns: [a.name, b.name], terms } });
  }
  return found;
}

interface PairTable {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly width: number;
  readonly counts: Float64Array;
  readonly sums: Float64Array;
}

function addPairs({ a, b, width, counts, sums }: PairTable, { losses, searched }: SearchRows): void {
  for (let row = 0; row < a.length; row++) {
    if (searched[row] === 0 || a[row] === NO_CODE || b[row] === NO_CODE) continue;
    const cell = a[row]! * width + b[row]!;
    counts[cell]!++;
    sums[cell]! += losses[row]!;
  }
}

function withoutOverlaps(sorted: readonly Scored[]): Slice[] {
  const chosen: { slice: Slice; mask: Uint8Array }[] = [];
  // Far more are never needed: overlapping ones crowd at the top.
  for (const { slice } of sorted.slice(0, 40 * PROPOSALS_MAX)) {
    if (chosen.length === PROPOSALS_MAX) break;
    const mask = maskOf(slice);
    if (chosen.every((other) => overlapOf(other.mask, mask).jaccard < OVERLAP_MAX))
      chosen.push({ slice, mask });
  }
  return chosen.map(({ slice }) => slice);
}
