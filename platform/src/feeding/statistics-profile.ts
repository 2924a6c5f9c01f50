import type { ColumnProfile } from '../contracts/profile.ts';
import type { ColumnType, SchemaColumn, TableSchema } from '../tables/table.ts';
import { type MeasuredColumn, sketchOf } from './statistics-column.ts';
import { likelyPii } from './statistics-pii.ts';
import {
  binned,
  distinctOf,
  quantilesOf,
  unpacked,
  type WeightedValues,
  weighted,
} from './statistics-sketch.ts';
import type { PartStatistics } from './types.ts';

/** The seven quantiles that are measured: the outer two only bound the histogram. */
export const QUANTILE_SHARES: readonly number[] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
const BINS = 20;
const TOP = 20;
/** With fewer values, being all different is no sign of an identifier. */
const IDENTIFIER_VALUES_MIN = 50;
/** Of an estimate of distinct values, that is as good as one for each value. */
const IDENTIFIER_SHARE_MIN = 0.95;

/** What statistics say, for people: one profile per column of the schema, in its order. */
export function profileOf(statistics: PartStatistics, schema: TableSchema): ColumnProfile[] {
  const byName = new Map(statistics.columns.map((column) => [column.name, column as MeasuredColumn]));
  const sampledRows = unpacked(statistics.sampleKeys).length;
  return schema.columns.flatMap((column) => {
    const measured = byName.get(column.name);
    return measured === undefined
      ? []
      : [columnProfile(column, measured, { rows: statistics.rows, sampledRows })];
  });
}

function columnProfile(
  column: SchemaColumn,
  measured: MeasuredColumn,
  { rows, sampledRows }: { rows: number; sampledRows: number },
): ColumnProfile {
  const { count, mean, squares, lengthSum } = measured;
  const sketch = sketchOf(measured);
  const distinct = measured.distinct ?? { count: distinctOf(sketch), exact: sketch.whole };
  const picture = pictureOf(measured);
  const listed = measured.type === 'string' || measured.type === 'boolean';
  return {
    name: column.name,
    type: measured.type,
    missingTokens: [...column.missingTokens],
    count,
    missing: measured.missing,
    distinct: Math.min(distinct.count, count),
    min: measured.min,
    max: measured.max,
    mean,
    sd: squares === null || count < 2 ? null : finiteOrNull(Math.sqrt(Math.max(0, squares) / (count - 1))),
    quantiles: picture?.quantiles.slice(1, 6) ?? null,
    histogram: picture?.histogram ?? null,
    top: listed ? topOf(measured) : [],
    lengthMin: measured.lengthMin,
    lengthMax: measured.lengthMax,
    lengthMean: lengthSum === null || count === 0 ? null : lengthSum / count,
    distinctExact: distinct.exact,
    ...(picture?.sampled === true && sampledRows < rows ? { sampledRows } : {}),
    pii: measured.pii === null ? null : likelyPii(measured.pii),
    issues: issuesOf(measured, distinct, rows),
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function topOf({ values }: MeasuredColumn): ColumnProfile['top'] {
  return (values ?? []).slice(0, TOP).map(([value, count]) => ({ value: String(value), count }));
}

interface Picture {
  readonly quantiles: readonly number[];
  readonly histogram: { edges: number[]; counts: number[] };
  readonly sampled: boolean;
}

/** From all rows where that is possible, else from the sample, whose counts are scaled to all rows. */
function pictureOf(column: MeasuredColumn): Picture | undefined {
  const { type, min, max, exact, values, sample, count } = column;
  if (type === 'string' || type === 'boolean' || min === null || max === null || sample === null)
    return undefined;
  if (exact !== null) {
    return { quantiles: exact.quantiles, histogram: exact.histogram, sampled: false };
  }
  const listed = values === null ? undefined : weightedList(values);
  const known: WeightedValues = listed ?? weighted(unpacked(sample));
  if (known.values.length === 0) return undefined;
  const quantiles = quantilesOf(known, QUANTILE_SHARES);
  const edges = binEdges({ min, max, quantiles, type });
  const scale = listed === undefined ? count / known.values.length : 1;
  const counts = binned(known, edges).map((n) => Math.round(n * scale));
  return { quantiles, histogram: { edges, counts }, sampled: listed === undefined };
}

function weightedList(list: NonNullable<MeasuredColumn['values']>): WeightedValues {
  const sorted = [...list].sort(([a], [b]) => Number(a) - Number(b));
  return {
    values: Float64Array.from(sorted, ([value]) => Number(value)),
    counts: Float64Array.from(sorted, ([, count]) => count),
  };
}

/**
 * Edges of the robust range: the middle 98 % widened by half its width, within [min, max]. Far outliers lie outside and are not
 * counted, so that one of them does not flatten the picture. Whole numbers with few values get one bin each.
 */
export function binEdges(column: {
  readonly min: number;
  readonly max: number;
  readonly quantiles: readonly number[];
  readonly type: ColumnType;
}): number[] {
  const { min, max, quantiles, type } = column;
  const [low, high] = [quantiles[0]!, quantiles.at(-1)!];
  const reach = (high - low) / 2;
  const from = reach > 0 ? Math.max(min, low - reach) : min;
  const to = reach > 0 ? Math.min(max, high + reach) : max;
  if (!(to > from)) return [from, from];
  if (type === 'integer' && Number.isInteger(from) && to - from < BINS) {
    const values = Math.floor(to) - from + 1;
    return Array.from({ length: values + 1 }, (_, i) => from + i);
  }
  return Array.from({ length: BINS + 1 }, (_, i) => (i === BINS ? to : from + ((to - from) * i) / BINS));
}

function issuesOf(
  column: MeasuredColumn,
  distinct: { readonly count: number; readonly exact: boolean },
  rows: number,
): NonNullable<ColumnProfile['issues']> {
  const { type, count, missing, duplicateOf } = column;
  const issues: NonNullable<ColumnProfile['issues']> = [];
  if (rows > 1 && missing === 0 && distinct.count === 1) issues.push({ issue: 'constant' });
  const named = (type === 'string' || type === 'integer') && count >= IDENTIFIER_VALUES_MIN;
  const unique = distinct.exact ? distinct.count === count : distinct.count >= IDENTIFIER_SHARE_MIN * count;
  if (named && unique) issues.push({ issue: 'identifier' });
  if (missing > rows / 2) issues.push({ issue: 'mostly-missing' });
  const [of] = duplicateOf;
  if (of !== undefined) issues.push({ issue: 'duplicate', of });
  return issues;
}
