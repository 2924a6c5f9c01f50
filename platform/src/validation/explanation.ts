import type { ColumnDependence, Explanation } from '../contracts/explanations.ts';
import type { ModelSignature } from '../contracts/models.ts';
import { dependenceOf } from '../estimators/explain/dependence.ts';
import { createExplainer, type ExplainableModel } from '../estimators/explain/explainer.ts';
import { permutationImportance, rowLosses } from '../estimators/explain/importance.ts';
import type { Truth } from '../estimators/metrics/types.ts';
import { predictModel } from '../estimators/predict.ts';
import type { Model } from '../estimators/types.ts';
import type { Engine } from '../ports/engine.ts';
import { coerceTable } from '../tables/coercion.ts';
import { type FeatureMatrix, takeFeatureRows } from '../tables/features.ts';
import { type Column, cellText, findColumn, isMissing, type Table, takeRows } from '../tables/table.ts';
import { readTestRows } from './test-rows.ts';
import type { ExplanationRequest } from './types.ts';

const ROWS_MAX = 2_000;
const ROWS_MIN = 200;
const REPEATS = 5;
/** Tree nodes (or terms) that permutations may visit: a few seconds on every machine we know. */
const STEPS_MAX = 4e8;
const NODES_PER_TREE = 8;
const DEPENDENCE_COLUMNS = 6;
const DEPENDENCE_ROWS = 500;
const GRID_NUMBERS = 20;
const GRID_TEXTS = 12;
const LINES = 20;

/**
 * Explains a model on the rows it is judged on: its trainer's own predictions, which the parity gate holds to the graph's.
 *
 * The rows are the test part that this very validation opens, so opening them here is not counted again: nothing is chosen or
 * judged by what is seen. At most 2,000 of them, evenly spaced, fewer for models of many trees.
 *
 * @throws TEST_COLUMNS_MISSING, TEST_ROWS_UNUSABLE, KERNELS_MISSING
 */
export async function explainModel(
  request: Omit<ExplanationRequest, 'explainerPath'>,
  stored: ExplainableModel,
  { engine }: { readonly engine: Engine },
): Promise<Explanation> {
  const session = await engine.open({ workDir: request.workDir });
  const test = await readTestRows(session, request).finally(() => session.close());
  const { signature, coercions } = request.candidate;
  const count = Math.min(test.known.length, rowsAffordable(stored.model, coercions.length));
  const rows = evenly(test.known.length, count).map((i) => test.known[i]!);
  const table = takeRows(test.table, rows);
  const features = coerceTable(table, coercions);
  const truth: Truth = { ...test.truth, target: Float64Array.from(rows, (row) => test.truth.target[row]!) };
  const columnOf = new Map(
    coercions.flatMap(({ column, emits }) => emits.map(({ name }) => [name, column] as const)),
  );
  const losses = rowLosses(truth, predictModel(stored.model, features));
  const explainer = createExplainer(stored, columnOf);
  const contributions = explainer.explain(features);
  const sizes = meanSizes(contributions.values, explainer.columns.length);
  const columns = permutationImportance(stored.model, { features, truth }, columnOf, {
    repeats: REPEATS,
    seed: request.seed,
  })
    .map(({ column, value, low, high }) => ({
      column,
      importance: value,
      interval: { low, high },
      contribution: sizes[explainer.columns.indexOf(column)]!,
    }))
    .sort((a, b) => b.importance - a.importance || b.contribution - a.contribution);
  const top = columns.slice(0, DEPENDENCE_COLUMNS).map(({ column }) => column);
  return {
    task: truth.task,
    rows: table.rows,
    source: test.source,
    loss: truth.task === 'regression' ? 'squaredError' : 'logLoss',
    meanLoss: losses.reduce((sum, loss) => sum + loss, 0) / table.rows,
    repeats: REPEATS,
    outputs: rawOutputs(signature),
    base: Array.from(contributions.base),
    columns,
    dependence: top.flatMap((column) =>
      drawDependence(stored.model, { table, features, columnOf, labels: signature.labels }, column),
    ),
  };
}

/** What each raw score is of. */
function rawOutputs({ labels, target }: ModelSignature): string[] {
  if (labels.length === 0) return [target];
  return labels.length === 2 ? [labels[1]!] : [...labels];
}

function rowsAffordable(model: Model, columns: number): number {
  const steps = model.family === 'booster' ? model.trees.length * NODES_PER_TREE : columns;
  return Math.min(ROWS_MAX, Math.max(ROWS_MIN, Math.floor(STEPS_MAX / (steps * columns * REPEATS))));
}

function evenly(all: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * all) / count));
}

/** Mean absolute contribution per column, over rows and outputs. */
function meanSizes(values: Float64Array, columns: number): Float64Array {
  const sizes = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) sizes[i % columns]! += Math.abs(values[i]!);
  const times = Math.max(1, values.length / columns);
  return sizes.map((sum) => sum / times);
}

function drawDependence(
  model: Model,
  rows: {
    readonly table: Table;
    readonly features: FeatureMatrix;
    readonly columnOf: ReadonlyMap<string, string>;
    readonly labels: readonly string[];
  },
  name: string,
): ColumnDependence[] {
  const chosen = evenly(rows.table.rows, Math.min(DEPENDENCE_ROWS, rows.table.rows));
  const table = takeRows(rows.table, chosen);
  const column = findColumn(table, name)!;
  const grid = column.type === 'string' ? frequentRows(column) : quantileRows(column);
  if (grid.length < 2) return [];
  const names = new Set([...rows.columnOf].filter(([, own]) => own === name).map(([feature]) => feature));
  const features = takeFeatureRows(rows.features, chosen);
  const lines = Array.from(evenly(table.rows, Math.min(LINES, table.rows)));
  const { output, mean, lines: own } = dependenceOf(model, features, names, { grid, lines });
  const values = grid.map((row) =>
    column.type === 'string' || column.type === 'boolean' ? cellText(column, row) : column.values[row]!,
  );
  const label = rows.labels[output] ?? null;
  return [
    { column: name, type: column.type, label, values, mean: [...mean], lines: own.map((line) => [...line]) },
  ];
}

/** One row for each of the most frequent texts. */
function frequentRows(column: Extract<Column, { type: 'string' }>): number[] {
  const counts = new Map<number, { rows: number; first: number }>();
  column.codes.forEach((code, row) => {
    if (code < 0) return;
    const known = counts.get(code);
    if (known === undefined) counts.set(code, { rows: 1, first: row });
    else known.rows++;
  });
  return [...counts.values()]
    .sort((a, b) => b.rows - a.rows || a.first - b.first)
    .slice(0, GRID_TEXTS)
    .map(({ first }) => first);
}

/**
 * Rows at evenly spaced ranks among all rows, and among the distinct values: the first shows where the rows are, the second where few of
 * them reach (a column that is mostly 0 would have next to no point otherwise).
 */
function quantileRows(column: Exclude<Column, { type: 'string' }>): number[] {
  const { values } = column;
  const present = Array.from(values.keys())
    .filter((row) => !isMissing(column, row) && Number.isFinite(values[row]))
    .sort((a, b) => values[a]! - values[b]!);
  const distinct = present.filter((row, i) => i === 0 || values[row] !== values[present[i - 1]!]);
  if (distinct.length <= GRID_NUMBERS) return distinct;
  const half = GRID_NUMBERS / 2;
  const ranks = (rows: readonly number[]) =>
    Array.from({ length: half }, (_, i) => rows[Math.round((i * (rows.length - 1)) / (half - 1))]!);
  const chosen = new Set([...ranks(present), ...ranks(distinct)].map((row) => values[row]!));
  return distinct.filter((row) => chosen.has(values[row]!));
}
