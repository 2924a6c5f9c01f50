import type { ModelSignature } from '../contracts/models.ts';
import type { ColumnCoercion } from '../tables/coercion.ts';
import type { DateFormat } from '../tables/dates.ts';
import { type Column, cellText, isMissing } from '../tables/table.ts';
import type { TargetPlan } from './target.ts';

/** More known values than this are no list to choose from. */
const VALUES_MAX = 50;
/** An example need not be the exact median of millions. */
const MEDIAN_ROWS_MAX = 2_000;

type Input = ModelSignature['inputs'][number];

/**
 * What the model takes and answers.
 *
 * @param columns the columns of the training rows that the coercions name, in their order
 */
export function signatureOf(
  target: { readonly name: string; readonly plan: TargetPlan },
  columns: readonly Column[],
  coercions: readonly ColumnCoercion[],
): ModelSignature {
  const { task, labels, numericLabels, positive } = target.plan;
  return {
    task,
    target: target.name,
    inputs: columns.map((column, i) => inputOf(column, coercions[i]!)),
    labels: [...labels],
    numericLabels,
    positive,
  };
}

function inputOf(column: Column, { dateFormat }: ColumnCoercion): Input {
  const rows = column.type === 'string' ? column.codes.length : column.values.length;
  let optional = false;
  for (let i = 0; i < rows && !optional; i++) optional = isMissing(column, i);
  const common = { name: column.name, type: column.type, optional };
  if (column.type === 'string') {
    const values = valuesByFrequency(column.codes, column.dictionary);
    const few = values.length <= VALUES_MAX;
    return { ...common, example: values[0] ?? null, ...(few ? { values } : {}) };
  }
  const median = medianOf(column.values);
  if (median === undefined) return { ...common, example: null };
  if (column.type === 'boolean') return { ...common, example: median >= 0.5 };
  if (column.type === 'date' || column.type === 'timestamp') {
    return { ...common, example: dateText(column, median, dateFormat) };
  }
  return { ...common, example: median };
}

function valuesByFrequency(codes: Int32Array, dictionary: readonly string[]): string[] {
  const counts = new Float64Array(dictionary.length);
  for (const code of codes) if (code >= 0) counts[code]!++;
  return Array.from(counts.keys())
    .filter((code) => counts[code]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || (dictionary[a]! < dictionary[b]! ? -1 : 1))
    .map((code) => dictionary[code]!);
}

/** The lower middle value of (a sample of) the finite ones: one that occurs. */
function medianOf(values: Float64Array): number | undefined {
  const step = Math.max(1, Math.floor(values.length / MEDIAN_ROWS_MAX));
  const sorted = values.filter((value, i) => i % step === 0 && Number.isFinite(value)).sort();
  if (sorted.length === 0) return values.find(Number.isFinite);
  return sorted[(sorted.length - 1) >> 1];
}

/** The date as text that the column's own format reads back. */
function dateText(column: Column, ms: number, format: DateFormat): string {
  const iso = cellText({ name: '', type: column.type as 'date', values: Float64Array.of(ms) }, 0);
  if (format === 'iso') return iso;
  const [year, month, day] = iso.slice(0, 10).split('-');
  const parts = { ymd: [year, month, day], mdy: [month, day, year], dmy: [day, month, year] }[format];
  const time = column.type === 'timestamp' ? ` ${iso.slice(11, 19)}` : '';
  return `${parts.join('/')}${time}`;
}
