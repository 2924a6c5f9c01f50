import { assert } from '../kernel/assert.ts';
import { absentColumn, type MeasuredColumn, mergeColumns } from './statistics-column.ts';
import { packed, sampleRowsOf, unpacked } from './statistics-sketch.ts';
import type { PartStatistics } from './types.ts';

export { measurePart } from './statistics-measure.ts';
export { profileOf } from './statistics-profile.ts';

/**
 * Statistics of the rows of both. Exact for rows, fingerprint, counts, missing, extremes, lengths and duplicates, for distinct values as
 * long as each sketch is whole, for values as long as their list is; moments up to rounding. The sample of rows is a uniform sample of
 * all rows whichever way it was merged. A column that only one of the two has is missing in all rows of the other.
 *
 * Associative up to rounding. Both must have been measured with the same hash and the same type for each common column.
 */
export function mergeStatistics(a: PartStatistics, b: PartStatistics): PartStatistics {
  assert(a.hash === b.hash, 'statistics of different hashes do not add up');
  if (a.rows === 0 && a.columns.length === 0) return b;
  if (b.rows === 0 && b.columns.length === 0) return a;
  const [keysA, keysB] = [unpacked(a.sampleKeys), unpacked(b.sampleKeys)];
  const names = [...new Set([...a.columns, ...b.columns].map(({ name }) => name))];
  const keys = Float64Array.from([...keysA, ...keysB]);
  // Above the last key of a sample that is not whole its part may have rows that nobody kept.
  const reach = Math.min(reachOf(keysA, a.rows), reachOf(keysB, b.rows));
  const sampled = Int32Array.from(keys.keys())
    .filter((row) => keys[row]! <= reach)
    .sort((x, y) => keys[x]! - keys[y]! || x - y)
    .slice(0, sampleRowsOf(names.length));
  const columns = names.map((name) => {
    const [left, right] = [columnOf(a, name), columnOf(b, name)];
    const { type } = left ?? right!;
    assert(left === undefined || right === undefined || left.type === right.type, `'${name}' has one type`);
    return mergeColumns(
      left ?? absentColumn(name, type, a.rows, keysA.length),
      right ?? absentColumn(name, type, b.rows, keysB.length),
      sampled,
    );
  });
  return {
    rows: a.rows + b.rows,
    fingerprint: hex64(BigInt(`0x${a.fingerprint}`) + BigInt(`0x${b.fingerprint}`)),
    hash: a.hash,
    sampleKeys: packed(Float64Array.from(sampled, (row) => keys[row]!)),
    columns,
  };
}

function reachOf(keys: Float64Array, rows: number): number {
  return keys.length >= rows ? Number.POSITIVE_INFINITY : (keys.at(-1) ?? Number.POSITIVE_INFINITY);
}

function columnOf(statistics: PartStatistics, name: string): MeasuredColumn | undefined {
  return statistics.columns.find((column) => column.name === name) as MeasuredColumn | undefined;
}

function hex64(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0');
}
