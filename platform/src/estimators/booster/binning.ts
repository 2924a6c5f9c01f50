import { createRng } from '../../kernel/rng.ts';
import type { Feature } from '../../tables/features.ts';
import type { Arena, Pointer } from './kernels.ts';
import { chooseThresholds } from './thresholds.ts';

/** Thresholds of more rows than this are chosen on a stratified sample of them. */
const THRESHOLD_ROWS_MAX = 200_000;
const COUNTER_BYTES = 3 * 2048 * 4;
/** Entries of a histogram, and the bytes it takes, in each of the three widths. */
const WIDTHS = [16, 64, 256] as const;

/** A column as it is stored: the storage order is narrow histograms first. */
export interface StoredColumn {
  /** Index among the model's features. */
  readonly feature: number;
  readonly thresholds: Float32Array;
  readonly hasMissing: boolean;
  /** Byte offset of the column's histogram within a leaf's. */
  readonly histOffset: number;
}

export interface BinLayout {
  readonly columns: readonly StoredColumn[];
  readonly words16: number;
  readonly words64: number;
  readonly words256: number;
  /** 256-entry columns beyond the last full word. */
  readonly tail: number;
  readonly histBytes: number;
}

export interface BinnedRows {
  /** Row-major, `stride` bytes a row. */
  readonly rowMajor: Pointer;
  readonly stride: number;
}

export interface BinnedTraining extends BinnedRows {
  readonly layout: BinLayout;
  /** Column c starts at columnMajor + c · columnBytes. */
  readonly columnMajor: Pointer;
  readonly columnBytes: number;
}

/** A feature as float32: numbers as they are, categories as their index in `order` (NaN when they have none). */
export function featureValues(feature: Feature, order: readonly string[] | undefined): Float32Array {
  if (feature.kind === 'numeric') return feature.values;
  const place = new Map((order ?? []).map((category, i) => [category, i]));
  const byCode = Float32Array.from(feature.categories, (category) => place.get(category) ?? Number.NaN);
  const values = new Float32Array(feature.codes.length);
  for (let i = 0; i < values.length; i++) {
    const code = feature.codes[i]!;
    values[i] = code < 0 ? Number.NaN : byCode[code]!;
  }
  return values;
}

/** Chooses thresholds, leaves out columns that cannot split, and bins the rest in both orders. */
export function binTraining(
  arena: Arena,
  columns: readonly Float32Array[],
  options: { readonly rows: number; readonly binsMax: number; readonly seed: number },
): BinnedTraining {
  const { rows } = options;
  const scratch = arena.take(rows * 4);
  const chosen = thresholdsOfAll(arena, columns, scratch, options);
  const layout = layOut(chosen);
  const columnBytes = Math.ceil(rows / 64) * 64;
  const columnMajor = arena.take(layout.columns.length * columnBytes);
  const stride = layout.columns.length;
  const rowMajor = arena.take(rows * stride + 8);
  const thresholds = arena.take(256 * 4);
  layout.columns.forEach((column, c) => {
    arena.float32(scratch, rows).set(columns[column.feature]!);
    binOne(arena, { column, rows, scratch, thresholds, to: columnMajor + c * columnBytes });
  });
  const words = layout.words16 + layout.words64 + layout.words256;
  for (let w = 0; w < words; w++) {
    const from = columnMajor + 4 * w * columnBytes;
    arena.kernels.packWord(from, rows, columnBytes, rowMajor + 4 * w, stride);
  }
  for (let c = 4 * words; c < layout.columns.length; c++) {
    arena.kernels.packByte(columnMajor + c * columnBytes, rows, rowMajor + c, stride);
  }
  return { layout, columnMajor, columnBytes, rowMajor, stride };
}

/** Bins further rows (held out for early stopping) with the thresholds of the training rows. */
export function binHeldOut(
  arena: Arena,
  columns: readonly Float32Array[],
  layout: BinLayout,
  rows: number,
): BinnedRows {
  const stride = layout.columns.length;
  const rowMajor = arena.take(rows * stride + 8);
  const scratch = arena.take(rows * 4);
  const bins = arena.take(rows);
  const thresholds = arena.take(256 * 4);
  layout.columns.forEach((column, c) => {
    arena.float32(scratch, rows).set(columns[column.feature]!);
    binOne(arena, { column, rows, scratch, thresholds, to: bins });
    arena.kernels.packByte(bins, rows, rowMajor + c, stride);
  });
  return { rowMajor, stride };
}

interface ChosenColumn {
  readonly feature: number;
  readonly thresholds: Float32Array;
  readonly hasMissing: boolean;
}

function thresholdsOfAll(
  arena: Arena,
  columns: readonly Float32Array[],
  scratch: Pointer,
  options: { readonly rows: number; readonly binsMax: number; readonly seed: number },
): ChosenColumn[] {
  const { rows, binsMax } = options;
  const sampled = Math.min(rows, THRESHOLD_ROWS_MAX);
  const index = sampled < rows ? sampleRows(arena, rows, sampled, options.seed) : 0;
  const values = arena.take(sampled * 4 + 8);
  const spare = arena.take(sampled * 4);
  const counters = arena.take(COUNTER_BYTES);
  const chosen: ChosenColumn[] = [];
  columns.forEach((column, feature) => {
    arena.float32(scratch, rows).set(column);
    const present = arena.kernels.gatherPresent(scratch, index, sampled, values) >>> 0;
    arena.kernels.sortFloats(values, spare, present, counters);
    const thresholds = chooseThresholds(arena.float32(values, present), binsMax);
    const missing = countMissing(column);
    const splits = thresholds.length > 0 || (missing > 0 && missing < rows);
    if (splits) chosen.push({ feature, thresholds, hasMissing: missing > 0 });
  });
  return chosen;
}

function countMissing(column: Float32Array): number {
  let missing = 0;
  for (let i = 0; i < column.length; i++) if (Number.isNaN(column[i]!)) missing++;
  return missing;
}

/** One row of each of `count` equal strata, ascending. */
function sampleRows(arena: Arena, rows: number, count: number, seed: number): Pointer {
  const pointer = arena.take(count * 4);
  const index = arena.int32(pointer, count);
  const rng = createRng(seed);
  for (let i = 0; i < count; i++) index[i] = Math.floor(((i + rng.next()) * rows) / count);
  return pointer;
}

/** Orders columns by width, four to a word; what does not fill a word is stored one width wider. */
function layOut(chosen: readonly ChosenColumn[]): BinLayout {
  const groups: ChosenColumn[][] = WIDTHS.map(() => []);
  for (const column of chosen) {
    const entries = column.thresholds.length + 2;
    groups[WIDTHS.findIndex((width) => entries <= width)]!.push(column);
  }
  for (let w = 0; w < 2; w++) {
    const group = groups[w]!;
    groups[w + 1]!.unshift(...group.splice(group.length - (group.length % 4)));
  }
  const columns: StoredColumn[] = [];
  let histOffset = 0;
  groups.forEach((group, w) => {
    for (const column of group) {
      columns.push({ ...column, histOffset });
      histOffset += WIDTHS[w]! * 8;
    }
  });
  const wide = groups[2]!.length;
  return {
    columns,
    words16: groups[0]!.length / 4,
    words64: groups[1]!.length / 4,
    words256: Math.floor(wide / 4),
    tail: wide % 4,
    histBytes: histOffset,
  };
}

function binOne(
  arena: Arena,
  job: {
    readonly column: StoredColumn;
    readonly rows: number;
    readonly scratch: Pointer;
    readonly thresholds: Pointer;
    readonly to: Pointer;
  },
): void {
  const k = job.column.thresholds.length;
  let half = 1;
  while (2 * half <= k) half *= 2;
  const padded = arena.float32(job.thresholds, 256);
  padded.fill(Number.POSITIVE_INFINITY);
  padded.set(job.column.thresholds);
  arena.kernels.binColumn(job.scratch, job.rows, job.thresholds, half, k + 1, job.to);
}
