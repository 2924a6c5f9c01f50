import { sqlName } from '../ports/engine.ts';
import type { Column } from '../tables/table.ts';
import type { MeasuredColumn } from './statistics-column.ts';
import type { Measuring } from './statistics-query.ts';

/** By column: columns before it that have the same value in every row. The sample names candidates, a scan of the two decides. */
export async function duplicatesOf(
  { session, part }: Pick<Measuring, 'session' | 'part'>,
  measured: readonly MeasuredColumn[],
  sample: readonly Column[],
): Promise<string[][]> {
  const groups = new Map<string, number[]>();
  const duplicates: string[][] = measured.map(() => []);
  for (const [i, column] of measured.entries()) {
    // Constant and empty columns are named as such.
    if (column.count === 0 || column.distinct?.count === 1) continue;
    const key = signature(column, sample[i]!);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    for (const earlier of group) {
      const other = measured[earlier]!;
      const [row] = await session.rows(
        `SELECT count(*) AS n FROM ${part} WHERE ${sqlName(column.name)} IS DISTINCT FROM ${sqlName(other.name)}`,
      );
      if (Number(row!['n']) > 0) continue;
      duplicates[i] = [...duplicates[earlier]!, other.name];
      break;
    }
    // One of each set of equal columns stands for all.
    if (duplicates[i]!.length === 0) group.push(i);
  }
  return duplicates;
}

function signature(column: MeasuredColumn, sample: Column): string {
  const { type, count, min, max, lengthSum } = column;
  let hash = 0;
  const mix = (word: number) => {
    hash = (Math.imul(hash, 31) + word) | 0;
  };
  if (sample.type !== 'string') new Int32Array(sample.values.slice().buffer).forEach(mix);
  else {
    // Codes are in order of first appearance in the file, not in the sample: equal columns have equal codes all the same.
    sample.codes.forEach(mix);
    for (const text of sample.dictionary.slice(0, 100))
      for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i));
  }
  return JSON.stringify([type, count, min, max, lengthSum, hash]);
}
