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
/** Neighbouring ranges that are joined at most. */
const JOINED_MAX = 5;

interface Scored {
  readonly slice: Slice;
  readonly z: number;
}

/**
 * Every single value, and every run of up to five neighbouring ranges, that is large enough, in the order of the columns. Joined
 * ranges share most of their rows, which Benjamini-Hochberg forgives (positive dependence), so they cost little power.
 */
export function enumerateSlices(columns: readonly SliceColumn[]): Slice[] {
  return columns.flatMap((column) => {
    const counts = new Float64Array(256);
    for (const code of column.codes) counts[code]!++;
    const found: Slice[] = [];
    for (let from = 0; from < column.labels.length; from++) {
      let rows = 0;
      for (let to = from; to <= lastJoined(column, from); to++) {
        rows += counts[to]!;
        if (!isLargeEnough(rows, column.codes.length)) continue;
        const label = from === to ? column.labels[from]! : rangeLabel(column.name, column.ranges!, from, to);
        found.push({ label, columns: [column.name], terms: [{ column, from, to }] });
      }
    }
    return found;
  });
}

function lastJoined({ ranges }: SliceColumn, from: number): number {
  if (ranges === undefined || from >= ranges.count) return from;
  // All ranges together are no slice: they say only that the value is there.
  const last = from === 0 ? ranges.count - 2 : ranges.count - 1;
  return Math.max(from, Math.min(last, from + JOINED_MAX - 1));
}

/**
 * Proposes pairs of values of two columns by looking at some of the rows only: the strongest that do not overlap, at most ten. They
 * must be tested on rows not searched.
 */
export function proposePairs(coarse: readonly SliceColumn[], all: SearchRows): Slice[] {
  const rows = searchedOnly(coarse, all);
  const total = totalOf(rows.losses);
  const contrast = (count: number, sum: number) => contrastOf(count, sum, total, all.margin);
  const strongest = rows.columns
    .map((column) => ({ column, z: bestSingle(column, rows.losses, contrast) }))
    .sort((x, y) => y.z - x.z)
    .slice(0, PAIRED_COLUMNS_MAX)
    .map(({ column }) => column);
  const found: Scored[] = [];
  for (let a = 0; a < strongest.length; a++) {
    for (let b = a + 1; b < strongest.length; b++) {
      found.push(...pairs(strongest[a]!, strongest[b]!, rows.losses, contrast));
    }
  }
  return withoutOverlaps(found.sort((x, y) => y.z - x.z || (x.slice.label < y.slice.label ? -1 : 1)));
}

/** A column with the codes of the searched rows only, in front of the whole one. */
interface SearchedColumn {
  readonly whole: SliceColumn;
  readonly codes: Uint8Array;
}

function searchedOnly(
  columns: readonly SliceColumn[],
  { losses, searched }: SearchRows,
): { columns: SearchedColumn[]; losses: Float64Array } {
  const keep = (_: number, row: number) => searched[row] === 1;
  return {
    columns: columns.map((whole) => ({ whole, codes: whole.codes.filter(keep) })),
    losses: losses.filter(keep),
  };
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

function totalOf(losses: Float64Array): Total {
  const rows = losses.length;
  let sum = 0;
  let squares = 0;
  for (const loss of losses) {
    sum += loss;
    squares += loss * loss;
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

function bestSingle({ whole, codes }: SearchedColumn, losses: Float64Array, contrast: Contrast): number {
  const counts = new Float64Array(256);
  const sums = new Float64Array(256);
  for (let row = 0; row < codes.length; row++) {
    counts[codes[row]!]!++;
    sums[codes[row]!]! += losses[row]!;
  }
  return whole.labels.reduce((best, _, code) => Math.max(best, contrast(counts[code]!, sums[code]!)), 0);
}

/** All pairs of a value of `a` with one of `b`, by one table of sums. */
function pairs(a: SearchedColumn, b: SearchedColumn, losses: Float64Array, contrast: Contrast): Scored[] {
  const width = b.whole.labels.length;
  const counts = new Float64Array(a.whole.labels.length * width);
  const sums = new Float64Array(counts.length);
  addPairs({ a: a.codes, b: b.codes, width, counts, sums }, losses);
  const found: Scored[] = [];
  for (let cell = 0; cell < counts.length; cell++) {
    const z = contrast(counts[cell]!, sums[cell]!);
    if (z < Z_MIN) continue;
    const [i, j] = [Math.floor(cell / width), cell % width];
    const terms = [
      { column: a.whole, from: i, to: i },
      { column: b.whole, from: j, to: j },
    ];
    const label = `${a.whole.labels[i]} and ${b.whole.labels[j]}`;
    found.push({ z, slice: { label, columns: [a.whole.name, b.whole.name], terms } });
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

function addPairs({ a, b, width, counts, sums }: PairTable, losses: Float64Array): void {
  for (let row = 0; row < a.length; row++) {
    if (a[row] === NO_CODE || b[row] === NO_CODE) continue;
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
