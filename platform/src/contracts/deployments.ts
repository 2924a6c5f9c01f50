import { type Static, Type } from '@sinclair/typebox';
import { Digest, Id, MaybeNumber, Name, TimeMs } from './common.ts';
import { ModelSignature } from './models.ts';

export const RevisionRole = Type.Unsafe<'live' | 'previous' | 'retired'>({
  type: 'string',
  enum: ['live', 'previous', 'retired'],
});

export const Revision = Type.Object({
  revision: Type.Integer(),
  model: Name,
  version: Type.Integer(),
  modelDigest: Digest,
  role: RevisionRole,
  createdAt: TimeMs,
  reason: Type.String({ description: 'launch, rollback to revision 3, …' }),
});
export type Revision = Static<typeof Revision>;

/** Since the server started, and over the last minute. Latency is server side: body read to reply written. */
export const Traffic = Type.Object({
  requests: Type.Integer(),
  predictions: Type.Integer({ description: 'Rows predicted' }),
  errors: Type.Integer({ description: 'Replies with status 5xx' }),
  refused: Type.Integer({ description: 'Replies with status 4xx' }),
  perSecond: Type.Number({ description: 'Requests per second over the last minute' }),
  p50Ms: MaybeNumber,
  p95Ms: MaybeNumber,
  p99Ms: MaybeNumber,
  /** Requests in each of the last 60 seconds, oldest first. */
  lastMinute: Type.Array(Type.Integer()),
  /** Predictions that could not be logged (disk full); serving went on. */
  logGap: Type.Integer(),
});
export type Traffic = Static<typeof Traffic>;

export const DeploymentSummary = Type.Object({
  name: Name,
  status: Type.Unsafe<'serving' | 'loading' | 'failed'>({
    type: 'string',
    enum: ['serving', 'loading', 'failed'],
  }),
  model: Name,
  version: Type.Integer(),
  revision: Type.Integer(),
  url: Type.String({ description: 'Path of the Open Inference Protocol model, on this server' }),
  traffic: Traffic,
  createdAt: TimeMs,
  updatedAt: TimeMs,
});
export type DeploymentSummary = Static<typeof DeploymentSummary>;

export const DeploymentDetail = Type.Composite([
  DeploymentSummary,
  Type.Object({
    revisions: Type.Array(Revision),
    signature: ModelSignature,
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
    urls: Type.Object({ infer: Type.String(), invocations: Type.String() }),
  }),
]);
export type DeploymentDetail = Static<typeof DeploymentDetail>;

export const LoggedPrediction = Type.Object({
  id: Id,
  time: TimeMs,
  revision: Type.Integer(),
  version: Type.Integer(),
  /** Raw inputs by column, as they came after decoding (null = missing). */
  inputs: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
  /** The predicted label, or the value. */
  prediction: Type.Union([Type.String(), Type.Number()]),
  probabilities: Type.Optional(Type.Record(Type.String(), Type.Number())),
  label: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()])),
});
export type LoggedPrediction = Static<typeof LoggedPrediction>;

/** Why one row was answered as it was: `base` + the contributions + `rest` = `score`. */
export const RowReasons = Type.Object({
  of: Type.String({ description: 'Label (or target) whose raw score is told' }),
  score: Type.Number({ description: 'Raw score: log-odds of the label, or the value' }),
  base: Type.Number({ description: 'Mean raw score of the training rows' }),
  /** Largest contribution first. */
  columns: Type.Array(
    Type.Object({
      column: Type.String(),
      value: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
      contribution: Type.Number(),
    }),
  ),
  rest: Type.Number({ description: 'Sum of the contributions of the other columns' }),
});
export type RowReasons = Static<typeof RowReasons>;

/** What really happened, for predictions made earlier; may come late, in any order; the newest per prediction counts. */
export const FeedbackRequest = Type.Object({
  items: Type.Array(
    Type.Object({
      predictionId: Id,
      label: Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
      /** When the truth became known. Default: now. */
      time: Type.Optional(TimeMs),
    }),
    { minItems: 1, maxItems: 10_000 },
  ),
});
export type FeedbackRequest = Static<typeof FeedbackRequest>;

export const FeedbackReply = Type.Object({
  accepted: Type.Integer(),
  /** Ids that no log of this server holds. */
  unknown: Type.Array(Id),
});
export type FeedbackReply = Static<typeof FeedbackReply>;

export const RollbackRequest = Type.Object({
  /** Revision to go back to. Default: the one before the live one. */
  revision: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type RollbackRequest = Static<typeof RollbackRequest>;
