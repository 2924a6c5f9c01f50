import { sqlName } from '../ports/engine.ts';
import type { Column } from '../tables/table.ts';
import { type MeasuredColumn, mostFrequentFirst, VALUE_CHARS_MAX, VALUES_MAX } from './statistics-column.ts';

import { binEdges, QUANTILE_SHARES } from './statistics-profile.ts';
import { asNumber, type IndexedColumn, type Measuring, numbersOf } from './statistics-query.ts';
import { type RowSample, sampledFacts } from './statistics-sample.ts';
import { distinctOf, packed, SKETCH_HASHES } from './statistics-sketch.ts';

export type ValueFacts = Pick<
  MeasuredColumn,
  'distinct' | 'hashes' | 'hashesWhole' | 'values' | 'valuesError' | 'sample' | 'exact' | 'pii'
>;

/** Distinct values are counted exactly up to this; above, a sketch estimates them. */
const EXACT_DISTINCT_MAX = 100_000;
/** Quantiles and histogram are computed from all rows up to this many. */
const EXACT_ROWS_MAX = 200_000;

interface Request {
  readonly column: IndexedColumn;
  readonly base: MeasuredColumn;
  readonly sample: RowSample;
}

/** Distinct values, frequencies, sample and picture of one column. */
export async function measureValues(measuring: Measuring, request: Request): Promise<ValueFacts> {
  const { column, base, sample } = request;
  const sampled = sample.columns[column.index]!;
  const facts = sampledFacts(sampled);
  if (sample.hashes !== undefined) {
    return { ...fromAllRows(sampled, sample.hashes[column.index]!, column.type), ...facts, exact: null };
  }
  const distinct = likelyDistinct(sampled, base.count);
  const values = distinct > EXACT_DISTINCT_MAX ? undefined : await grouped(measuring, column, base.missing);
  const known = values ?? (await sketched(measuring, column, { likely: distinct, missing: base.missing }));
  const exact = await pictureOfAll(measuring, column, { ...base, ...known });
  return { ...known, ...facts, exact };
}

/** Few rows: nothing is left to ask. */
function fromAllRows(
  column: Column,
  hashes: Float64Array,
  type: Column['type'],
): Omit<ValueFacts, 'sample' | 'exact' | 'pii'> {
  const counts = new Map<string | number, number>();
  const present = new Set<number>();
  for (let row = 0; row < hashes.length; row++) {
    const value = column.type === 'string' ? column.codes[row]! : column.values[row]!;
    if (column.type === 'string' ? value === -1 : Number.isNaN(value)) continue;
    counts.set(value, (counts.get(value) ?? 0) + 1);
    present.add(hashes[row]!);
  }
  const sorted = Float64Array.from(present).sort();
  const listed: [string | number, number][] = [...counts].map(([value, count]) => [
    shown(column, value),
    count,
  ]);
  return {
    distinct: { count: counts.size, exact: true },
    hashes: packed(sorted.slice(0, SKETCH_HASHES)),
    hashesWhole: sorted.length <= SKETCH_HASHES,
    ...listOf(type, listed),
  };
}

function shown(column: Column, value: string | number): string | number {
  if (column.type === 'string') return column.dictionary[Number(value)]!.slice(0, VALUE_CHARS_MAX);
  return value;
}

/** @param listed all values of the column, or more than `VALUES_MAX` of the most frequent ones */
function listOf(
  type: Column['type'],
  listed: readonly (readonly [string | number, number])[],
): Pick<ValueFacts, 'values' | 'valuesError'> {
  const sorted = [...listed].sort(mostFrequentFirst);
  if (sorted.length <= VALUES_MAX) return { values: named(type, sorted), valuesError: 0 };
  if (type !== 'string') return { values: null, valuesError: 0 };
  return { values: sorted.slice(0, VALUES_MAX), valuesError: sorted[VALUES_MAX]![1] };
}

/** Truth values by their names, in the order of names. */
function named(
  type: Column['type'],
  values: [string | number, number][] | readonly (readonly [string | number, number])[],
) {
  if (type !== 'boolean') return values;
  return values
    .map(([value, count]) => [value === 1 ? 'true' : 'false', count] as const)
    .sort(mostFrequentFirst);
}

/**
 * Distinct values to prepare for, from how many values of the sample are equal (a birthday estimate, Newman's): only a choice of the
 * cheaper way.
 */
function likelyDistinct(column: Column, count: number): number {
  const values: Float64Array | number[] =
    column.type === 'string'
      ? Array.from(column.codes).filter((code) => code >= 0)
      : column.values.filter((value) => !Number.isNaN(value));
  const different = new Set<number>(values).size;
  const repeated = values.length - different;
  // Half of the sample repeats something: some values are frequent, and the list of them is worth its price.
  if (2 * repeated > values.length) return Math.min(count, EXACT_DISTINCT_MAX);
  return Math.min(count, (values.length * values.length) / 2 / Math.max(0.5, repeated));
}

/** Exact, by grouping. */
async function grouped(
  { session, part }: Measuring,
  column: IndexedColumn,
  missing: number,
): Promise<Omit<ValueFacts, 'sample' | 'exact' | 'pii'>> {
  const name = sqlName(column.name);
  const present = missing > 0 ? ` WHERE ${name} IS NOT NULL` : '';
  const value = column.type === 'string' ? 'v' : asNumber(column, 'v');
  await session.run(
    `CREATE OR REPLACE TEMP TABLE grouped AS SELECT ${name} AS v, count(*) AS n FROM ${part}${present} GROUP BY 1`,
  );
  const order = column.type === 'string' ? 'n DESC, v' : 'n DESC';
  const most = await session.table(
    `SELECT ${value} AS v, n FROM grouped ORDER BY ${order} LIMIT ${VALUES_MAX + 1}`,
  );
  const least = await session.table(
    `SELECT (hash(v) >> 11)::DOUBLE AS h, count(*) OVER ()::DOUBLE AS n FROM grouped ORDER BY h LIMIT ${SKETCH_HASHES}`,
  );
  await session.run('DROP TABLE grouped');
  const count = numbersOf(least.columns[1]!)[0] ?? 0;
  const hashes = numbersOf(least.columns[0]!);
  const counts = numbersOf(most.columns[1]!);
  const [values] = most.columns;
  const listed = Array.from(counts, (n, row) => {
    const found = values!.type === 'string' ? values!.codes[row]! : values!.values[row]!;
    return [shown(values!, found), n] as const;
  });
  return {
    distinct: { count, exact: true },
    hashes: packed(hashes),
    hashesWhole: count <= SKETCH_HASHES,
    ...listOf(column.type, listed),
  };
}

/** Estimated, from the distinct hashes below a bound that is chosen so that there are enough of them, and not many more. */
async function sketched(
  { session, part }: Measuring,
  column: IndexedColumn,
  { likely, missing }: { readonly likely: number; readonly missing: number },
): Promise<Omit<ValueFacts, 'sample' | 'exact' | 'pii'>> {
  const hash = `hash(${sqlName(column.name)})`;
  // A condition that always holds would still be looked at value by value.
  const present = missing > 0 ? `${sqlName(column.name)} IS NOT NULL` : 'true';
  for (let share = (2 * SKETCH_HASHES) / likely; ; share *= 8) {
    const bound = share >= 1 ? '' : ` AND ${hash} < ${BigInt(Math.floor(share * 2 ** 53)) << 11n}::UBIGINT`;
    const table = await session.table(
      `SELECT DISTINCT (${hash} >> 11)::DOUBLE AS h FROM ${part} WHERE ${present}${bound} ORDER BY h LIMIT ${SKETCH_HASHES + 1}`,
    );
    const found = numbersOf(table.columns[0]!);
    // Ends: from a share of 1 on nothing is left out.
    if (found.length < SKETCH_HASHES && share < 1) continue;
    const hashes = found.slice(0, SKETCH_HASHES);
    const whole = found.length <= SKETCH_HASHES && share >= 1;
    const distinct = { count: distinctOf({ hashes, whole }), exact: whole };
    return { distinct, hashes: packed(hashes), hashesWhole: whole, values: null, valuesError: 0 };
  }
}

/** Quantiles and histogram from all rows, unless the list of values tells them anyway, or there are too many rows. */
async function pictureOfAll(
  { session, part, rows }: Measuring,
  column: IndexedColumn,
  { values, min, max }: Pick<MeasuredColumn, 'values' | 'min' | 'max'>,
): Promise<MeasuredColumn['exact']> {
  if (rows > EXACT_ROWS_MAX || values !== null || min === null || max === null) return null;
  const value = asNumber(column);
  const [row] = await session.rows(
    `SELECT quantile_cont(${value}, [${QUANTILE_SHARES.join(', ')}]) AS q FROM ${part}`,
  );
  const quantiles = [...(row!['q'] as readonly number[])].map(Number);
  const edges = binEdges({ min, max, quantiles, type: column.type });
  const [from, to, bins] = [edges[0]!, edges.at(-1)!, edges.length - 1];
  const width = (to - from) / bins;
  const bin =
    width > 0 ? `least(${bins - 1}, floor((v - ${from}::DOUBLE) / ${width}::DOUBLE))::INTEGER` : '0';
  const found = await session.rows(
    `SELECT ${bin} AS bin, count(*) AS n FROM (SELECT ${value} AS v FROM ${part}) WHERE v >= ${from}::DOUBLE AND v <= ${to}::DOUBLE GROUP BY bin`,
  );
  const counts = new Array<number>(bins).fill(0);
  for (const each of found) counts[Number(each['bin'])] = Number(each['n']);
  return { quantiles, histogram: { edges, counts } };
}
