import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, MaybeNumber } from './common.ts';

/** `counts[i]` values lie in [edges[i], edges[i+1]); the last bin includes its upper edge. */
export const Histogram = Type.Object({
  edges: Type.Array(Type.Number()),
  counts: Type.Array(Type.Integer()),
});
export type Histogram = Static<typeof Histogram>;

export const TopValue = Type.Object({ value: Type.String(), count: Type.Integer() });

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
});
export type ColumnProfile = Static<typeof ColumnProfile>;
