import { join } from 'node:path';
import type { Page, PageQuery } from '../contracts/common.ts';
import type { LeaderboardRow, StudyDetail, StudySummary } from '../contracts/studies.ts';
import { metricOf } from '../estimators/metrics/registry.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { EventLog } from '../ports/events.ts';
import type { Isolate } from '../ports/isolate.ts';
import type { Transactor } from '../ports/transaction.ts';
import { paretoFront } from './pareto.ts';
import type { StudyStore } from './ports.ts';
import type { SelectionService, StudyProgress, StudyRequest, StudyResult } from './types.ts';
import './errors.ts';

export interface SelectionParts {
  readonly store: StudyStore;
  readonly isolate: Isolate;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly ids: IdSource;
}

type RunRequest = Parameters<SelectionService['run']>[0];
type RunControl = Parameters<SelectionService['run']>[1];

/** The room: studies are run in a child process and recorded as they go. */
export function createSelection(parts: SelectionParts): SelectionService {
  return {
    run: (request, control) => runRecorded(parts, request, control),
    list: (query: PageQuery): Promise<Page<StudySummary>> => parts.store.list(query),
    get: async (id) => {
      const study = await parts.store.find(id);
      if (study !== undefined) return withFront(study);
      throw new SlipwayError('STUDY_NOT_FOUND', {
        message: `there is no study '${id.slice(0, 40)}'`,
        fix: 'List the studies to see their ids.',
        details: { id: id.slice(0, 200) },
      });
    },
  };
}

/** Marks the candidates that nothing else beats; while a study runs, of those so far. */
function withFront(study: StudyDetail): StudyDetail {
  if (study.leaderboard.length === 0) return study;
  const front = paretoFront(study.leaderboard, metricOf(study.metric).direction === 'maximise');
  const leaderboard = study.leaderboard.map((row) => ({ ...row, pareto: front.has(row.candidate) }));
  return { ...study, leaderboard };
}

async function runRecorded(
  parts: SelectionParts,
  request: RunRequest,
  control: RunControl,
): Promise<{ studyId: string; result: StudyResult }> {
  const studyId = parts.ids();
  const recorder = createRecorder(parts, begunStudy(studyId, request, parts.clock));
  await recorder.begin();
  const { dataset, datasetVersion, runId: _run, ...search } = request;
  const input: StudyRequest = { ...search, studyId, journalDir: join(control.journalKey, 'study') };
  try {
    const result = await parts.isolate.run<StudyRequest, StudyResult, StudyProgress>('select', input, {
      ...(control.signal === undefined ? {} : { signal: control.signal }),
      onProgress: (progress) => {
        recorder.see(progress);
        control.onProgress?.(progress);
      },
    });
    await recorder.complete(result);
    return { studyId, result };
  } catch (error) {
    await recorder.fail(error);
    throw error;
  }
}

function begunStudy(id: string, request: RunRequest, clock: Clock): StudyDetail {
  const { name, dataset, datasetVersion, target, task, metric, budgetSeconds, seed } = request;
  return {
    ...{ id, name, dataset, datasetVersion, target, budgetSeconds, seed },
    ...(request.runId === undefined ? {} : { runId: request.runId }),
    // Until the guards have looked at the target, what was asked for stands in.
    task: task === 'auto' ? 'regression' : task,
    metric: metric ?? '',
    status: 'running',
    ...{ bestScore: null, bestSpread: null, bestCandidate: null, candidates: 0, seconds: null },
    ...{ leaderboard: [], guards: [], features: [], classes: [], firstModelSeconds: null },
    createdAt: clock.now(),
    schedule: { exhausted: false, position: 0, length: 0 },
    split: { method: '', description: '', trainRows: 0, testRows: 0, folds: 0 },
  };
}

/** Writes what happens in the order it happens, one transaction after the other. */
function createRecorder(parts: SelectionParts, begun: StudyDetail) {
  const { store, transactor, events } = parts;
  let study = begun;
  let writing: Promise<void> = Promise.resolve();
  let failure: unknown;
  const subject = `studies/${begun.id}`;
  const write = (type: string, data: Record<string, unknown>, row?: LeaderboardRow) => {
    const snapshot = study;
    writing = writing
      .then(() =>
        transactor.transaction(async (tx) => {
          if (type === 'study.started') await store.insert(tx, snapshot);
          else await store.update(tx, snapshot);
          if (row !== undefined) await store.addCandidate(tx, snapshot.id, row);
          await events.append(tx, { type, subject, data: { name: snapshot.name, ...data } });
        }),
      )
      .catch((error) => {
        failure ??= error;
      });
  };
  const settle = async () => {
    await writing;
    if (failure !== undefined) throw failure;
  };
  const see = (progress: StudyProgress) => {
    if (progress.type === 'guards') {
      const { task, metric, guards } = progress;
      study = { ...study, task, metric, guards: [...guards] };
    } else if (progress.type === 'first-model') {
      study = { ...study, firstModelSeconds: progress.seconds };
      write('study.first-model', { seconds: progress.seconds });
    } else if (progress.type === 'candidate-failed') {
      const { failure, position, length } = progress;
      const schedule = { exhausted: position === length, position, length };
      study = { ...study, schedule, failures: [...(study.failures ?? []), failure] };
      write('study.candidate-failed', { candidate: failure.candidate, code: failure.code });
    } else if (progress.type === 'candidate') {
      study = withCandidate(study, progress);
      const { candidate, score, metric } = progress.row;
      write('study.candidate', { candidate, score, metric }, progress.row);
    }
  };
  return {
    see,
    begin: () => {
      write('study.started', { target: begun.target, dataset: begun.dataset });
      return settle();
    },
    complete: (result: StudyResult) => {
      study = completedStudy(study, result);
      write('study.completed', { winner: result.winner, metric: result.metric, score: study.bestScore });
      return settle();
    },
    fail: async (error: unknown) => {
      const { code, message, fix } = toSlipwayError(error);
      study = {
        ...study,
        status: code === 'CANCELLED' ? 'interrupted' : 'failed',
        error: { code, message, ...(fix === undefined ? {} : { fix }) },
      };
      write(`study.${study.status}`, { code });
      await writing;
    },
  };
}

function withCandidate(
  study: StudyDetail,
  { position, length }: Extract<StudyProgress, { type: 'candidate' }>,
): StudyDetail {
  const schedule = { exhausted: position === length, position, length };
  return { ...study, schedule, candidates: position - (study.failures?.length ?? 0) };
}

function completedStudy(study: StudyDetail, result: StudyResult): StudyDetail {
  const best = result.leaderboard.find((row) => row.candidate === result.winner);
  const { task, metric, guards, features, leaderboard, schedule, classes, trainRows, testRows, folds } =
    result;
  return {
    ...study,
    status: 'completed',
    ...{ task, metric, guards: [...guards], features: [...features], leaderboard: [...leaderboard] },
    ...(result.failures.length === 0 ? {} : { failures: [...result.failures] }),
    ...{ schedule: { ...schedule }, classes: [...classes] },
    split: { method: result.split.method, description: result.splitDescription, trainRows, testRows, folds },
    bestScore: best?.score ?? null,
    bestSpread: best?.spread ?? null,
    bestCandidate: result.winner,
    candidates: leaderboard.length,
    seconds: result.seconds,
    firstModelSeconds: result.firstModelSeconds,
  };
}
