import { quantileBins } from '../estimators/statistics/quantile-bins.ts';
import { type Column, cellText, isMissing, type NumericColumn, type Table } from '../tables/table.ts';

/** A column cut into values or ranges that can name a slice. */
export interface SliceColumn {
  readonly name: string;
  /** Per row: index into `labels`, or NO_CODE for rows that no slice of this column names. */
  readonly codes: Uint8Array;
  /** What each code is called, e.g. `age ≤ 25`, `city = Cork`, `city is missing`. */
  readonly labels: readonly string[];
  /** Codes are ranges in ascending order, so that neighbours can be joined (missing is never one of them). */
  readonly ranges?: {
    readonly count: number;
    readonly edges: readonly number[];
    readonly show: (value: number) => string;
  };
}

export const NO_CODE = 255;

/** A number with at most this many distinct values is taken as categories. */
const DISTINCT_MAX = 10;
/** A text has at most 20 values with 5 % of the rows each; one more code is for missing values. */
const VALUES_MAX = 20;

export interface SliceLimits {
  readonly rowsMin: number;
  readonly shareMin: number;
  readonly shareMax: number;
}

/** Rows that a slice must have to be looked at. */
export const SLICE_LIMITS: SliceLimits = { rowsMin: 20, shareMin: 0.05, shareMax: 0.95 };

/** @param bins ranges per numeric column */
export function sliceColumn(column: Column, rows: number, bins: number): SliceColumn {
  const numeric =
    column.type !== 'string' && column.type !== 'boolean' ? rangeColumn(column, rows, bins) : undefined;
  return numeric ?? valueColumn(column, rows);
}

export function isLargeEnough(rows: number, of: number): boolean {
  const { rowsMin, shareMin, shareMax } = SLICE_LIMITS;
  return rows >= rowsMin && rows >= shareMin * of && rows <= shareMax * of;
}

export function sliceColumns(table: Table, names: readonly string[], bins: number): SliceColumn[] {
  const wanted = new Set(names);
  return table.columns
    .filter((column) => wanted.has(column.name))
    .map((column) => sliceColumn(column, table.rows, bins));
}

function valueColumn(column: Column, rows: number): SliceColumn {
  const counts = new Map<string, number>();
  const texts = new Array<string>(rows);
  for (let row = 0; row < rows; row++) {
    const text = cellText(column, row);
    texts[row] = text;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const named = [...counts]
    .filter(([text, count]) => text !== '' && isLargeEnough(count, rows))
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, VALUES_MAX);
  const codeOf = new Map(named.map(([text], code) => [text, code]));
  const labels = named.map(([text]) => `${column.name} = ${text.slice(0, 60)}`);
  if (counts.has('')) {
    codeOf.set('', labels.length);
    labels.push(`${column.name} is missing`);
  }
  return { name: column.name, codes: Uint8Array.from(texts, (text) => codeOf.get(text) ?? NO_CODE), labels };
}

/** Undefined when the column has few distinct values. */
function rangeColumn(column: NumericColumn, rows: number, bins: number): SliceColumn | undefined {
  const sorted = column.values.filter(Number.isFinite).sort();
  let distinct = sorted.length === 0 ? 0 : 1;
  for (let i = 1; i < sorted.length && distinct <= DISTINCT_MAX; i++)
    if (sorted[i] !== sorted[i - 1]) distinct++;
  if (distinct <= DISTINCT_MAX) return undefined;
  const { edges } = quantileBins(sorted, bins);
  const count = edges.length + 1;
  const show = valueFormat(column);
  const codes = new Uint8Array(rows).fill(NO_CODE);
  let missing = 0;
  for (let row = 0; row < rows; row++) {
    if (isMissing(column, row)) {
      codes[row] = count;
      missing++;
    } else if (Number.isFinite(column.values[row])) {
      let bin = 0;
      while (bin < edges.length && column.values[row]! > edges[bin]!) bin++;
      codes[row] = bin;
    }
  }
  const ranges = { count, edges, show };
  const labels = Array.from({ length: count }, (_, bin) => rangeLabel(column.name, ranges, bin, bin));
  if (missing > 0) labels.push(`${column.name} is missing`);
  return { name: column.name, codes, labels, ranges };
}

/** `edge < column ≤ edge`, open at the ends. */
export function rangeLabel(
  name: string,
  { edges, show }: NonNullable<SliceColumn['ranges']>,
  from: number,
  to: number,
): string {
  const low = from === 0 ? '' : `${show(edges[from - 1]!)} < `;
  const high = to === edges.length ? '' : ` ≤ ${show(edges[to]!)}`;
  return high === '' ? `${name} > ${show(edges[from - 1]!)}` : `${low}${name}${high}`;
}

function valueFormat(column: NumericColumn): (value: number) => string {
  if (column.type === 'date') return (value) => new Date(value).toISOString().slice(0, 10);
  if (column.type === 'timestamp') return (value) => new Date(value).toISOString().slice(0, 16);
  return (value) => String(Number(value.toPrecision(6)));
}
