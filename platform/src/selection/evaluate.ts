import type { LeaderboardRow } from '../contracts/studies.ts';
import type { Clock } from '../kernel/clock.ts';
import { seedOf } from '../kernel/rng.ts';
import type { GraphRuntime } from '../ports/inference.ts';
import type { FitJob, FitOutcome } from './fit-jobs.ts';
import type { FitPool } from './fit-pool.ts';
import { timeGraph } from './graph-check.ts';
import type { CandidateRecord } from './journal.ts';
import type { Prepared } from './prepare.ts';
import type { ScheduleEntry } from './schedule.ts';
import { foldScoresOf, meanOf, spreadOf, type Yardstick } from './scoring.ts';
import type { StudyRequest } from './types.ts';

/** What the stages of one study share. */
export interface StudyContext {
  readonly request: StudyRequest;
  readonly prepared: Prepared;
  readonly yardstick: Yardstick;
  readonly pool: FitPool;
  readonly runtime: GraphRuntime;
  readonly clock: Clock;
  /** Seconds this study has used, earlier attempts included. */
  readonly seconds: () => number;
}

/** Fits an entry on every fold and measures it out of fold. @throws CANCELLED when the pool was told to give up. */
export async function evaluateEntry(
  context: StudyContext,
  entry: ScheduleEntry,
  index: number,
): Promise<{ record: CandidateRecord; predictions: Float64Array }> {
  const { prepared, pool, yardstick } = context;
  const outcomes = await Promise.all(
    prepared.folds.map(({ train, valid }, fold) =>
      pool.run({
        ...jobOf(context, entry, `fold ${fold}`),
        ...{ train, valid },
        earlyStopping: stopsEarly(entry),
        // The graph of one fold stands for the candidate's size and speed; the winner's own is measured after its refit.
        wants: { graph: fold === 0 },
      }),
    ),
  );
  const predictions = joined(outcomes.map((outcome) => outcome.predictions));
  const foldScores = foldScoresOf(yardstick, predictions);
  const graph = outcomes[0]!.graph!;
  const row: LeaderboardRow = {
    candidate: entry.candidate,
    family: entry.family,
    metric: yardstick.metric.name,
    score: meanOf(foldScores),
    spread: spreadOf(foldScores),
    foldScores,
    fitSeconds: round3(outcomes.reduce((sum, { seconds }) => sum + seconds, 0)),
    ...(await measured(context, graph)),
    params: { ...entry.params },
    finishedSeconds: round3(context.seconds()),
  };
  const record = {
    ...{ index, row },
    foldRounds: outcomes.map(({ rounds }) => rounds),
    foldSeconds: outcomes.map(({ seconds }) => seconds),
  };
  return { record, predictions };
}

/** Whether held-out rows decide the number of rounds. */
export function stopsEarly(entry: ScheduleEntry): boolean {
  return 'earlyStopping' in entry && entry.earlyStopping;
}

/** Bytes and single-row time of a graph. */
export async function measured(
  { prepared, runtime, clock }: StudyContext,
  graph: Uint8Array,
): Promise<Pick<LeaderboardRow, 'bytes' | 'p50Us'>> {
  const { features, classes } = prepared.data;
  return {
    bytes: graph.byteLength,
    p50Us: await timeGraph(runtime, graph, { outputs: classes, rows: features, clock }),
  };
}

/** Family, parameters and seed of a fit; the seed depends on nothing but what is fitted. */
export function jobOf(
  { request }: StudyContext,
  entry: ScheduleEntry,
  part: string,
): Pick<FitJob, 'family' | 'params' | 'seed'> {
  return {
    family: entry.family,
    params: { ...entry.params },
    seed: seedOf(request.seed, request.snapshotId, entry.candidate, part),
  };
}

function joined(parts: readonly FitOutcome['predictions'][]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

export function round3(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
