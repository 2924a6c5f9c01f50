import type { Truth } from '../estimators/metrics/types.ts';
import { testRowsOf, trainRowsOf } from '../estimators/split.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { EngineSession } from '../ports/engine.ts';
import { readSnapshotPart } from '../ports/snapshot-part.ts';
import { rowUnitHashes } from '../tables/row-hash.ts';
import { type Column, findColumn, type Table, takeRows } from '../tables/table.ts';
import { readTruth, type UnusedLabels } from './truth.ts';
import type { ValidationRequest } from './types.ts';
import './errors.ts';

/** Where the test rows are, and what the model makes of their columns. */
export type TestRowsRequest = Pick<
  ValidationRequest,
  'candidate' | 'classes' | 'partPath' | 'schema' | 'split' | 'testPart'
>;

/** The rows a model is judged on. */
export interface TestRows {
  /** Rows with a label, in the order of the source. Classification: labels the model does not know have the class index `classes`. */
  readonly table: Table;
  readonly truth: Truth;
  /** Indices into `table` of the rows whose label the model knows: all metrics but accuracy are about these. */
  readonly known: Int32Array;
  readonly unused: UnusedLabels;
  /** Test rows whose inputs and target also stand in the training part; null where the split rules that out. */
  readonly duplicates: number | null;
  readonly source: string;
}

/**
 * Reads the held-out part of the snapshot, or the user's own test file.
 *
 * @throws TEST_COLUMNS_MISSING, TEST_ROWS_UNUSABLE
 */
export async function readTestRows(session: EngineSession, request: TestRowsRequest): Promise<TestRows> {
  const { split, testPart } = request;
  const needed = [
    ...request.candidate.coercions.map(({ column }) => column),
    request.candidate.signature.target,
  ];
  // With a hash split equal rows are in the same part; then the training rows are of no interest here.
  const whole = await readSnapshotPart(session, request.partPath, request.schema);
  const test =
    testPart === undefined
      ? takeRows(whole, testRowsOf(whole, split))
      : await readSnapshotPart(session, testPart.partPath, testPart.schema);
  requireColumns(test, needed, testPart?.description ?? 'the held-out part');
  const { truth, rows, unused } = readTruth(findColumn(test, request.candidate.signature.target)!, request);
  const table = rows.length === test.rows ? test : takeRows(test, rows);
  const known = knownRows(truth);
  if (known.length === 0) throw unusable(request, test.rows, unused);
  const duplicates =
    split.method === 'hash' && testPart === undefined
      ? null
      : countDuplicates(takeRows(whole, trainRowsOf(whole, split)), table, needed);
  return { table, truth, known, unused, duplicates, source: describe(request) };
}

function describe({ split, testPart }: TestRowsRequest): string {
  if (testPart !== undefined) return testPart.description;
  switch (split.method) {
    case 'time':
      return `held-out part: the newest rows by ${split.columns[0]}`;
    case 'group':
      return `held-out part: ${Math.round(100 * split.testShare)} % of ${split.columns[0]}`;
    default:
      return `held-out part: ${Math.round(100 * split.testShare)} % of the rows by a hash of their content`;
  }
}

function requireColumns(table: Table, needed: readonly string[], source: string): void {
  const missing = needed.filter((name) => findColumn(table, name) === undefined);
  if (missing.length === 0) return;
  throw new SlipwayError('TEST_COLUMNS_MISSING', {
    message: `${source} lacks ${missing.map((name) => `'${name}'`).join(', ')}`,
    fix: 'Give a test file with the columns of the training data, under the same names.',
    details: { missing, columns: table.columns.map(({ name }) => name).slice(0, 100) },
  });
}

function unusable(request: TestRowsRequest, rows: number, unused: UnusedLabels): SlipwayError {
  const labels = [...unused.unknown.keys()].slice(0, 10);
  const seen = labels.length > 0 ? `; it has ${labels.map((label) => `'${label}'`).join(', ')}` : '';
  const wanted = request.candidate.signature.labels.slice(0, 10);
  return new SlipwayError('TEST_ROWS_UNUSABLE', {
    message: `none of ${rows} test rows has a usable '${request.candidate.signature.target}'${seen}`,
    fix:
      wanted.length > 0
        ? `Give test rows whose target is one of ${wanted.map((label) => `'${label}'`).join(', ')}, written as in training.`
        : 'Give test rows whose target is a number.',
    details: { rows, missing: unused.missing, unknown: labels },
  });
}

function knownRows(truth: Truth): Int32Array {
  const known: number[] = [];
  for (let i = 0; i < truth.target.length; i++) {
    if (truth.task === 'regression' || truth.target[i]! < truth.classes) known.push(i);
  }
  return Int32Array.from(known);
}

/** Rows of `test` that equal a row of `train` in all of `columns`, by their 53-bit content hashes. */
function countDuplicates(train: Table, test: Table, columns: readonly string[]): number {
  const hashes = (table: Table) =>
    rowUnitHashes(
      columns
        .map((name) => findColumn(table, name))
        .filter((column): column is Column => column !== undefined),
      table.rows,
      'duplicates',
    );
  const known = hashes(train).sort();
  let count = 0;
  for (const hash of hashes(test)) if (holds(known, hash)) count++;
  return count;
}

function holds(sorted: Float64Array, value: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}
