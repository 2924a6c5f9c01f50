import type { ColumnType } from '../tables/table.ts';
import { addPii, type PiiCounts } from './statistics-pii.ts';
import { mergeSketches, packed, unpacked } from './statistics-sketch.ts';
import type { ColumnStatistics } from './types.ts';

/** What is known of one column of one part, or of several parts together. Plain JSON. */
export interface MeasuredColumn extends ColumnStatistics {
  readonly count: number;
  readonly missing: number;
  /** Numeric kinds (dates in epoch milliseconds, booleans as 0 and 1); null for texts, without values, and where not finite. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Sum of squared distances from the mean. */
  readonly squares: number | null;
  /** Characters; texts only. */
  readonly lengthMin: number | null;
  readonly lengthMax: number | null;
  readonly lengthSum: number | null;
  /** Of a single part; null after a merge, where the sketch tells. */
  readonly distinct: { readonly count: number; readonly exact: boolean } | null;
  /** See `DistinctSketch`. */
  readonly hashes: string;
  readonly hashesWhole: boolean;
  /**
   * Values with their counts, most frequent first: numbers only when all distinct values are here, texts the most frequent ones.
   * Null: too many to say which are frequent.
   */
  readonly values: readonly (readonly [string | number, number])[] | null;
  /** A listed count may be too small by this, and a value that is not listed may occur so often. 0: the list is whole. */
  readonly valuesError: number;
  /** Numeric kinds: values of the sampled rows, NaN where missing. */
  readonly sample: string | null;
  /** Quantiles of all rows (1, 5, 25, 50, 75, 95, 99 %) and their histogram, where they were computed from all rows of one part. */
  readonly exact: {
    readonly quantiles: readonly number[];
    readonly histogram: { readonly edges: number[]; readonly counts: number[] };
  } | null;
  /** Of the sampled texts. */
  readonly pii: PiiCounts | null;
  /** Columns before this one that have the same value in every row. */
  readonly duplicateOf: readonly string[];
}

/** Values that are listed with their counts at most. */
export const VALUES_MAX = 1000;
/** Characters of a listed value. */
export const VALUE_CHARS_MAX = 200;

/** A column that a part does not have: all of its values are missing there. */
export function absentColumn(name: string, type: ColumnType, rows: number, sampled: number): MeasuredColumn {
  return {
    name,
    type,
    count: 0,
    missing: rows,
    min: null,
    max: null,
    mean: null,
    squares: null,
    lengthMin: null,
    lengthMax: null,
    lengthSum: null,
    distinct: { count: 0, exact: true },
    hashes: '',
    hashesWhole: true,
    values: [],
    valuesError: 0,
    sample: type === 'string' ? null : packed(new Float64Array(sampled).fill(Number.NaN)),
    exact: null,
    pii: null,
    duplicateOf: [],
  };
}

/**
 * One column over two parts.
 *
 * @param sampled which sampled rows of the two, one after the other, stay in the sample
 */
export function mergeColumns(a: MeasuredColumn, b: MeasuredColumn, sampled: Int32Array): MeasuredColumn {
  const sketch = mergeSketches(sketchOf(a), sketchOf(b));
  return {
    name: a.name,
    type: a.type,
    count: a.count + b.count,
    missing: a.missing + b.missing,
    min: combined(a.min, b.min, Math.min),
    max: combined(a.max, b.max, Math.max),
    ...mergedMoments(a, b),
    lengthMin: combined(a.lengthMin, b.lengthMin, Math.min),
    lengthMax: combined(a.lengthMax, b.lengthMax, Math.max),
    lengthSum: combined(a.lengthSum, b.lengthSum, (x, y) => x + y),
    // The other's values add nothing: what was counted stays.
    distinct: a.count === 0 ? b.distinct : b.count === 0 ? a.distinct : null,
    hashes: packed(sketch.hashes),
    hashesWhole: sketch.whole,
    ...mergedValues(a, b),
    sample: a.sample === null || b.sample === null ? null : mergedSample(a.sample, b.sample, sampled),
    exact: a.count === 0 ? b.exact : b.count === 0 ? a.exact : null,
    pii: a.pii === null ? b.pii : b.pii === null ? a.pii : addPii(a.pii, b.pii),
    duplicateOf:
      rowsOf(a) === 0
        ? b.duplicateOf
        : rowsOf(b) === 0
          ? a.duplicateOf
          : a.duplicateOf.filter((name) => b.duplicateOf.includes(name)),
  };
}

function rowsOf({ count, missing }: MeasuredColumn): number {
  return count + missing;
}

export function sketchOf({ hashes, hashesWhole }: MeasuredColumn) {
  return { hashes: unpacked(hashes), whole: hashesWhole };
}

function combined(a: number | null, b: number | null, how: (a: number, b: number) => number): number | null {
  return a === null ? b : b === null ? a : how(a, b);
}

/** Chan, Golub and LeVeque 1979: exact but for rounding, also where the parts lie far apart. */
function mergedMoments(a: MeasuredColumn, b: MeasuredColumn): Pick<MeasuredColumn, 'mean' | 'squares'> {
  if (a.count === 0) return { mean: b.mean, squares: b.squares };
  if (b.count === 0) return { mean: a.mean, squares: a.squares };
  if (a.mean === null || b.mean === null) return { mean: null, squares: null };
  const count = a.count + b.count;
  const apart = b.mean - a.mean;
  const between = (apart * apart * a.count * b.count) / count;
  const squares = a.squares === null || b.squares === null ? null : a.squares + b.squares + between;
  return { mean: a.mean + (apart * b.count) / count, squares };
}

/** Misra-Gries summaries add up: counts of the same value are added, and so are the errors (Agarwal et al. 2012). */
function mergedValues(a: MeasuredColumn, b: MeasuredColumn): Pick<MeasuredColumn, 'values' | 'valuesError'> {
  if (a.values === null || b.values === null) return { values: null, valuesError: 0 };
  const counts = new Map(a.values);
  for (const [value, count] of b.values) counts.set(value, (counts.get(value) ?? 0) + count);
  const values = [...counts].sort(mostFrequentFirst);
  const error = a.valuesError + b.valuesError;
  if (values.length <= VALUES_MAX) return { values, valuesError: error };
  if (a.type !== 'string') return { values: null, valuesError: 0 };
  return { values: values.slice(0, VALUES_MAX), valuesError: error + values[VALUES_MAX]![1] };
}

export function mostFrequentFirst(
  [a, m]: readonly [string | number, number],
  [b, n]: readonly [string | number, number],
): number {
  return n - m || (a < b ? -1 : a > b ? 1 : 0);
}

function mergedSample(a: string, b: string, sampled: Int32Array): string {
  const [first, second] = [unpacked(a), unpacked(b)];
  return packed(
    Float64Array.from(sampled, (row) => (row < first.length ? first[row]! : second[row - first.length]!)),
  );
}
