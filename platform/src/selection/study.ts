import { dirname } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { Engine } from '../ports/engine.ts';
import type { GraphRuntime } from '../ports/inference.ts';
import type { Table } from '../tables/table.ts';
import type { StudyContext } from './evaluate.ts';
import { createOutsideFitter, fitSecondsMax } from './external-fits.ts';
import { withExternal } from './external-schedule.ts';
import { finishStudy } from './finish.ts';
import { buildFirstModel } from './first-model.ts';
import { FitPool } from './fit-pool.ts';
import { Journal } from './journal.ts';
import type { ExternalFamilies } from './ports.ts';
import { type Prepared, prepareStudy } from './prepare.ts';
import { readPart } from './read-part.ts';
import { type ScheduleEntry, scheduleFor } from './schedule.ts';
import { yardstickOf } from './scoring.ts';
import { search } from './search.ts';
import type { StudyProgress, StudyRequest, StudyResult } from './types.ts';

export interface StudyTools {
  readonly engine: Engine;
  readonly runtime: GraphRuntime;
  readonly clock: Clock;
  /** Fits external families; needed when the request names some. Closed by the study. */
  readonly external?: ExternalFamilies;
  readonly onProgress?: (progress: StudyProgress) => void;
  readonly signal?: AbortSignal;
}

/** How often the time used is written down, so that a kill does not give the budget back. */
const USED_INTERVAL_MS = 1000;

/**
 * Runs a study: reads the snapshot's part, guards, splits, follows the schedule within the budget, refits and checks the winner.
 * Touches nothing but the journal folder. The result is a function of the request and the position reached; threads and clock only
 * decide how far that is.
 *
 * @throws the user errors of `errors.ts` before anything is fitted; LEAK_FOUND; PARITY_FAILED; CANCELLED.
 */
export async function runStudy(request: StudyRequest, tools: StudyTools): Promise<StudyResult> {
  const { clock, signal } = tools;
  const started = clock.elapsed();
  const journal = new Journal(request.journalDir, request);
  const seconds = () => journal.secondsBefore + (clock.elapsed() - started) / 1000;
  const outside =
    tools.external === undefined ? undefined : createOutsideFitter(tools.external, fitSecondsMax(request));
  const pool = new FitPool(request.threads, outside);
  const onAbort = () => void pool.close();
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setInterval(() => journal.recordSeconds(seconds()), USED_INTERVAL_MS);
  try {
    signal?.throwIfAborted();
    const table = await readTable(request, tools.engine);
    return await studyTable(table, { request, tools, journal, pool, seconds });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    throw new SlipwayError('CANCELLED', { message: 'the study was cancelled', cause: error });
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', onAbort);
    await pool.close();
    await tools.external?.close();
  }
}

async function readTable(request: StudyRequest, engine: Engine): Promise<Table> {
  const session = await engine.open({ workDir: dirname(request.journalDir), threads: request.threads });
  try {
    return await readPart(session, request.partPath, request.schema);
  } finally {
    await session.close();
  }
}

interface Study {
  readonly request: StudyRequest;
  readonly tools: StudyTools;
  readonly journal: Journal;
  readonly pool: FitPool;
  readonly seconds: () => number;
}

async function studyTable(table: Table, study: Study): Promise<StudyResult> {
  const { request, tools, journal, pool, seconds } = study;
  const report = tools.onProgress ?? (() => undefined);
  const prepared = prepareStudy(table, request);
  const { metric, guards, data, folds } = prepared;
  report({ type: 'guards', guards, task: data.task, metric: metric.name });
  pool.load(data);
  const yardstick = yardstickOf(metric, data, folds);
  const context: StudyContext = { request, prepared, yardstick, pool, ...tools, seconds };
  const schedule = scheduleOf(context);
  const firstModel = buildFirstModel(context, { schedule, journal, report });
  // Awaited below; without this a failure before that would be unhandled.
  firstModel.catch(() => undefined);
  const { records, failures, position, exhausted } = await search(context, schedule, {
    journal,
    onFailure: (failure, index) =>
      report({ type: 'candidate-failed', failure, position: index + 1, length: schedule.length }),
    onCandidate: ({ row, index }, remainingSeconds) =>
      report({ type: 'candidate', row, position: index + 1, length: schedule.length, remainingSeconds }),
  });
  const firstModelSeconds = await firstModel;
  const onPhase = (message: string) => report({ type: 'phase', message });
  const finished = await finishStudy(context, { schedule, records, journal, onPhase });
  journal.recordSeconds(seconds());
  return {
    ...describe(prepared, schedule, { position, exhausted }),
    ...finished,
    failures,
    seconds: seconds(),
    firstModelSeconds: firstModelSeconds ?? seconds(),
  };
}

function scheduleOf({ request, prepared }: StudyContext): ScheduleEntry[] {
  const { task, target, classes, features } = prepared.data;
  const size = { rows: target.length, classes, features: features.features.length };
  const own = scheduleFor(task, size);
  if (request.external === undefined) return own;
  const families = request.external.libraries.map(({ family }) => family);
  return withExternal(own, families, { task, ...size });
}

function describe(
  prepared: Prepared,
  schedule: readonly ScheduleEntry[],
  reached: { readonly position: number; readonly exhausted: boolean },
) {
  const { target, metric, guards, features, split, signature, coercions, folds } = prepared;
  return {
    task: target.task,
    metric: metric.name,
    ...{ guards, features, signature, coercions },
    schedule: { ...reached, length: schedule.length },
    split: split.rule,
    splitDescription: split.description,
    trainRows: split.trainRows.length,
    testRows: split.testRows.length,
    folds: folds.length,
    classes: target.classes,
  };
}
