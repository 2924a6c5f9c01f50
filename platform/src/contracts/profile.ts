import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, MaybeNumber } from './common.ts';

/** `counts[i]` values lie in [edges[i], edges[i+1]); the last bin includes its upper edge. */
export const Histogram = Type.Object({
  edges: Type.Array(Type.Number()),
  counts: Type.Array(Type.Integer()),
});
export type Histogram = Static<typeof Histogram>;

export const TopValue = Type.Object({ value: Type.String(), count: Type.Integer() });

export const Pii = Type.Object({
  kind: Type.Unsafe<'email' | 'phone' | 'card' | 'national-id'>({
    type: 'string',
    enum: ['email', 'phone', 'card', 'national-id'],
  }),
  share: Type.Number(),
});

/** What looks wrong with a column, for people and for the search for a model. */
export const ColumnIssue = Type.Object({
  issue: Type.Unsafe<'constant' | 'identifier' | 'mostly-missing' | 'duplicate'>({
    type: 'string',
    enum: ['constant', 'identifier', 'mostly-missing', 'duplicate'],
  }),
  /** The column that has the same values in every row. */
  of: Type.Optional(Type.String()),
});

export const ColumnProfile = Type.Object({
  name: Type.String(),
  type: ColumnType,
  missingTokens: Type.Array(Type.String()),
  count: Type.Integer({ description: 'Values that are not missing' }),
  missing: Type.Integer(),
  distinct: Type.Integer({ description: 'Exact up to 100,000, then approximate (HyperLogLog)' }),
  /** Numeric kinds; dates and timestamps in epoch milliseconds. */
  min: MaybeNumber,
  max: MaybeNumber,
  mean: MaybeNumber,
  sd: MaybeNumber,
  /** 5, 25, 50, 75, 95 %. */
  quantiles: Type.Union([Type.Array(Type.Number(), { minItems: 5, maxItems: 5 }), Type.Null()]),
  histogram: Type.Union([Histogram, Type.Null()]),
  /** Most frequent values, at most 20; strings and booleans. */
  top: Type.Array(TopValue),
  /** Characters; strings only. */
  lengthMin: MaybeNumber,
  lengthMax: MaybeNumber,
  lengthMean: Type.Optional(MaybeNumber),
  /** False: HyperLogLog's or a sketch's estimate. Absent in old snapshots. */
  distinctExact: Type.Optional(Type.Boolean()),
  /** Quantiles, histogram and top values were taken from this many rows; absent: from all. */
  sampledRows: Type.Optional(Type.Integer()),
  /** Likely personal data, and the share of values that look so. */
  pii: Type.Optional(Type.Union([Pii, Type.Null()])),
  issues: Type.Optional(Type.Array(ColumnIssue)),
});
export type ColumnProfile = Static<typeof ColumnProfile>;
