import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, ErrorBody, Interval, Name, TaskName } from './common.ts';
import { LeaderboardRow, Schedule } from './studies.ts';
import { Policy, Severity, Verdict } from './validations.ts';

export const LAUNCH_STEPS = ['feed', 'select', 'package', 'validate', 'deploy', 'monitor'] as const;
export type LaunchStep = (typeof LAUNCH_STEPS)[number];

/** Where rows come from: a path on the server's machine (local client), or an uploaded blob. */
export const SourceRef = Type.Object({
  /** Absolute path; only accepted from loopback clients. */
  path: Type.Optional(Type.String()),
  /** sha256 of an uploaded blob (`PUT /api/v1/blobs/{sha256}`). */
  digest: Type.Optional(Type.String()),
  /** File name shown to people and used to recognise the format. */
  fileName: Type.String({ minLength: 1, maxLength: 500 }),
});
export type SourceRef = Static<typeof SourceRef>;

export const LaunchRequest = Type.Object(
  {
    /** Rows to feed first. One of `source` and `data`. */
    source: Type.Optional(SourceRef),
    /** A data set that is here already: `orders`, `orders@v3`, `orders@tag`. */
    data: Type.Optional(Type.String({ minLength: 1, maxLength: 250 })),
    testSource: Type.Optional(SourceRef),
    target: Type.String({ minLength: 1, description: 'Column name, or "last"' }),
    /** Default: from the file name. */
    name: Type.Optional(Name),
    task: Type.Optional(
      Type.Unsafe<'auto' | TaskName>({
        type: 'string',
        enum: ['auto', 'binary', 'multiclass', 'regression'],
      }),
    ),
    positive: Type.Optional(Type.String()),
    metric: Type.Optional(Type.String()),
    exclude: Type.Optional(Type.Array(Type.String())),
    types: Type.Optional(Type.Record(Type.String(), ColumnType)),
    header: Type.Optional(
      Type.Unsafe<'auto' | 'yes' | 'no'>({ type: 'string', enum: ['auto', 'yes', 'no'] }),
    ),
    budgetSeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 86_400 })),
    seed: Type.Optional(Type.Integer({ minimum: 0 })),
    time: Type.Optional(Type.String()),
    group: Type.Optional(Type.String()),
    leaks: Type.Optional(
      Type.Unsafe<'exclude' | 'fail' | 'keep'>({ type: 'string', enum: ['exclude', 'fail', 'keep'] }),
    ),
    families: Type.Optional(
      Type.Unsafe<'node' | 'all'>({
        type: 'string',
        enum: ['node', 'all'],
        description: "'all' adds LightGBM, XGBoost, CatBoost and scikit-learn where a Python has them",
      }),
    ),
    policy: Type.Optional(Policy),
    /** Run every step again although nothing changed. */
    force: Type.Optional(Type.Boolean()),
    /** Replays exactly this many schedule entries, whatever the budget. */
    position: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Client's process start, epoch ms: `seconds` and `firstModelSeconds` count from it. */
    startedAt: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
);
export type LaunchRequest = Static<typeof LaunchRequest>;

/** The reply to `POST /api/v1/launches`: follow `runs/{runId}` or its stream. */
export const LaunchAccepted = Type.Object({
  runId: Type.String(),
  name: Name,
  resumed: Type.Boolean(),
  cached: Type.Boolean(),
});
export type LaunchAccepted = Static<typeof LaunchAccepted>;

export const LaunchProgress = Type.Object({
  type: Type.Literal('progress'),
  step: Type.String(),
  message: Type.String(),
  /** Share done in [0, 1], where known. */
  fraction: Type.Optional(Type.Number()),
  remainingSeconds: Type.Optional(Type.Number()),
});
export type LaunchProgress = Static<typeof LaunchProgress>;

export const LaunchStepLine = Type.Object({
  type: Type.Literal('step'),
  step: Type.String(),
  status: Type.Unsafe<'started' | 'completed' | 'failed' | 'cached'>({
    type: 'string',
    enum: ['started', 'completed', 'failed', 'cached'],
  }),
  seconds: Type.Number(),
  /** One sentence for people. */
  summary: Type.Optional(Type.String()),
});
export type LaunchStepLine = Static<typeof LaunchStepLine>;

/** The single last line of `launch --json`. Sections appear as far as the launch came. */
export const LaunchResult = Type.Object({
  type: Type.Literal('result'),
  ok: Type.Boolean(),
  error: Type.Optional(ErrorBody),
  runId: Type.Optional(Type.String()),
  dataset: Type.Optional(
    Type.Object({
      name: Type.String(),
      snapshot: Type.String(),
      version: Type.Integer(),
      rows: Type.Integer(),
      quarantined: Type.Integer(),
      columns: Type.Integer(),
    }),
  ),
  task: Type.Optional(TaskName),
  target: Type.Optional(Type.String()),
  schedule: Type.Optional(Schedule),
  leaderboard: Type.Optional(Type.Array(LeaderboardRow)),
  model: Type.Optional(
    Type.Object({
      name: Type.String(),
      version: Type.Integer(),
      digest: Type.String(),
      bytes: Type.Integer(),
    }),
  ),
  holdout: Type.Optional(
    Type.Object({
      metric: Type.String(),
      value: Type.Number(),
      interval: Type.Union([Interval, Type.Null()]),
      metrics: Type.Record(Type.String(), Type.Number()),
    }),
  ),
  validation: Type.Optional(
    Type.Object({
      verdict: Verdict,
      reportId: Type.Optional(Type.String()),
      findings: Type.Array(
        Type.Object({
          check: Type.String(),
          severity: Severity,
          summary: Type.String(),
          columns: Type.Optional(Type.Array(Type.String())),
        }),
      ),
    }),
  ),
  deployment: Type.Optional(Type.Object({ url: Type.String(), revision: Type.Integer() })),
  seconds: Type.Number(),
  firstModelSeconds: Type.Optional(Type.Number()),
  links: Type.Record(Type.String(), Type.String()),
  /** Exit code a command line ends with; set by the server. */
  exit: Type.Optional(Type.Integer()),
});
export type LaunchResult = Static<typeof LaunchResult>;

/** What `GET /api/v1/runs/{id}/stream` sends (server-sent events, one JSON each) until exactly one result. */
export type LaunchLine = LaunchStepLine | LaunchProgress | LaunchResult;
