import type { ModelSignature } from '../contracts/models.ts';
import { quantileBins } from '../estimators/statistics/quantile-bins.ts';
import { assert } from '../kernel/assert.ts';
import { type Coercions, type ColumnCoercion, decodeValues, missingColumn } from '../tables/coercion.ts';
import { type Column, cellText, findColumn, type Table } from '../tables/table.ts';
import type { BaselineFeature, DriftBaseline } from './types.ts';

const BINS_MAX = 10;
const CATEGORIES_MAX = 20;
/** Known categories beyond this are not kept: a column with more is free text, where "never seen" says nothing. */
const OTHERS_MAX = 10_000;
/** ECMAScript's range of dates. */
const DATE_MS_MAX = 8.64e15;

type NumericBaseline = Extract<BaselineFeature, { kind: 'numeric' }>;

export interface BaselineRequest {
  /** Training rows. */
  readonly table: Table;
  readonly coercions: Coercions;
  /** The model's answers, row-major rows × outputs. */
  readonly predictions: ArrayLike<number>;
  readonly signature: ModelSignature;
  readonly reference: DriftBaseline['reference'];
}

/**
 * What live traffic is compared with: per raw input column, in the order of the coercions, a histogram of the training rows;
 * and the model's own predictions (two classes: the probability of the positive one; more: the most probable label; regression:
 * the value). Dates are numbers here (epoch ms), booleans 0 and 1.
 *
 * @throws INPUT_MISSING_COLUMN
 */
export function buildBaseline(request: BaselineRequest): DriftBaseline {
  const { table, coercions, reference } = request;
  return {
    format: 1,
    rows: table.rows,
    model: { labels: request.signature.labels, positive: request.signature.positive },
    features: coercions.map((coercion) => columnBaseline(table, coercion)),
    prediction: predictionBaseline(request.predictions, request.signature),
    reference,
  };
}

function columnBaseline(table: Table, coercion: ColumnCoercion): BaselineFeature {
  const column = findColumn(table, coercion.column);
  if (column === undefined) throw missingColumn(coercion.column);
  if (coercion.type === 'string') {
    return categoricalBaseline(coercion.column, textCounts(column, coercion), table.rows);
  }
  const numbers = numericBaseline(coercion.column, numbersOf(column, coercion));
  return readsCalendarOnly(coercion) ? unbinned(numbers) : numbers;
}

/**
 * A date of which the model sees only calendar parts: tomorrow's dates lie beyond all of training, which is no drift to the model.
 * Only whether it is there is watched.
 */
function readsCalendarOnly({ type, emits }: ColumnCoercion): boolean {
  return (
    (type === 'date' || type === 'timestamp') &&
    !emits.some(({ part }) => part === 'elapsedDays' || part === 'value')
  );
}

function unbinned(feature: NumericBaseline): NumericBaseline {
  const rows = feature.counts.reduce((sum, count) => sum + count, 0);
  return { ...feature, edges: [], counts: [rows], min: -DATE_MS_MAX, max: DATE_MS_MAX };
}

function numbersOf(column: Column, coercion: ColumnCoercion): Float64Array {
  if (column.type !== 'string') return column.values;
  const texts = Array.from(column.codes, (code) => (code === -1 ? null : column.dictionary[code]!));
  return decodeValues(texts, coercion) as Float64Array;
}

/** Rows per text, missing left out, most frequent first (equal counts in text order). */
function textCounts(column: Column, coercion: ColumnCoercion): [string, number][] {
  const counts = new Map<string, number>();
  const add = (text: string, rows: number) => counts.set(text, (counts.get(text) ?? 0) + rows);
  if (column.type === 'string') {
    const rows = new Float64Array(column.dictionary.length);
    for (const code of column.codes) if (code !== -1) rows[code]!++;
    const texts = decodeValues(column.dictionary, coercion) as readonly string[];
    for (let code = 0; code < texts.length; code++) add(texts[code]!, rows[code]!);
  } else {
    for (let row = 0; row < column.values.length; row++) add(cellText(column, row), 1);
  }
  counts.delete('');
  return [...counts].filter(([, rows]) => rows > 0).sort(byRowsThenText);
}

function byRowsThenText(a: [string, number], b: [string, number]): number {
  return b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
}

function categoricalBaseline(
  name: string,
  counted: readonly [string, number][],
  rows: number,
): BaselineFeature {
  const top = counted.slice(0, CATEGORIES_MAX);
  const rest = counted.slice(CATEGORIES_MAX);
  const present = counted.reduce((sum, [, count]) => sum + count, 0);
  return {
    kind: 'categorical',
    name,
    categories: top.map(([text]) => text),
    counts: [...top.map(([, count]) => count), rest.reduce((sum, [, count]) => sum + count, 0)],
    others: rest.slice(0, OTHERS_MAX).map(([text]) => text),
    missing: rows - present,
  };
}

function numericBaseline(name: string, values: Float64Array): NumericBaseline {
  const finite = values.filter(Number.isFinite).sort();
  const { edges, counts } = quantileBins(finite, BINS_MAX);
  return {
    kind: 'numeric',
    name,
    edges,
    counts,
    missing: values.length - finite.length,
    min: finite[0] ?? 0,
    max: finite[finite.length - 1] ?? 0,
  };
}

function predictionBaseline(predictions: ArrayLike<number>, signature: ModelSignature): BaselineFeature {
  const outputs = Math.max(1, signature.labels.length);
  assert(predictions.length % outputs === 0, 'predictions are rows × outputs');
  if (outputs <= 2) return numericBaseline('prediction', scoresOf(predictions, outputs));
  const counts = new Map<string, number>(signature.labels.map((label) => [label, 0]));
  const rows = predictions.length / outputs;
  for (let row = 0; row < rows; row++) {
    const label = signature.labels[argmaxAt(predictions, row * outputs, outputs)]!;
    counts.set(label, counts.get(label)! + 1);
  }
  return categoricalBaseline('prediction', [...counts].sort(byRowsThenText), rows);
}

/** One number per row: the only output, or the second of two (the positive class). */
export function scoresOf(predictions: ArrayLike<number>, outputs: number): Float64Array {
  const scores = new Float64Array(predictions.length / outputs);
  for (let row = 0; row < scores.length; row++) scores[row] = predictions[row * outputs + outputs - 1]!;
  return scores;
}

/** Index of the greatest of `outputs` values from `start`, the first of equals. */
export function argmaxAt(values: ArrayLike<number>, start: number, outputs: number): number {
  let best = 0;
  for (let k = 1; k < outputs; k++) if (values[start + k]! > values[start + best]!) best = k;
  return best;
}
