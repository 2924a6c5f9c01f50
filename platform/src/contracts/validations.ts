import { type Static, Type } from '@sinclair/typebox';
import { Digest, Id, Interval, MaybeNumber, Name, TaskName, TimeMs } from './common.ts';

export const Verdict = Type.Unsafe<'pass' | 'fail' | 'insufficient' | 'error'>({
  type: 'string',
  enum: ['pass', 'fail', 'insufficient', 'error'],
});
export type Verdict = Static<typeof Verdict>;

export const Severity = Type.Unsafe<'info' | 'warning' | 'blocking'>({
  type: 'string',
  enum: ['info', 'warning', 'blocking'],
});
export type Severity = Static<typeof Severity>;

export const Finding = Type.Object({
  check: Type.String({
    description: 'baseline, weak-slice, leakage, champion, calibration, class-coverage, …',
  }),
  severity: Severity,
  summary: Type.String(),
  columns: Type.Optional(Type.Array(Type.String())),
  /** Rows concerned, and their share of the test rows. */
  rows: Type.Optional(Type.Integer()),
  share: Type.Optional(Type.Number()),
  /** Effect with its 95 % interval and the margin it is judged by, in the units of `metric`; positive = harm. */
  effect: Type.Optional(
    Type.Object({ metric: Type.String(), value: Type.Number(), interval: Interval, margin: Type.Number() }),
  ),
  /** Adjusted p (Benjamini-Hochberg over the whole ledger family), where a test was made. */
  adjustedP: Type.Optional(Type.Number()),
  evidence: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type Finding = Static<typeof Finding>;

export const MetricEstimate = Type.Object({
  metric: Type.String(),
  value: Type.Number(),
  interval: Type.Union([Interval, Type.Null()]),
});
export type MetricEstimate = Static<typeof MetricEstimate>;

/** One statistical test, whether or not it found anything. */
export const LedgerEntry = Type.Object({
  check: Type.String(),
  subject: Type.String({ description: 'e.g. a slice: workclass = Private' }),
  metric: Type.String(),
  rows: Type.Integer(),
  effect: MaybeNumber,
  interval: Type.Union([Interval, Type.Null()]),
  p: MaybeNumber,
  q: MaybeNumber,
  seed: Type.Union([Type.Integer(), Type.Null()]),
  outcome: Type.Unsafe<'pass' | 'fail' | 'insufficient' | 'error'>({
    type: 'string',
    enum: ['pass', 'fail', 'insufficient', 'error'],
  }),
});
export type LedgerEntry = Static<typeof LedgerEntry>;

/** Points to draw, thinned to at most 200 each. */
export const Curves = Type.Object({
  roc: Type.Optional(Type.Array(Type.Object({ x: Type.Number(), y: Type.Number() }))),
  precisionRecall: Type.Optional(Type.Array(Type.Object({ x: Type.Number(), y: Type.Number() }))),
  calibration: Type.Optional(
    Type.Array(
      Type.Object({
        predicted: Type.Number(),
        observed: Type.Number(),
        low: Type.Number(),
        high: Type.Number(),
        rows: Type.Integer(),
      }),
    ),
  ),
  confusion: Type.Optional(
    Type.Object({ labels: Type.Array(Type.String()), counts: Type.Array(Type.Array(Type.Integer())) }),
  ),
  residuals: Type.Optional(Type.Array(Type.Object({ x: Type.Number(), y: Type.Number() }))),
});
export type Curves = Static<typeof Curves>;

export const Policy = Type.Object(
  {
    /** Checks whose blocking findings make the verdict fail. Default: baseline, champion, leakage. */
    blocking: Type.Optional(Type.Array(Type.String())),
    /** What `insufficient` evidence does. Default: warn. */
    insufficient: Type.Optional(Type.Unsafe<'warn' | 'fail'>({ type: 'string', enum: ['warn', 'fail'] })),
    /** Minimum values (maximum for losses) of holdout metrics, e.g. { "auc": 0.9 }; judged by the interval's unfavourable end. */
    require: Type.Optional(Type.Record(Type.String(), Type.Number())),
    /** Champion's non-inferiority margin: absolute for auc (default .005), share of the loss otherwise (default .01). */
    championMargin: Type.Optional(Type.Number({ minimum: 0 })),
    /** Points (rates) a slice must be worse by, beside significance. Default .05; share of the loss for regression (default .10). */
    sliceMargin: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type Policy = Static<typeof Policy>;

export const ReportSummary = Type.Object({
  id: Id,
  model: Name,
  modelDigest: Digest,
  /** Version it became, when the gate let it through. */
  version: Type.Union([Type.Integer(), Type.Null()]),
  verdict: Verdict,
  blocking: Type.Integer(),
  warnings: Type.Integer(),
  tests: Type.Integer({ description: 'Entries in the ledger' }),
  task: TaskName,
  metric: MetricEstimate,
  createdAt: TimeMs,
});
export type ReportSummary = Static<typeof ReportSummary>;

export const ReportDetail = Type.Composite([
  ReportSummary,
  Type.Object({
    findings: Type.Array(Finding),
    metrics: Type.Array(MetricEstimate),
    baselines: Type.Array(Type.Object({ name: Type.String(), metrics: Type.Array(MetricEstimate) })),
    curves: Curves,
    ledger: Type.Array(LedgerEntry),
    policy: Policy,
    testRows: Type.Integer(),
    testSource: Type.String({ description: "held-out part, or the user's test file" }),
    /** Times this test part has been opened by reports of this model name, this one included. */
    testOpened: Type.Integer(),
    champion: Type.Union([
      Type.Null(),
      Type.Object({
        version: Type.Integer(),
        rows: Type.Integer({ description: 'Rows neither model was trained on' }),
        metric: Type.String(),
        difference: MaybeNumber,
        interval: Type.Union([Interval, Type.Null()]),
        margin: Type.Number(),
        outcome: Type.Unsafe<'not-worse' | 'worse' | 'insufficient'>({
          type: 'string',
          enum: ['not-worse', 'worse', 'insufficient'],
        }),
      }),
    ]),
    seconds: Type.Number(),
  }),
]);
export type ReportDetail = Static<typeof ReportDetail>;
