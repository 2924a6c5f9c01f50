import type { BoosterParams, Model } from '../estimators/types.ts';
import { jobOf, type StudyContext, stopsEarly } from './evaluate.ts';
import type { CandidateRecord } from './journal.ts';
import { SEARCH_ROWS_MAX } from './prepare.ts';
import type { ScheduleEntry } from './schedule.ts';

/** Share of the budget that refitting on more rows than the search looked at may take… */
const REFIT_BUDGET_SHARE = 0.2;
/** …at this many row × round × feature × output steps a second, which every machine we know exceeds. */
const STEPS_PER_SECOND = 4e7;
/** Best rounds grow with the rows, slower than in proportion. */
const ROUNDS_EXPONENT = 0.4;

export interface Refitted {
  readonly entry: ScheduleEntry;
  readonly model: Model;
  readonly modelJson: Uint8Array;
  readonly graph: Uint8Array;
  readonly seconds: number;
  /** Parameters as fitted: the rounds are fixed. */
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** Fits an entry on the whole training part, with the rounds that its folds found. */
export async function refit(
  context: StudyContext,
  entry: ScheduleEntry,
  record: CandidateRecord | undefined,
): Promise<Refitted> {
  const params = refitParams(context, entry, record);
  const outcome = await context.pool.run({
    ...jobOf(context, entry, 'refit'),
    params,
    train: refitRows(context, entry, params),
    wants: { graph: true, model: true },
  });
  return {
    entry,
    params,
    model: JSON.parse(new TextDecoder().decode(outcome.model!)) as Model,
    modelJson: outcome.model!,
    graph: outcome.graph!,
    seconds: outcome.seconds,
  };
}

export function refitParams(
  { prepared }: StudyContext,
  entry: ScheduleEntry,
  record: CandidateRecord | undefined,
): Record<string, number> {
  const params = { ...entry.params } as Record<string, number>;
  if (!stopsEarly(entry) || record === undefined) return params;
  // Beyond the rows of the search the rounds stay as they are: what they would gain there has not been measured.
  const rows = Math.min(prepared.data.target.length, SEARCH_ROWS_MAX);
  const scaled = record.foldRounds.map(
    (rounds, fold) => rounds * (rows / prepared.folds[fold]!.train.length) ** ROUNDS_EXPONENT,
  );
  const mean = scaled.reduce((sum, one) => sum + one, 0) / scaled.length;
  delete params['earlyStoppingRounds'];
  return { ...params, rounds: Math.max(1, Math.round(mean)) };
}

function refitRows(context: StudyContext, entry: ScheduleEntry, params: BoosterParams): Int32Array {
  const { rows } = context.prepared.data.features;
  const count = refitRowCount(context, entry, params);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
}

/**
 * All training rows, unless there are so many that the refit would not fit the budget; a linear model gains nothing from more than the
 * search looked at. What decides is arithmetic, not a clock, so that a replay takes the same rows.
 */
export function refitRowCount(
  { prepared, request }: StudyContext,
  entry: ScheduleEntry,
  params: BoosterParams,
): number {
  const { features, classes, task } = prepared.data;
  if (entry.family === 'constant') return features.rows;
  if (entry.family === 'linear') return Math.min(features.rows, SEARCH_ROWS_MAX);
  const outputs = task === 'multiclass' ? classes : 1;
  const steps = (params.rounds ?? 1) * features.features.length * outputs;
  const affordable = Math.floor((request.budgetSeconds * REFIT_BUDGET_SHARE * STEPS_PER_SECOND) / steps);
  return Math.min(features.rows, Math.max(SEARCH_ROWS_MAX, affordable));
}
