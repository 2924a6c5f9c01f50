/** Sketches as they are stored: arrays of float64 in base64, so that statistics stay plain and small JSON. */

/** Hashes kept by a distinct sketch: the relative standard error is 1/√4096, or 1.6 %. */
export const SKETCH_HASHES = 4096;
/** Hashes are cut to 53 bits, which a float64 holds exactly. */
export const HASH_BITS = 53;
const HASH_SPACE = 2 ** HASH_BITS;

const SAMPLE_ROWS_MAX = 4096;
const SAMPLE_ROWS_MIN = 256;
/** Values in the samples of all columns: 8 MB. */
const SAMPLE_VALUES = 1 << 20;

/** Rows in the sample of a table with so many columns. */
export function sampleRowsOf(columns: number): number {
  return Math.max(
    SAMPLE_ROWS_MIN,
    Math.min(SAMPLE_ROWS_MAX, Math.floor(SAMPLE_VALUES / Math.max(1, columns))),
  );
}

export function packed(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

export function unpacked(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/**
 * The smallest hashes of the distinct values of a column, ascending (k minimum values: Bar-Yossef et al. 2002). Every set of values has
 * one such sketch, however it was put together: merging is exact.
 */
export interface DistinctSketch {
  readonly hashes: Float64Array;
  /** No hash was left out: the sketch holds every distinct value. */
  readonly whole: boolean;
}

export function mergeSketches(a: DistinctSketch, b: DistinctSketch): DistinctSketch {
  // Above the last hash of a sketch that is not whole nothing is known of its values.
  const known = Math.min(reach(a), reach(b));
  const union = [...new Set([...a.hashes, ...b.hashes])]
    .filter((hash) => hash <= known)
    .sort((x, y) => x - y);
  const whole = a.whole && b.whole && union.length <= SKETCH_HASHES;
  return { hashes: Float64Array.from(union.slice(0, SKETCH_HASHES)), whole };
}

function reach({ hashes, whole }: DistinctSketch): number {
  return whole ? HASH_SPACE : (hashes.at(-1) ?? 0);
}

/** Distinct values: exact when the sketch is whole, else (k − 1) / (share of the hash space that the k hashes take). */
export function distinctOf({ hashes, whole }: DistinctSketch): number {
  if (whole || hashes.length < 2) return hashes.length;
  return Math.round((hashes.length - 1) / ((hashes.at(-1)! + 1) / HASH_SPACE));
}

/** Values with their counts, ascending by value. */
export interface WeightedValues {
  readonly values: Float64Array;
  readonly counts: Float64Array;
}

/** From values in any order; NaN (missing) is left out. */
export function weighted(values: Float64Array): WeightedValues {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return { values: sorted, counts: new Float64Array(sorted.length).fill(1) };
}

/** Quantiles by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996), of at least one value. */
export function quantilesOf({ values, counts }: WeightedValues, shares: readonly number[]): number[] {
  const ends = new Float64Array(counts.length);
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    total += counts[i]!;
    ends[i] = total;
  }
  const at = (rank: number) => values[firstAbove(ends, rank)]!;
  return shares.map((share) => {
    const position = (total - 1) * share;
    const low = Math.floor(position);
    const [a, b] = [at(low), at(Math.min(low + 1, total - 1))];
    return a + (b - a) * (position - low);
  });
}

/** Index of the first of the ascending numbers that is above `rank`. */
function firstAbove(ends: Float64Array, rank: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > rank) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Counts by bin of equal width; values outside of the edges are in none. */
export function binned({ values, counts }: WeightedValues, edges: readonly number[]): number[] {
  const [from, to, bins] = [edges[0]!, edges.at(-1)!, edges.length - 1];
  const width = (to - from) / bins;
  const result = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < from || value > to) continue;
    const bin = width > 0 ? Math.min(bins - 1, Math.floor((value - from) / width)) : 0;
    result[bin]! += counts[i]!;
  }
  return result;
}
