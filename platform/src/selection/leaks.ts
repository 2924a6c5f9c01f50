import type { GuardFinding } from '../contracts/studies.ts';
import { fitFamily } from '../estimators/families.ts';
import { predictModel } from '../estimators/predict.ts';
import type { Task, TrainingSet } from '../estimators/types.ts';
import { coerceTable } from '../tables/coercion.ts';
import { type FeatureMatrix, takeFeatureRows } from '../tables/features.ts';
import { type Column, type Table, takeRows } from '../tables/table.ts';
import { planCoercions } from './coercion-plan.ts';
import { columnPower, type PowerTarget } from './column-power.ts';

/** More rows would not change a verdict. */
const SAMPLE_ROWS_MAX = 5_000;
/** Fewer say nothing: any column may fit the target by chance. */
const SAMPLE_ROWS_MIN = 50;
/** A column that alone explains more than this of a number's ranks is the number, in whatever guise. */
const COPY_POWER_REGRESSION = 0.9995;
/** The same for classes (share of the Brier score); a few flipped labels are allowed. */
const COPY_POWER_CLASSES = 0.97;
/** Only a column that explains most of the target by itself can be what contains it. */
const SUSPECT_POWER = 0.5;
/** With the column nothing but a hundredth remains unexplained… */
const WHOLE_POWER = 0.99;
/** …and without it at least this many times more. A cause leaves noise, and its substitutes predict too; a sum does neither. */
const REMAINDER_RATIO = 16;
/** For classes a nearly perfect model is commoner, so less of a contrast shows a copy. */
const COPY_RATIO_CLASSES = 4;
const SUSPECTS_MAX = 5;
/** Values per class from which a number is a measurement rather than a code. */
const MEASUREMENT_VALUES_MIN = 10;
const FOLDS = 3;
/** Texts with more values are left out of the whole model here: they cost time and cannot replace a copy. */
const LEVELS_MAX = 50;

export interface LeakRequest {
  readonly table: Table;
  /** Training rows that have a target. */
  readonly rows: Int32Array;
  /** Columns that would be used. */
  readonly columns: readonly Column[];
  readonly task: Task;
  readonly classes: number;
  /** Per row of the table. */
  readonly target: Float64Array;
  readonly seed: number;
  readonly action: 'excluded' | 'kept';
}

/**
 * Columns that give the target away, judged by out-of-sample predictive power against the whole model, not by correlation.
 *
 * 1. A copy: the column alone predicts the target to the last digit (by neighbours in its order, so any monotone or coded
 *    copy counts), and the other columns together do not come near.
 * 2. A sum that contains the target (a total): with the column a model of all columns is nearly perfect, without it its
 *    remainder is many times greater. The model is the best of a linear one, a booster, and a booster on the linear one's
 *    residuals, because trees approximate differences of columns badly.
 *
 * A strong cause is neither: it leaves noise (carat explains most of a diamond's price, but not all but a hundredth).
 * Nothing is fitted unless a column is strong by itself. Cost: about a second with suspects, else some milliseconds.
 */
export function findLeaks(request: LeakRequest): GuardFinding[] {
  const sample = sampleOf(request);
  if (sample.rows.length < SAMPLE_ROWS_MIN) return [];
  const powers = request.columns
    .map((column) => ({ column, power: columnPower(takeColumn(column, sample.rows), sample.ranked) }))
    .filter(({ power }) => power >= SUSPECT_POWER)
    .sort((a, b) => b.power - a.power || (a.column.name < b.column.name ? -1 : 1));
  if (powers.length === 0) return [];
  const copies = findCopies(request, sample, powers);
  const copied = new Set(copies.map(({ column }) => column.name));
  const sums = findSums(
    request,
    sample,
    powers.filter(({ column }) => !copied.has(column.name)).slice(0, SUSPECTS_MAX),
    copied,
  );
  return [
    ...copies.map(({ column, power }) =>
      finding(request, column.name, `'${column.name}' is the target under another name`, { power }),
    ),
    ...sums.map(({ column, ...evidence }) =>
      finding(
        request,
        column.name,
        `'${column.name}' contains the target: without it the other columns explain far less`,
        evidence,
      ),
    ),
  ];
}

interface Sample {
  /** Rows of the table. */
  readonly rows: Int32Array;
  /** Class indicators, or ranks of the values. */
  readonly ranked: PowerTarget;
  /** Class indices or raw values. */
  readonly target: Float64Array;
}

interface Suspect {
  readonly column: Column;
  readonly power: number;
}

function sampleOf({ rows, target, task, classes }: LeakRequest): Sample {
  const step = Math.max(1, rows.length / SAMPLE_ROWS_MAX);
  const count = Math.min(rows.length, SAMPLE_ROWS_MAX);
  const chosen = Int32Array.from({ length: count }, (_, i) => rows[Math.floor(i * step)]!);
  const values = Float64Array.from(chosen, (row) => target[row]!);
  const outputs =
    task === 'regression'
      ? [ranksOf(values)]
      : Array.from({ length: classes === 2 ? 1 : classes }, (_, k) =>
          values.map((value) => Number(value === (classes === 2 ? 1 : k))),
        );
  return { rows: chosen, ranked: { rows: count, outputs }, target: values };
}

/** Mean ranks in (0, 1): a monotone transformation of a number leaves them alone. */
function ranksOf(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && values[order[end]!] === values[order[i]!]) end++;
    for (let j = i; j < end; j++) ranks[order[j]!] = (i + end) / 2 / order.length;
    i = end;
  }
  return ranks;
}

function takeColumn(column: Column, rows: Int32Array): Column {
  return takeRows({ rows: rows.length, columns: [column] }, rows).columns[0]!;
}

function findCopies(request: LeakRequest, sample: Sample, suspects: readonly Suspect[]): Suspect[] {
  const regression = request.task === 'regression';
  // The ends of a short list have one neighbour only, which costs about 24 / n³ of the ranks' variance.
  const edges = 100 / sample.rows.length ** 3;
  const bar = (regression ? COPY_POWER_REGRESSION : COPY_POWER_CLASSES) - edges;
  const near = suspects.filter(({ power }) => power >= bar);
  if (near.length === 0) return [];
  const ranked = { ...sample, target: regression ? sample.ranked.outputs[0]! : sample.target };
  const ratio = regression ? REMAINDER_RATIO : COPY_RATIO_CLASSES;
  const stands = (suspect: Suspect, rest: number) => 1 - rest >= ratio * Math.max(0, 1 - suspect.power);
  // Two measurements may both tell easy classes apart, and then vouch for each other. Copies must not.
  const measured = near.filter(({ column }) => !regression && isMeasurement(column, request.classes));
  const plain = near.filter((suspect) => !measured.includes(suspect));
  const others = request.columns.filter((column) => !near.some((one) => one.column === column));
  const rest = plain.length === 0 ? 0 : wholePower(request, ranked, others);
  return near.filter((suspect) => {
    if (!measured.includes(suspect)) return stands(suspect, rest);
    const vouching = measured.filter((one) => one !== suspect).map((one) => one.column);
    const vouched = wholePower(request, ranked, [...others, ...vouching]);
    return vouched < WHOLE_POWER && stands(suspect, vouched);
  });
}

/** Many different numbers and none missing: not a code of a class. */
function isMeasurement(column: Column, classes: number): boolean {
  if (column.type === 'string') return false;
  const seen = new Set<number>();
  for (const value of column.values) {
    if (Number.isNaN(value)) return false;
    seen.add(value);
    if (seen.size > MEASUREMENT_VALUES_MIN * classes) return true;
  }
  return false;
}

function findSums(
  request: LeakRequest,
  sample: Sample,
  suspects: readonly Suspect[],
  copied: ReadonlySet<string>,
): (Suspect & { whole: number; without: number })[] {
  if (suspects.length === 0) return [];
  const usable = request.columns.filter((column) => !copied.has(column.name));
  const whole = wholePower(request, sample, usable);
  if (whole < WHOLE_POWER) return [];
  return suspects
    .map((suspect) => {
      const others = usable.filter((column) => column !== suspect.column);
      return { ...suspect, whole, without: wholePower(request, sample, others) };
    })
    .filter(({ without }) => without < WHOLE_POWER && 1 - without >= REMAINDER_RATIO * (1 - whole));
}

/** Out-of-fold share of the target that all given columns explain together: 1 − SSE / SST, or 1 − Brier / Brier of the prior. */
function wholePower(request: LeakRequest, sample: Sample, columns: readonly Column[]): number {
  const used = columns.filter((column) => column.type !== 'string' || column.dictionary.length <= LEVELS_MAX);
  if (used.length === 0) return 0;
  const part = takeRows({ rows: request.table.rows, columns: used }, sample.rows);
  const matrix = coerceTable(part, planCoercions(part.columns, [], undefined));
  if (matrix.features.length === 0) return 0;
  const { task, classes, seed } = request;
  const errors = { plain: 0, linear: 0, both: 0, prior: 0 };
  for (let fold = 0; fold < FOLDS; fold++) {
    const inFold = (i: number) => Math.floor((i * 7919) % FOLDS) === fold;
    const all = Int32Array.from(sample.target.keys());
    const [train, valid] = [all.filter((i) => !inFold(i)), all.filter(inFold)];
    const target = Float64Array.from(train, (i) => sample.target[i]!);
    const set = { features: takeFeatureRows(matrix, train), target, task, classes };
    addErrors(
      errors,
      set,
      { matrix: takeFeatureRows(matrix, valid), target: Float64Array.from(valid, (i) => sample.target[i]!) },
      seed,
    );
  }
  return 1 - Math.min(errors.plain, errors.linear, errors.both) / errors.prior;
}

const BOOSTER = { rounds: 40, leaves: 24, learningRate: 0.2 };
const LINEAR = { lambda: 1e-6, iterationsMax: 100 };

function addErrors(
  errors: { plain: number; linear: number; both: number; prior: number },
  set: TrainingSet,
  valid: { readonly matrix: FeatureMatrix; readonly target: Float64Array },
  seed: number,
): void {
  const constant = fitFamily('constant', set, {}, { seed }).model;
  const booster = fitFamily('booster', set, BOOSTER, { seed }).model;
  errors.prior += squaredError(predictModel(constant, valid.matrix), valid.target, set);
  errors.plain += squaredError(predictModel(booster, valid.matrix), valid.target, set);
  if (set.task !== 'regression') {
    errors.linear = Number.POSITIVE_INFINITY;
    errors.both = Number.POSITIVE_INFINITY;
    return;
  }
  const linear = fitFamily('linear', set, LINEAR, { seed }).model;
  const fitted = predictModel(linear, set.features);
  const residuals = { ...set, target: set.target.map((value, i) => value - fitted[i]!) };
  const onTop = predictModel(fitFamily('booster', residuals, BOOSTER, { seed }).model, valid.matrix);
  const direct = predictModel(linear, valid.matrix);
  errors.linear += squaredError(direct, valid.target, set);
  errors.both += squaredError(
    direct.map((value, i) => value + onTop[i]!),
    valid.target,
    set,
  );
}

function squaredError(predicted: Float64Array, target: Float64Array, { task, classes }: TrainingSet): number {
  let sum = 0;
  if (task === 'regression') {
    for (let i = 0; i < target.length; i++) sum += (target[i]! - predicted[i]!) ** 2;
    return sum;
  }
  for (let i = 0; i < target.length; i++) {
    for (let k = 0; k < classes; k++) sum += (predicted[i * classes + k]! - Number(target[i] === k)) ** 2;
  }
  return sum;
}

function finding(
  { action }: LeakRequest,
  column: string,
  summary: string,
  evidence: Readonly<Record<string, number>>,
): GuardFinding {
  return {
    guard: 'leak',
    severity: 'warning',
    columns: [column],
    action,
    summary,
    evidence: Object.fromEntries(Object.entries(evidence).map(([name, value]) => [name, round(value)])),
  };
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
