import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, Interval, MaybeNumber, TaskName } from './common.ts';

/** How much a model leans on a column, told in two ways. */
export const ExplainedColumn = Type.Object({
  column: Type.String(),
  /** How much the mean loss grows when the column's values are shuffled among the rows, with its 95 % interval. */
  importance: Type.Number(),
  interval: Interval,
  /** Mean size of the column's contribution to the raw score (Shapley values), over rows and outputs. */
  contribution: Type.Number(),
});
export type ExplainedColumn = Static<typeof ExplainedColumn>;

/** Predictions when one column takes other values and the rest of each row stays. */
export const ColumnDependence = Type.Object({
  column: Type.String(),
  type: ColumnType,
  /** Class whose probability is drawn; null for numbers. */
  label: Type.Union([Type.String(), Type.Null()]),
  /** Values of the column, ascending (numbers, dates as epoch ms) or most frequent first (texts). */
  values: Type.Array(Type.Union([Type.Number(), Type.String()])),
  /** Partial dependence: mean prediction over the rows at each value. */
  mean: Type.Array(Type.Number()),
  /** Individual conditional expectation: a few rows' own predictions at each value. */
  lines: Type.Array(Type.Array(Type.Number())),
});
export type ColumnDependence = Static<typeof ColumnDependence>;

export const Explanation = Type.Object({
  task: TaskName,
  /** Rows that it was computed on, and where they are from. */
  rows: Type.Integer(),
  source: Type.String(),
  /** What `importance` is a growth of. */
  loss: Type.Unsafe<'logLoss' | 'squaredError'>({ type: 'string', enum: ['logLoss', 'squaredError'] }),
  meanLoss: MaybeNumber,
  /** Permutations of each column. */
  repeats: Type.Integer(),
  /** What raw scores are of: the second label of two, each label of more, the target of a number. */
  outputs: Type.Array(Type.String()),
  /** Mean raw score of the training rows, one per output: where contributions start from. */
  base: Type.Array(Type.Number()),
  /** Most important first. */
  columns: Type.Array(ExplainedColumn),
  /** Of the most important columns. */
  dependence: Type.Array(ColumnDependence),
});
export type Explanation = Static<typeof Explanation>;
