import type { ModelSignature } from '../contracts/models.ts';
import type { GuardFinding } from '../contracts/studies.ts';
import { defaultMetric, METRICS, metricsFor } from '../estimators/metrics/registry.ts';
import type { Metric } from '../estimators/metrics/types.ts';
import type { Task } from '../estimators/types.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import { type Coercions, coerceTable } from '../tables/coercion.ts';
import { findColumn, type Table, takeRows } from '../tables/table.ts';
import { planCoercions } from './coercion-plan.ts';
import type { FitData } from './fit-jobs.ts';
import { shareMatrix, shareTarget } from './fit-pool.ts';
import { type Fold, planFolds } from './folds.ts';
import { requireColumns, runGuards } from './guards.ts';
import { signatureOf } from './signature.ts';
import { planSplit, type SplitPlan } from './split-plan.ts';
import { planTarget, ROWS_MIN, type TargetPlan, tooFewRows } from './target.ts';
import type { StudyRequest } from './types.ts';

/** The search looks at no more rows than this; the winner is refitted on more. */
export const SEARCH_ROWS_MAX = 100_000;

/** All that a study decides before it fits anything. */
export interface Prepared {
  readonly target: TargetPlan;
  readonly metric: Metric;
  readonly guards: readonly GuardFinding[];
  /** Names of the columns learnt from. */
  readonly features: readonly string[];
  readonly split: SplitPlan;
  readonly coercions: Coercions;
  readonly signature: ModelSignature;
  /** Training rows as features and target, in shared memory. */
  readonly data: FitData;
  /** Positions in `data`. */
  readonly folds: readonly Fold[];
  /** Column that each feature of the data comes from. */
  readonly columnOfFeature: readonly string[];
}

/**
 * Turns a table and a request into what fits need: task, guards, split, coercions, features, folds.
 *
 * @throws everything of kind user in `errors.ts`
 */
export function prepareStudy(table: Table, request: StudyRequest): Prepared {
  const named = (name: string | undefined, role: string) => (name === undefined ? [] : [{ name, role }]);
  requireColumns(
    table,
    [
      ...named(request.target, 'the target'),
      ...named(request.time, 'the time'),
      ...named(request.group, 'the group'),
      ...request.exclude.flatMap((name) => named(name, 'a column to exclude')),
    ],
    nearestName,
  );
  const target = planTarget(findColumn(table, request.target)!, request);
  const metric = chooseMetric(target.task, request.metric);
  const guarded = runGuards(table, target, request);
  const planned = planCoercions(guarded.columns, request.schema.columns, request.time);
  const coercions = planned.filter(({ emits }) => emits.length > 0);
  const features = coercions.map(({ column }) => column);
  const { time, group, seed, separateTest, inheritedSplit } = request;
  const split = planSplit({
    ...{ table, target, columns: features, seed, separateTest },
    ...(time === undefined ? {} : { time }),
    ...(group === undefined ? {} : { group }),
    ...(inheritedSplit === undefined ? {} : { inherited: inheritedSplit }),
  });
  if (split.trainRows.length < ROWS_MIN - 2) {
    throw tooFewRows(request.target, `only ${split.trainRows.length} rows are left to train on`);
  }
  const train = takeRows(
    { rows: table.rows, columns: features.map((name) => findColumn(table, name)!) },
    split.trainRows,
  );
  return {
    ...{ target, metric, guards: guarded.findings, features, split, coercions },
    signature: signatureOf({ name: request.target, plan: target }, train.columns, coercions),
    data: {
      features: shareMatrix(coerceTable(train, coercions)),
      target: shareTarget(Float64Array.from(split.trainRows, (row) => target.values[row]!)),
      task: target.task,
      classes: Math.max(1, target.labels.length),
      labels: target.labels,
    },
    folds: foldsOf(table, target, split, { columns: features, seed }),
    columnOfFeature: coercions.flatMap(({ column, emits }) => emits.map(() => column)),
  };
}

/** Folds over the rows the search looks at, as positions among all training rows. */
function foldsOf(
  table: Table,
  target: TargetPlan,
  split: SplitPlan,
  rule: { readonly columns: readonly string[]; readonly seed: number },
): Fold[] {
  const all = split.trainRows.length;
  const count = Math.min(all, SEARCH_ROWS_MAX);
  const positions = Int32Array.from({ length: count }, (_, i) => Math.floor((i * all) / count));
  const rows = positions.map((position) => split.trainRows[position]!);
  const folds = planFolds(table, target, rows, { rule: split.rule, ...rule });
  return folds.map(({ train, valid }) => ({
    train: train.map((i) => positions[i]!),
    valid: valid.map((i) => positions[i]!),
  }));
}

function chooseMetric(task: Task, wanted: string | undefined): Metric {
  if (wanted === undefined) return defaultMetric(task);
  const known = Object.keys(METRICS);
  const metric = Object.values(METRICS).find(({ name }) => name === wanted);
  if (metric === undefined) {
    const near = nearestName(wanted, known);
    throw new SlipwayError('METRIC_NOT_FOUND', {
      message: `there is no metric '${wanted}'`,
      fix: near === undefined ? `Use one of: ${known.join(', ')}.` : `Did you mean '${near}'?`,
      details: { metric: wanted, known, ...(near === undefined ? {} : { nearest: near }) },
    });
  }
  if (metric.tasks.includes(task)) return metric;
  const suitable = metricsFor(task).map(({ name }) => name);
  throw new SlipwayError('METRIC_UNSUITABLE', {
    message: `${metric.name} (${metric.title}) does not measure a ${task} model`,
    fix: `Use one of: ${suitable.join(', ')}.`,
    details: { metric: wanted, task, suitable },
  });
}
