import type { SplitRule } from '../estimators/bundle.ts';
import { rowUnitHashes } from '../tables/row-hash.ts';
import { findColumn, type Table, takeRows } from '../tables/table.ts';
import type { TargetPlan } from './target.ts';

const FOLDS_SMALL = 5;
const FOLDS_LARGE = 3;
/** From this many rows (× classes beyond a few) on, three folds measure well enough and leave more of the budget for candidates. */
const LARGE_ROWS = 20_000;
const FEW_CLASSES = 3;
/** Below, folds are balanced by class and size, because chance would leave some without a class. */
const BALANCED_ROWS_MAX = 5_000;

/** Positions in the list of training rows. */
export interface Fold {
  readonly train: Int32Array;
  readonly valid: Int32Array;
}

/**
 * Folds inside the training part, by the same idea as the split: content hash, whole groups, or an expanding window over time
 * (fold j learns from blocks 0…j and is measured on block j + 1).
 * Equal rows share a fold, so that a copy is never measured on its original.
 *
 * @param trainRows rows of `table`, ascending
 */
export function planFolds(
  table: Table,
  target: TargetPlan,
  trainRows: Int32Array,
  split: { readonly rule: SplitRule; readonly columns: readonly string[]; readonly seed: number },
): Fold[] {
  const rows = trainRows.length;
  const cost = rows * Math.max(1, target.labels.length / FEW_CLASSES);
  const count = Math.min(cost >= LARGE_ROWS ? FOLDS_LARGE : FOLDS_SMALL, Math.floor(rows / 2));
  if (split.rule.method === 'time') return windows(table, trainRows, split.rule.columns[0]!, count);
  const part = takeRows(table, trainRows);
  const names = split.rule.method === 'file' ? [...split.columns].sort() : split.rule.columns;
  const columns = names.map((name) => findColumn(part, name)!);
  const units = rowUnitHashes(columns, rows, `folds:${split.seed}`);
  const classes = Float64Array.from(trainRows, (row) =>
    target.task === 'regression' ? 0 : target.values[row]!,
  );
  const assigned =
    rows < BALANCED_ROWS_MAX
      ? balanced(units, split.rule.method === 'group' ? new Float64Array(rows) : classes, count)
      : Int32Array.from(units, (unit) => Math.floor(unit * count));
  return foldsFrom(assigned, count);
}

/** Rows ordered by class, then hash; distinct hashes are dealt out in turn. */
function balanced(units: Float64Array, classes: Float64Array, count: number): Int32Array {
  const order = Array.from(units.keys()).sort((a, b) => classes[a]! - classes[b]! || units[a]! - units[b]!);
  const assigned = new Int32Array(units.length);
  let turn = -1;
  let last = Number.NaN;
  for (const row of order) {
    if (units[row] !== last) turn++;
    last = units[row]!;
    assigned[row] = turn % count;
  }
  return assigned;
}

function windows(table: Table, trainRows: Int32Array, time: string, count: number): Fold[] {
  const column = findColumn(table, time)!;
  const at = (position: number) => {
    const value = column.type === 'string' ? Number.NaN : column.values[trainRows[position]!]!;
    // Rows without a time come first: they are never a measure of the future.
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  };
  const order = Array.from(trainRows.keys()).sort((a, b) => compare(at(a), at(b)) || a - b);
  const cuts = Array.from({ length: count + 2 }, (_, j) => Math.round((j * order.length) / (count + 1)));
  return Array.from({ length: count }, (_, j) => ({
    train: Int32Array.from(order.slice(0, cuts[j + 1])).sort(),
    valid: Int32Array.from(order.slice(cuts[j + 1], cuts[j + 2])).sort(),
  })).filter(({ train, valid }) => train.length > 0 && valid.length > 0);
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function foldsFrom(assigned: Int32Array, count: number): Fold[] {
  return Array.from({ length: count }, (_, fold) => split(assigned, fold)).filter(
    ({ train, valid }) => train.length > 0 && valid.length > 0,
  );
}

function split(assigned: Int32Array, fold: number): Fold {
  let inFold = 0;
  for (const one of assigned) if (one === fold) inFold++;
  const valid = new Int32Array(inFold);
  const train = new Int32Array(assigned.length - inFold);
  let v = 0;
  let t = 0;
  for (let i = 0; i < assigned.length; i++) {
    if (assigned[i] === fold) valid[v++] = i;
    else train[t++] = i;
  }
  return { train, valid };
}
