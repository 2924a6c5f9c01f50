import type { ColumnProfile } from '../contracts/profile.ts';
import type { PlannedFamily, StudyPlan } from '../contracts/studies.ts';
import { familyRequirements } from '../estimators/families.ts';
import type { FamilyRequirements, Task } from '../estimators/types.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import { withExternal } from './external-schedule.ts';
import { EXTERNAL_FAMILIES, type ExternalEnvironment, type ExternalFamily } from './ports.ts';
import { SEARCH_ROWS_MAX } from './prepare.ts';
import { type ScheduleEntry, scheduleFor } from './schedule.ts';
import { CLASS_ROWS_MIN, ROWS_MIN } from './target.ts';
import './errors.ts';

/** What is known of a data set without reading its rows. */
export interface PlanInput {
  readonly dataset: string;
  readonly version: number;
  readonly rows: number;
  readonly profile: readonly ColumnProfile[];
  /** Column name, or "last". */
  readonly target: string;
  readonly task: 'auto' | Task;
  readonly exclude: readonly string[];
  readonly machine: { readonly cores: number; readonly memoryBytes: number };
  /** Python and its libraries, where they are. */
  readonly external: ExternalEnvironment | undefined;
}

/** Seconds of one thread for one feature of one row in one round; measured on 50,000 × 20 (bench/booster.mjs). */
const BOOSTER_SECONDS = 9e-9;
/** The same for one pass of a linear fit over one encoded column. */
const LINEAR_SECONDS = 4e-9;
const LINEAR_PASSES = 100;
/** A category column becomes about as many columns as it has values, up to this many. */
const LEVELS_MAX = 1000;
/** Share of the memory that fits may take together. */
const MEMORY_SHARE = 0.5;
const FOLDS = 5;
const FOLDS_LARGE = 3;
const LARGE_ROWS = 20_000;
const CLASSES_IN_INTEGERS = 10;
const OUTPUTS: Readonly<Record<Task, string>> = {
  binary: 'a probability of the positive class, and the class',
  multiclass: 'a probability per class, and the class',
  regression: 'a number',
};

/**
 * Says, before anything runs, which families can run on these rows and this machine, why others cannot, what each would cost and
 * how the pieces connect. Costs are upper bounds from measured rates; a study measures its own.
 *
 * @throws COLUMN_NOT_FOUND, TARGET_MISSING, TARGET_CONSTANT
 */
export function planStudy(input: PlanInput): StudyPlan {
  const target = targetOf(input);
  const { task, classes } = taskOf(target, input.task);
  const columns = input.profile.filter(
    ({ name, distinct }) => name !== target.name && !input.exclude.includes(name) && distinct > 1,
  );
  const features = {
    numbers: columns.filter(({ type }) => type === 'number' || type === 'integer').length,
    categories: columns.filter(({ type }) => type === 'string' || type === 'boolean').length,
    dates: columns.filter(({ type }) => type === 'date' || type === 'timestamp').length,
  };
  const rows = target.count;
  const size: Size = {
    rows: Math.min(rows, SEARCH_ROWS_MAX),
    width: columns.length,
    encodedWidth: columns.reduce((sum, column) => sum + encodedWidth(column), 0),
    task,
    classes,
  };
  const own = scheduleFor(task, { rows: size.rows, classes, features: size.width });
  const schedule = withExternal(own, EXTERNAL_FAMILIES, { task, rows: size.rows, classes });
  const families = Object.values(familyRequirements) as FamilyRequirements[];
  return {
    dataset: input.dataset,
    version: input.version,
    target: target.name,
    ...{ task, classes, rows, features, machine: input.machine },
    folds: size.rows >= LARGE_ROWS ? FOLDS_LARGE : FOLDS,
    families: [
      ...families.map((family) => planFamily(family, { size, columns, schedule, input })),
      ...EXTERNAL_FAMILIES.map((family) => planExternal(family, { size, schedule, input })),
    ],
    flow: flowOf(input, task),
  };
}

interface Size {
  readonly rows: number;
  readonly width: number;
  readonly encodedWidth: number;
  readonly task: Task;
  readonly classes: number;
}

function targetOf({ profile, target, dataset }: PlanInput): ColumnProfile {
  const found = target === 'last' ? profile.at(-1) : profile.find(({ name }) => name === target);
  if (found === undefined) {
    const near = nearestName(
      target,
      profile.map(({ name }) => name),
    );
    throw new SlipwayError('COLUMN_NOT_FOUND', {
      message: `there is no column '${target}' in ${dataset}`,
      fix: near === undefined ? 'List the columns with `slipway data show`.' : `Did you mean '${near}'?`,
      details: { target, ...(near === undefined ? {} : { nearest: near }) },
    });
  }
  if (found.count === 0) {
    throw new SlipwayError('TARGET_MISSING', {
      message: `no row has a value in the target column '${found.name}'`,
      fix: 'Choose a target that is filled in.',
    });
  }
  if (found.distinct === 1) {
    throw new SlipwayError('TARGET_CONSTANT', {
      message: `all rows have the same target: '${found.name}'`,
      fix: 'Choose another target, or add rows with other values.',
    });
  }
  return found;
}

/** By the rules that the study itself goes by, as far as a profile can tell. */
function taskOf(target: ColumnProfile, asked: 'auto' | Task): { task: Task; classes: number } {
  const { distinct, type, count } = target;
  const named = type === 'string' || type === 'boolean';
  const few = type === 'integer' && distinct <= CLASSES_IN_INTEGERS && count >= CLASS_ROWS_MIN * distinct;
  const inferred: Task = distinct === 2 ? 'binary' : named || few ? 'multiclass' : 'regression';
  const task = asked === 'auto' ? inferred : asked;
  return { task, classes: task === 'regression' ? 1 : distinct };
}

function encodedWidth({ type, distinct, missing }: ColumnProfile): number {
  const indicator = missing > 0 ? 1 : 0;
  return (type === 'string' || type === 'boolean' ? Math.min(distinct, LEVELS_MAX) : 1) + indicator;
}

function planFamily(
  family: FamilyRequirements,
  work: {
    readonly size: Size;
    readonly columns: readonly ColumnProfile[];
    readonly schedule: readonly ScheduleEntry[];
    readonly input: PlanInput;
  },
): PlannedFamily {
  const { size, columns, schedule, input } = work;
  const { inputs, runtime } = family;
  const entries = schedule.filter((entry) => entry.family === family.family);
  const outputs = size.task === 'multiclass' ? size.classes : 1;
  const fitBytes = family.memoryBytes(size.rows, size.width, outputs);
  const against: string[] = [];
  const notes: string[] = [];
  if (!family.tasks.includes(size.task)) against.push(`it does not do ${size.task}`);
  if (size.rows < ROWS_MIN) against.push(`it needs ${ROWS_MIN} rows with a target, there are ${size.rows}`);
  if (size.width === 0 && family.family !== 'constant') against.push('no column is left to predict from');
  if (!inputs.missing && columns.some(({ missing }) => missing > 0))
    against.push('it takes no missing values');
  const named = columns.filter(({ type }) => type === 'string' || type === 'boolean');
  if (!inputs.categorical && named.length > 0) against.push('it takes no categories');
  const wide = named.filter(({ distinct }) => distinct > inputs.cardinalityMax);
  if (wide.length > 0)
    notes.push(
      `${wide.map(({ name }) => name).join(', ')}: only the most frequent ${inputs.cardinalityMax} values are told apart`,
    );
  if (fitBytes > MEMORY_SHARE * input.machine.memoryBytes)
    against.push(`a fit needs ${Math.round(fitBytes / 1e6)} MB, more than half of this machine's memory`);
  if (entries.length === 0) against.push('the schedule has no candidate of it for a table of this size');
  return {
    family: family.family,
    runs: against.length === 0,
    reasons: [...against, ...notes],
    runtime: runtime.kind,
    takesMissing: inputs.missing,
    takesCategories: inputs.categorical,
    candidates: entries.map(({ candidate }) => candidate),
    fitSeconds: Math.max(0, ...entries.map((entry) => secondsOf(entry, size))),
    fitBytes: Math.round(fitBytes),
    outputs: OUTPUTS[size.task],
    licence: family.licence,
  };
}

/** What each Python library is licensed under. */
const LICENCES: Readonly<Record<ExternalFamily, string>> = {
  lightgbm: 'MIT',
  xgboost: 'Apache-2.0',
  catboost: 'Apache-2.0',
  'sklearn-hgb': 'BSD-3-Clause',
  'sklearn-forest': 'BSD-3-Clause',
  'sklearn-extra': 'BSD-3-Clause',
};

/** A family of another runtime: its trees become ours, so that all else is the same. It costs about what ours does, on one thread. */
function planExternal(
  family: ExternalFamily,
  {
    size,
    schedule,
    input,
  }: { readonly size: Size; readonly schedule: readonly ScheduleEntry[]; readonly input: PlanInput },
): PlannedFamily {
  const entries = schedule.filter((entry) => entry.family === family);
  const library = input.external?.libraries.find((one) => one.family === family);
  const outputs = size.task === 'multiclass' ? size.classes : 1;
  const against: string[] = [];
  if (library === undefined)
    against.push(
      'its Python library is not here: `slipway doctor --python` installs it, SLIPWAY_PYTHON names one',
    );
  if (entries.length === 0) against.push(`it is not tried for ${size.task} with ${size.classes} classes`);
  const notes = library === undefined ? [] : [`${library.library} ${library.version}, with --families all`];
  return {
    family,
    runs: against.length === 0,
    reasons: [...against, ...notes],
    runtime: 'python',
    takesMissing: true,
    takesCategories: true,
    candidates: entries.map(({ candidate }) => candidate),
    fitSeconds: Math.max(0, ...entries.map((entry) => secondsOf(entry, size))),
    fitBytes: Math.round(familyRequirements.booster.memoryBytes(size.rows, size.width, outputs)),
    outputs: OUTPUTS[size.task],
    licence: library?.licence ?? LICENCES[family],
  };
}

function secondsOf(entry: ScheduleEntry, { rows, width, encodedWidth, task, classes }: Size): number {
  const outputs = task === 'multiclass' ? classes : 1;
  const { family } = entry;
  if (family === 'constant') return rows * 1e-8;
  const params = entry.params as { rounds?: number; iterationsMax?: number };
  if (family === 'linear')
    return rows * encodedWidth * outputs * (params.iterationsMax ?? LINEAR_PASSES) * LINEAR_SECONDS;
  return rows * width * outputs * (params.rounds ?? LINEAR_PASSES) * BOOSTER_SECONDS;
}

function flowOf({ dataset, version }: PlanInput, task: Task): StudyPlan['flow'] {
  return [
    {
      step: 'snapshot',
      does: `${dataset} v${version}, immutable`,
      requires: 'a Parquet part, its schema and profile',
    },
    {
      step: 'guards',
      does: 'identifiers, constants, duplicates, leaks, rare classes',
      requires: 'all rows once',
    },
    {
      step: 'split',
      does: 'test part by content, group or time; folds in the rest',
      requires: 'nothing that was fitted',
    },
    {
      step: 'coercions',
      does: 'missing marks, date parts, origins: stored, and applied the same way in serving',
      requires: 'types of the snapshot',
    },
    {
      step: 'fits',
      does: 'candidates on folds, in worker threads',
      requires: 'float32 columns and category codes',
    },
    {
      step: 'graph',
      does: `one ONNX graph: raw strings and missing values in, ${OUTPUTS[task]} out`,
      requires: 'agreement with the trainer within 1e-5',
    },
    {
      step: 'serving',
      does: 'worker threads, Open Inference Protocol and invocations',
      requires: 'onnxruntime, which is here',
    },
  ];
}
