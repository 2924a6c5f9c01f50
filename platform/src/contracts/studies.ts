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
  /** No other candidate is better in score, microseconds and bytes at once. Told when a study is shown. */
  pareto: Type.Optional(Type.Boolean()),
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
    /** Run whose `select` step this is; its outputs name the winner's files. */
    runId: Type.Optional(Id),
    error: Type.Optional(ErrorBody),
  }),
]);
export type StudyDetail = Static<typeof StudyDetail>;

/** Two candidates of a study, fold by fold. */
export const CandidateComparison = Type.Object({
  metric: Type.String(),
  /** Whether a greater value is better. */
  maximise: Type.Boolean(),
  a: LeaderboardRow,
  b: LeaderboardRow,
  folds: Type.Array(Type.Object({ a: Type.Number(), b: Type.Number(), difference: Type.Number() })),
  /** Mean of a − b with its 95 % interval: t over folds, widened because folds share training rows (Nadeau and Bengio 2003). */
  difference: Type.Object({ mean: Type.Number(), low: Type.Number(), high: Type.Number() }),
  verdict: Type.Unsafe<'a' | 'b' | 'tied'>({ type: 'string', enum: ['a', 'b', 'tied'] }),
});
export type CandidateComparison = Static<typeof CandidateComparison>;

export const CompareQuery = Type.Object(
  { a: Type.String({ minLength: 1, maxLength: 200 }), b: Type.String({ minLength: 1, maxLength: 200 }) },
  { additionalProperties: false },
);

export const StudyPlanRequest = Type.Object(
  {
    /** `orders`, `orders@v3`, `orders@tag`. */
    data: Type.String({ minLength: 1, maxLength: 250 }),
    /** Column to predict, or "last". */
    target: Type.String({ minLength: 1, maxLength: 1000 }),
    task: Type.Optional(
      Type.Unsafe<'auto' | TaskName>({
        type: 'string',
        enum: ['auto', 'binary', 'multiclass', 'regression'],
      }),
    ),
    exclude: Type.Optional(Type.Array(Type.String())),
  },
  { additionalProperties: false },
);
export type StudyPlanRequest = Static<typeof StudyPlanRequest>;

/** What a family would need and cost on these rows and this machine. */
export const PlannedFamily = Type.Object({
  family: Type.String(),
  runs: Type.Boolean(),
  /** Why not, or what to mind. */
  reasons: Type.Array(Type.String()),
  runtime: Type.String({ description: 'node or python' }),
  takesMissing: Type.Boolean(),
  takesCategories: Type.Boolean(),
  /** Candidates of the schedule. */
  candidates: Type.Array(Type.String()),
  /** Of one fit on one fold, on one thread, at the most rounds; from measured rates, not from this machine. */
  fitSeconds: Type.Number(),
  /** Bytes of one fit beside the table itself. */
  fitBytes: Type.Integer(),
  outputs: Type.String(),
  licence: Type.String(),
});
export type PlannedFamily = Static<typeof PlannedFamily>;

export const StudyPlan = Type.Object({
  dataset: Name,
  version: Type.Integer(),
  target: Type.String(),
  task: TaskName,
  classes: Type.Integer(),
  rows: Type.Integer(),
  features: Type.Object({ numbers: Type.Integer(), categories: Type.Integer(), dates: Type.Integer() }),
  machine: Type.Object({ cores: Type.Integer(), memoryBytes: Type.Integer() }),
  folds: Type.Integer(),
  families: Type.Array(PlannedFamily),
  /** How the pieces connect, from the snapshot to the served graph. */
  flow: Type.Array(Type.Object({ step: Type.String(), does: Type.String(), requires: Type.String() })),
});
export type StudyPlan = Static<typeof StudyPlan>;
