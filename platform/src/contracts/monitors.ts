import { type Static, Type } from '@sinclair/typebox';
import { Interval, MaybeNumber, Name, TimeMs } from './common.ts';

export const MonitorStatus = Type.Unsafe<'healthy' | 'drifting' | 'waiting'>({
  type: 'string',
  enum: ['healthy', 'drifting', 'waiting'],
});

/** One feature (or the prediction itself) in one window, against the training baseline. */
export const FeatureDrift = Type.Object({
  feature: Type.String(),
  kind: Type.Unsafe<'numeric' | 'categorical' | 'prediction'>({
    type: 'string',
    enum: ['numeric', 'categorical', 'prediction'],
  }),
  rows: Type.Integer(),
  psi: MaybeNumber,
  /** Drift is called when psi > bound: the larger of a practical margin and the noise both samples have (χ² bound). */
  bound: MaybeNumber,
  drifted: Type.Boolean(),
  /** Shares of the window's rows. */
  missing: Type.Number(),
  missingBaseline: Type.Number(),
  unseen: Type.Number({ description: 'Categories never seen in training, or numbers outside its range' }),
  invalid: Type.Number({ description: "Values that could not be read as the column's type" }),
  bins: Type.Array(Type.Object({ label: Type.String(), baseline: Type.Number(), current: Type.Number() })),
});
export type FeatureDrift = Static<typeof FeatureDrift>;

export const MonitorWindow = Type.Object({
  start: TimeMs,
  end: TimeMs,
  rows: Type.Integer(),
  drifted: Type.Integer(),
  /** psi ÷ bound by feature, in the order of `features`; null where too few rows. */
  ratios: Type.Array(MaybeNumber),
});
export type MonitorWindow = Static<typeof MonitorWindow>;

export const RealisedPerformance = Type.Object({
  metric: Type.String(),
  labelled: Type.Integer(),
  value: MaybeNumber,
  interval: Type.Union([Interval, Type.Null()]),
  reference: MaybeNumber,
});
export type RealisedPerformance = Static<typeof RealisedPerformance>;

export const MonitorSummary = Type.Object({
  name: Name,
  deployment: Name,
  version: Type.Integer(),
  status: MonitorStatus,
  rows: Type.Integer({ description: 'Predictions seen by the monitor' }),
  drifted: Type.Integer({ description: 'Features beyond their bound now' }),
  features: Type.Integer(),
  lastSeenAt: Type.Union([TimeMs, Type.Null()]),
  createdAt: TimeMs,
});
export type MonitorSummary = Static<typeof MonitorSummary>;

export const MonitorDetail = Type.Composite([
  MonitorSummary,
  Type.Object({
    /** Rows below which a window is not judged. */
    rowsMin: Type.Integer(),
    featureNames: Type.Array(Type.String()),
    current: Type.Array(FeatureDrift),
    windows: Type.Array(MonitorWindow),
    windowMs: Type.Integer(),
    performance: Type.Union([RealisedPerformance, Type.Null()]),
    alerts: Type.Array(
      Type.Object({
        id: Type.String(),
        time: TimeMs,
        severity: Type.String(),
        summary: Type.String(),
        feature: Type.Optional(Type.String()),
      }),
    ),
  }),
]);
export type MonitorDetail = Static<typeof MonitorDetail>;
