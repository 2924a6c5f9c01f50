import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, Digest, Id, MaybeNumber, Name, TaskName, TimeMs } from './common.ts';
import { MetricEstimate, Verdict } from './validations.ts';

export const SignatureInput = Type.Object({
  name: Type.String(),
  type: ColumnType,
  /** False only when no row of the training data lacked it and the caller must send it; a null is accepted either way. */
  optional: Type.Boolean(),
  /** A typical value, to fill a form with: the median or the most frequent. */
  example: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
  /** Known values (at most 50), for strings with few. */
  values: Type.Optional(Type.Array(Type.String())),
});
export type SignatureInput = Static<typeof SignatureInput>;

export const ModelSignature = Type.Object({
  task: TaskName,
  target: Type.String(),
  inputs: Type.Array(SignatureInput),
  /** Class labels in the order of the probabilities; empty for regression. */
  labels: Type.Array(Type.String()),
  /** True when the target column was numeric, so that labels are answered as numbers. */
  numericLabels: Type.Boolean(),
  positive: Type.Union([Type.String(), Type.Null()]),
});
export type ModelSignature = Static<typeof ModelSignature>;

export const ModelSummary = Type.Object({
  name: Name,
  latestVersion: Type.Integer(),
  championVersion: Type.Union([Type.Integer(), Type.Null()]),
  task: TaskName,
  target: Type.String(),
  metric: MetricEstimate,
  createdAt: TimeMs,
  updatedAt: TimeMs,
});
export type ModelSummary = Static<typeof ModelSummary>;

export const VersionSummary = Type.Object({
  model: Name,
  version: Type.Integer(),
  digest: Digest,
  bytes: Type.Integer(),
  family: Type.String(),
  metric: MetricEstimate,
  verdict: Verdict,
  aliases: Type.Array(Type.String()),
  createdAt: TimeMs,
});
export type VersionSummary = Static<typeof VersionSummary>;

/** One lineage: prediction → model → run → rows. */
export const Lineage = Type.Object({
  dataset: Type.Object({
    name: Name,
    version: Type.Integer(),
    snapshot: Digest,
    rows: Type.Integer(),
    source: Type.String(),
  }),
  studyId: Id,
  runId: Id,
  reportId: Id,
  deployments: Type.Array(Name),
});
export type Lineage = Static<typeof Lineage>;

export const ModelCard = Type.Object({
  summary: Type.String(),
  intendedUse: Type.String(),
  trainingRows: Type.Integer(),
  testRows: Type.Integer(),
  features: Type.Array(Type.Object({ name: Type.String(), type: ColumnType, importance: MaybeNumber })),
  excluded: Type.Array(Type.Object({ column: Type.String(), reason: Type.String() })),
  limitations: Type.Array(Type.String()),
  params: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()])),
  seed: Type.Integer(),
  requirements: Type.Record(Type.String(), Type.Unknown()),
});
export type ModelCard = Static<typeof ModelCard>;

export const VersionDetail = Type.Composite([
  VersionSummary,
  Type.Object({
    signature: ModelSignature,
    metrics: Type.Array(MetricEstimate),
    card: ModelCard,
    lineage: Lineage,
    bundleDigest: Digest,
    /** Blob of the version's explanation; absent where there is none. */
    explanationDigest: Type.Optional(Digest),
    parity: Type.Object({ rows: Type.Integer(), maxAbsDelta: Type.Number(), tolerance: Type.Number() }),
  }),
]);
export type VersionDetail = Static<typeof VersionDetail>;

export const ModelDetail = Type.Composite([
  ModelSummary,
  Type.Object({ versions: Type.Array(VersionSummary) }),
]);
export type ModelDetail = Static<typeof ModelDetail>;
