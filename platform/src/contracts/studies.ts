import { type Static, Type } from '@sinclair/typebox';
import { ErrorBody, Id, Interval, MaybeNumber, Name, TaskName, TimeMs } from './common.ts';

/** Something a guard found before any fit. */
export const GuardFinding = Type.Object({
  guard: Type.String({
    description: 'identifier, constant, duplicate-rows, leak, rare-class, text, time, group',
  }),
  severity: Type.Unsafe<'info' | 'warning' | 'blocking'>({
    type: 'string',
    enum: ['info', 'warning', 'blocking'],
  }),
  columns: Type.Array(Type.String()),
  action: Type.Unsafe<'excluded' | 'kept' | 'noted'>({ type: 'string', enum: ['excluded', 'kept', 'noted'] }),
  summary: Type.String(),
  evidence: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type GuardFinding = Static<typeof GuardFinding>;

export const LeaderboardRow = Type.Object({
  candidate: Type.String({ description: 'e.g. booster-03' }),
  family: Type.String(),
  metric: Type.String(),
  /** Mean over folds (out of fold); in the metric's own direction. */
  score: Type.Number(),
  /** Standard deviation over folds. */
  spread: Type.Number(),
  foldScores: Type.Array(Type.Number()),
  /** Paired difference to the best, 95 %: "tied" when it contains 0. Absent for the best itself. */
  againstBest: Type.Optional(Interval),
  fitSeconds: Type.Number(),
  /** Bytes of the exported graph. */
  bytes: Type.Integer(),
  /** Median microseconds for one row through the exported graph, measured on this machine. */
  p50Us: Type.Number(),
  params: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()])),
  /** Seconds since the study began when it finished. */
  finishedSeconds: Type.Number(),
});
export type LeaderboardRow = Static<typeof LeaderboardRow>;

/** A schedule entry that could not be fitted: it is on no leaderboard, and the study went on. */
export const CandidateFailure = Type.Object({
  candidate: Type.String(),
  family: Type.String(),
  code: Type.String({
    description: 'FAMILY_FAILED, FAMILY_TIMED_OUT, FAMILY_OUT_OF_MEMORY, FAMILY_DISAGREES',
  }),
  message: Type.String(),
});
export type CandidateFailure = Static<typeof CandidateFailure>;

export const Schedule = Type.Object({
  /** All of the schedule was run within the budget. */
  exhausted: Type.Boolean(),
  /** Schedule entries completed: replay with this position gives the same bytes. */
  position: Type.Integer(),
  length: Type.Integer(),
});
export type Schedule = Static<typeof Schedule>;

export const StudySummary = Type.Object({
  id: Id,
  name: Name,
  dataset: Name,
  datasetVersion: Type.Integer(),
  target: Type.String(),
  task: TaskName,
  status: Type.Unsafe<'running' | 'completed' | 'failed' | 'interrupted'>({
    type: 'string',
    enum: ['running', 'completed', 'failed', 'interrupted'],
  }),
  metric: Type.String(),
  bestScore: MaybeNumber,
  bestSpread: MaybeNumber,
  bestCandidate: Type.Union([Type.String(), Type.Null()]),
  candidates: Type.Integer(),
  createdAt: TimeMs,
  seconds: MaybeNumber,
});
export type StudySummary = Static<typeof StudySummary>;

export const StudyDetail = Type.Composite([
  StudySummary,
  Type.Object({
    leaderboard: Type.Array(LeaderboardRow),
    schedule: Schedule,
    budgetSeconds: Type.Number(),
    /** Entries that were lost; absent when there are none. */
    failures: Type.Optional(Type.Array(CandidateFailure)),
    guards: Type.Array(GuardFinding),
    features: Type.Array(Type.String()),
    split: Type.Object({
      method: Type.String({ description: 'hash, group, time, or file (the user gave the test set)' }),
      description: Type.String(),
      trainRows: Type.Integer(),
      testRows: Type.Integer(),
      folds: Type.Integer(),
    }),
    classes: Type.Array(Type.Object({ label: Type.String(), rows: Type.Integer(), fitted: Type.Boolean() })),
    firstModelSeconds: MaybeNumber,
    seed: Type.Integer(),
    error: Type.Optional(ErrorBody),
  }),
]);
export type StudyDetail = Static<typeof StudyDetail>;
