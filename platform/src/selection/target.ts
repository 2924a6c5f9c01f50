import type { Task } from '../estimators/types.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { nearestName } from '../kernel/names.ts';
import { type Column, cellText } from '../tables/table.ts';
import { isRowNumbering, looksLikeKey } from './identifiers.ts';
import './errors.ts';

/** Classes with fewer rows than this are left out of fitting: nothing could be said about how well they are told apart. */
export const CLASS_ROWS_MIN = 10;
/** Fewer rows than this with a target cannot be split into parts that say anything. */
export const ROWS_MIN = 10;
/** Whole numbers with at most this many distinct values are taken for classes (grades, digits, cylinders), not for amounts. */
const INTEGER_CLASSES_MAX = 10;
/** Values beyond this overflow in the single precision that graphs compute in. */
const FLOAT32_SAFE_MAX = 1e37;

export interface TargetClass {
  readonly label: string;
  readonly rows: number;
  readonly fitted: boolean;
}

/** The target as numbers: what to learn, and how to say the answer. */
export interface TargetPlan {
  readonly task: Task;
  /** Labels in the order of the class indices; binary: [other, positive]; empty for regression. Fitted classes only. */
  readonly labels: readonly string[];
  readonly numericLabels: boolean;
  readonly positive: string | null;
  /** Per row of the table: class index or value; NaN when the row cannot be learnt from (missing, not finite, rare class). */
  readonly values: Float64Array;
  /** All classes, most frequent first; empty for regression. */
  readonly classes: readonly TargetClass[];
  readonly missingRows: number;
  /** Rows whose target is infinite or beyond single precision (regression). */
  readonly unusableRows: number;
}

/** Words that name the case one looks for; compared in lower case, without quotes. */
const POSITIVE_WORDS = new Set(
  '1 yes y true t positive pos >50k >50k. churn churned bad default fraud spam malignant sick died failed failure event'.split(
    ' ',
  ),
);

interface Level {
  readonly text: string;
  readonly value: number;
  readonly rows: number;
}

/**
 * Decides the task and encodes the target.
 *
 * `auto`: two distinct values are binary; other strings and booleans are classes; whole numbers with at most ten distinct values
 * and ten rows for each are classes; all other numbers are a regression.
 *
 * @throws TARGET_MISSING, TARGET_CONSTANT, TARGET_IDENTIFIER, TARGET_UNSUITABLE, POSITIVE_NOT_FOUND, TOO_FEW_ROWS, LIMIT_EXCEEDED
 */
export function planTarget(
  column: Column,
  request: { readonly task: 'auto' | Task; readonly positive?: string },
): TargetPlan {
  const { levels, codes, missingRows } = levelsOf(column);
  const present = codes.length - missingRows;
  if (present === 0) {
    throw new SlipwayError('TARGET_MISSING', {
      message: `no row has a value in the target column '${column.name}'`,
      fix: 'Choose a target that is filled in, or check how its missing values are written.',
    });
  }
  if (levels.length === 1) {
    throw new SlipwayError('TARGET_CONSTANT', {
      message: `all ${present} rows have the same target: '${column.name}' is always ${show(levels[0]!.text)}`,
      fix: 'Choose another target, or add rows with other values.',
    });
  }
  refuseIdentifier(column, levels, present, request.task);
  if (present < ROWS_MIN) throw tooFewRows(column.name, `only ${present} rows have a target`);
  const task = request.task === 'auto' ? inferTask(column, levels, present, request.positive) : request.task;
  if (task === 'regression') return regressionPlan(column, missingRows);
  return classPlan(column, { levels, codes, missingRows, task, positive: request.positive });
}

function levelsOf(column: Column): { levels: Level[]; codes: Int32Array; missingRows: number } {
  const rows = column.type === 'string' ? column.codes.length : column.values.length;
  const codes = new Int32Array(rows).fill(-1);
  const index = new Map<number, number>();
  const counts: number[] = [];
  const first: number[] = [];
  let missingRows = 0;
  for (let i = 0; i < rows; i++) {
    const key = column.type === 'string' ? column.codes[i]! : column.values[i]!;
    if (key === -1 && column.type === 'string' ? true : Number.isNaN(key)) {
      missingRows++;
      continue;
    }
    let code = index.get(key);
    if (code === undefined) {
      code = counts.length;
      index.set(key, code);
      counts.push(0);
      first.push(i);
    }
    counts[code]!++;
    codes[i] = code;
  }
  const levels = first.map((row, code) => ({
    text: cellText(column, row),
    value: column.type === 'string' ? Number.NaN : column.values[row]!,
    rows: counts[code]!,
  }));
  return { levels, codes, missingRows };
}

function refuseIdentifier(
  column: Column,
  levels: readonly Level[],
  present: number,
  task: 'auto' | Task,
): void {
  const keyed =
    column.type === 'string'
      ? levels.length >= 20 && levels.length > 0.9 * present
      : task !== 'regression' &&
        levels.length === present &&
        present >= ROWS_MIN &&
        (isRowNumbering(column) || looksLikeKey(column, levels.length, present));
  if (!keyed) return;
  throw new SlipwayError('TARGET_IDENTIFIER', {
    message: `the target '${column.name}' has ${levels.length} different values in ${present} rows: it names rows and cannot be predicted`,
    fix: 'Choose a target that describes the rows.',
    details: { distinct: levels.length, rows: present },
  });
}

function inferTask(
  column: Column,
  levels: readonly Level[],
  present: number,
  positive: string | undefined,
): Task {
  if (levels.length === 2) return 'binary';
  if (positive !== undefined) {
    throw unsuitable(column.name, `has ${levels.length} different values, so none can be the positive one`);
  }
  if (column.type === 'string') return 'multiclass';
  const whole = levels.every(({ value }) => Number.isInteger(value));
  const few = levels.length <= INTEGER_CLASSES_MAX && present >= CLASS_ROWS_MIN * levels.length;
  return whole && few ? 'multiclass' : 'regression';
}

function regressionPlan(column: Column, missingRows: number): TargetPlan {
  if (column.type === 'string')
    throw unsuitable(column.name, 'holds texts, which a regression cannot predict');
  if (column.type === 'date' || column.type === 'timestamp') {
    throw unsuitable(column.name, 'holds dates; predict the time until then as a number instead');
  }
  const values = Float64Array.from(column.values);
  let unusableRows = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!) || Math.abs(values[i]!) <= FLOAT32_SAFE_MAX) continue;
    values[i] = Number.NaN;
    unusableRows++;
  }
  if (values.length - missingRows - unusableRows < ROWS_MIN) {
    throw tooFewRows(
      column.name,
      `only ${values.length - missingRows - unusableRows} rows have a finite target`,
    );
  }
  return {
    ...{ task: 'regression', labels: [], numericLabels: true, positive: null, classes: [] },
    ...{ values, missingRows, unusableRows },
  };
}

function classPlan(
  column: Column,
  given: {
    readonly levels: readonly Level[];
    readonly codes: Int32Array;
    readonly missingRows: number;
    readonly task: 'binary' | 'multiclass';
    readonly positive: string | undefined;
  },
): TargetPlan {
  const { levels, codes, missingRows, task } = given;
  if (task === 'binary' && levels.length !== 2) {
    throw unsuitable(column.name, `has ${levels.length} different values, and a binary target has two`);
  }
  if (levels.length > LIMITS.classesMax) {
    throw new SlipwayError('LIMIT_EXCEEDED', {
      message: `the target '${column.name}' has ${levels.length} classes, more than ${LIMITS.classesMax}`,
      fix: 'Join rare classes, or choose a coarser target.',
      details: { classes: levels.length, classesMax: LIMITS.classesMax },
    });
  }
  const fitted = levels.filter(({ rows }) => rows >= CLASS_ROWS_MIN);
  if (fitted.length < 2) {
    const counts = [...levels].sort((a, b) => b.rows - a.rows).slice(0, 5);
    const shown = counts.map(({ text, rows }) => `${show(text)}: ${rows}`).join(', ');
    throw tooFewRows(column.name, `fewer than two classes have ${CLASS_ROWS_MIN} rows (${shown})`);
  }
  const positive = task === 'binary' ? positiveOf(column.name, levels, given.positive) : null;
  const ordered = [...fitted].sort((a, b) =>
    positive === null
      ? Number.isNaN(a.value)
        ? compareTexts(a.text, b.text)
        : a.value - b.value
      : Number(a.text === positive) - Number(b.text === positive),
  );
  const indexOf = new Map(ordered.map(({ text }, index) => [text, index]));
  const byCode = Float64Array.from(levels, ({ text }) => indexOf.get(text) ?? Number.NaN);
  const values = Float64Array.from(codes, (code) => (code === -1 ? Number.NaN : byCode[code]!));
  return {
    task,
    labels: ordered.map(({ text }) => text),
    numericLabels: column.type === 'integer' || column.type === 'number',
    positive,
    values,
    classes: [...levels]
      .sort((a, b) => b.rows - a.rows || compareTexts(a.text, b.text))
      .map(({ text, rows }) => ({ label: text, rows, fitted: rows >= CLASS_ROWS_MIN })),
    missingRows,
    unusableRows: 0,
  };
}

function positiveOf(target: string, levels: readonly Level[], wanted: string | undefined): string {
  const texts = levels.map(({ text }) => text);
  if (wanted !== undefined) {
    if (texts.includes(wanted)) return wanted;
    const near = nearestName(wanted, texts);
    throw new SlipwayError('POSITIVE_NOT_FOUND', {
      message: `'${wanted}' is not a value of the target '${target}', which holds ${texts.map(show).join(' and ')}`,
      fix: near === undefined ? `Give one of ${texts.map(show).join(', ')}.` : `Did you mean ${show(near)}?`,
      details: { positive: wanted, values: texts, ...(near === undefined ? {} : { nearest: near }) },
    });
  }
  const named = texts.filter((text) =>
    POSITIVE_WORDS.has(
      text
        .trim()
        .replace(/^['"]|['"]$/g, '')
        .toLowerCase(),
    ),
  );
  if (named.length === 1) return named[0]!;
  const [a, b] = levels as [Level, Level];
  if (a.rows !== b.rows) return a.rows < b.rows ? a.text : b.text;
  return compareTexts(a.text, b.text) > 0 ? a.text : b.text;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function show(text: string): string {
  return `'${text.slice(0, 40)}'`;
}

function unsuitable(target: string, why: string): SlipwayError {
  return new SlipwayError('TARGET_UNSUITABLE', {
    message: `the target '${target}' ${why}`,
    fix: 'Leave the task to auto, or choose another target.',
    details: { target },
  });
}

export function tooFewRows(target: string, why: string): SlipwayError {
  return new SlipwayError('TOO_FEW_ROWS', {
    message: `there is too little to learn '${target}' from: ${why}`,
    fix: `Add rows: at least ${ROWS_MIN} with a target, and ${CLASS_ROWS_MIN} for each class.`,
    details: { target },
  });
}
