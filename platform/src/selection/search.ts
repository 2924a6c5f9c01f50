import type { CandidateFailure } from '../contracts/studies.ts';
import { toSlipwayError } from '../kernel/errors.ts';
import { killPoint } from '../kernel/kill-points.ts';
import { evaluateEntry, type StudyContext } from './evaluate.ts';
import { isExternal } from './external-fits.ts';
import type { CandidateRecord, Journal } from './journal.ts';
import { SEARCH_ROWS_MAX } from './prepare.ts';
import { refitParams, refitRowCount } from './refit.ts';
import { ENTRIES_MIN, type ScheduleEntry } from './schedule.ts';
import { meanOf } from './scoring.ts';

/** Seconds for exporting and checking the winner, beside its refit. */
const FINISH_SECONDS = 0.8;
/** Members of the final blend, refitted side by side. */
const REFITS = 3;
/** Graphs of refitted models are merged, written, loaded and compared at about this rate. */
const WRITTEN_BYTES_PER_SECOND = 4e6;

export interface SearchResult {
  readonly records: readonly CandidateRecord[];
  /** Entries of external families that could not be fitted. */
  readonly failures: readonly CandidateFailure[];
  /** Entries done, failed ones included. */
  readonly position: number;
  readonly exhausted: boolean;
}

/**
 * Follows the schedule until its end, the asked position, or the budget, whichever comes first. The next entry is already being
 * fitted while one finishes, so that no thread idles; entries are recorded in their order.
 *
 * An entry that the budget cuts off is given up and not counted. The first entries always run.
 */
export async function search(
  context: StudyContext,
  schedule: readonly ScheduleEntry[],
  options: {
    readonly journal: Journal;
    readonly onCandidate: (record: CandidateRecord, remainingSeconds: number) => void;
    readonly onFailure: (failure: CandidateFailure, index: number) => void;
  },
): Promise<SearchResult> {
  const { request } = context;
  const { journal, onCandidate, onFailure } = options;
  const end = Math.min(schedule.length, Math.max(1, request.position ?? schedule.length));
  const bounded = request.position === undefined;
  const running = new Map<number, ReturnType<typeof evaluateEntry>>();
  const records: CandidateRecord[] = [];
  const failures: CandidateFailure[] = [];
  const known = (index: number) => finishedRecord(context, journal, index) ?? journal.failure(index);
  const budget = { ended: false };
  const left = () => request.budgetSeconds - context.seconds() - reserveSeconds(context, schedule, records);
  const start = (index: number) => {
    if (index >= end || running.has(index) || known(index) !== undefined) return;
    if (bounded && index >= ENTRIES_MIN && left() <= 0) return;
    const evaluation = evaluateEntry(context, schedule[index]!, index);
    // Awaited in its turn, or given up; either way its failure is looked at there.
    evaluation.catch(() => undefined);
    running.set(index, evaluation);
  };
  for (let index = 0; index < end; index++) {
    if (known(index) === undefined) {
      start(index);
      start(index + 1);
      const bounds = bounded && index >= ENTRIES_MIN ? { left, budget } : undefined;
      const entry = schedule[index]!;
      const finished = await finishInTime(context, running.get(index), bounds).catch((error) =>
        failureOf(entry, error),
      );
      if (finished === undefined) break;
      running.delete(index);
      if ('code' in finished) journal.addFailure(index, finished);
      else journal.add(finished.record, finished.predictions);
    }
    journal.recordSeconds(context.seconds());
    const failure = journal.failure(index);
    if (failure === undefined) {
      records.push(finishedRecord(context, journal, index)!);
      onCandidate(records.at(-1)!, Math.max(0, request.budgetSeconds - context.seconds()));
    } else {
      failures.push(failure);
      onFailure(failure, index);
    }
    killPoint('select:candidate');
    // The budget ended while this entry was being measured: the next one has been given up already.
    if (budget.ended) break;
  }
  context.pool.cancelAll();
  const position = records.length + failures.length;
  return { records, failures, position, exhausted: position === schedule.length };
}

/** The loss of an external family's candidate; everything else is the study's. */
function failureOf({ candidate, family }: ScheduleEntry, error: unknown): CandidateFailure {
  const { code, message } = toSlipwayError(error);
  if (!isExternal(family) || code === 'CANCELLED') throw error;
  return { candidate, family, code, message };
}

type Evaluated = Awaited<ReturnType<typeof evaluateEntry>>;

/** The evaluation, or undefined when the budget ended before it did. */
async function finishInTime(
  { pool, prepared, request }: StudyContext,
  evaluation: Promise<Evaluated> | undefined,
  bounds: { readonly left: () => number; readonly budget: { ended: boolean } } | undefined,
): Promise<Evaluated | undefined> {
  if (evaluation === undefined || bounds === undefined) return evaluation;
  const { left, budget } = bounds;
  // If it wins, it is fitted once more on all rows: half-way through the rest of the budget may already be too late.
  const trainRows = meanOf(prepared.folds.map((fold) => fold.train.length));
  const searchRows = Math.min(SEARCH_ROWS_MAX, prepared.data.target.length);
  const refitShare = (Math.max(1, request.threads) / prepared.folds.length) * (searchRows / trainRows);
  const timer = setTimeout(
    () => {
      budget.ended = true;
      pool.cancelAll();
    },
    Math.max(0, (1000 * left()) / (1 + refitShare)),
  );
  try {
    return await evaluation;
  } catch (error) {
    if (budget.ended && toSlipwayError(error).code === 'CANCELLED') return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What an earlier attempt finished, when its predictions are whole, too. */
function finishedRecord(
  { yardstick }: StudyContext,
  journal: Journal,
  index: number,
): CandidateRecord | undefined {
  const record = journal.record(index);
  if (record === undefined) return undefined;
  const { truth } = yardstick;
  return journal.predictionsLength(index) === truth.target.length * truth.classes ? record : undefined;
}

/** Time to keep for the end: refits of the best side by side, the linear baseline, importance, and writing the graphs. */
function reserveSeconds(
  context: StudyContext,
  schedule: readonly ScheduleEntry[],
  records: readonly CandidateRecord[],
): number {
  const { prepared, request } = context;
  const trainRows = meanOf(prepared.folds.map((fold) => fold.train.length));
  const costs = records.map((record) => {
    const entry = schedule[record.index]!;
    const rows = refitRowCount(context, entry, refitParams(context, entry, record));
    const perFold = meanOf(record.foldSeconds);
    return { family: entry.family, perFold, refit: (perFold / trainRows) * rows, bytes: record.row.bytes };
  });
  const boosters = costs
    .filter(({ family }) => family !== 'constant' && family !== 'linear')
    .sort((a, b) => b.refit - a.refit)
    .slice(0, REFITS);
  const linear = Math.max(0, ...costs.filter(({ family }) => family === 'linear').map(({ refit }) => refit));
  const importance = Math.max(0, ...boosters.map(({ perFold }) => perFold));
  const fitting = boosters.reduce((sum, { refit }) => sum + refit, linear + importance);
  const writing = boosters.reduce((sum, { bytes }) => sum + bytes, 0) / WRITTEN_BYTES_PER_SECOND;
  return FINISH_SECONDS + fitting / Math.max(1, request.threads) + writing;
}
