import { type Static, type TSchema, Type } from '@sinclair/typebox';

/** Integer milliseconds since the epoch, UTC. */
export const TimeMs = Type.Integer({ description: 'Milliseconds since the epoch, UTC' });
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'sha256, lower-case hex' });
export const Id = Type.String({ pattern: '^[0-9a-f]{32}$', description: 'UUID version 7 as 32 hex digits' });
export const Name = Type.String({ minLength: 1, maxLength: 120, pattern: '^[a-z0-9][a-z0-9._-]*$' });

/** A number that may not exist (undefined statistics are null on the wire, never NaN). */
export const MaybeNumber = Type.Union([Type.Number(), Type.Null()]);

/** A 95 % interval. */
export const Interval = Type.Object({ low: Type.Number(), high: Type.Number() });
export type Interval = Static<typeof Interval>;

export const ColumnType = Type.Unsafe<'string' | 'number' | 'integer' | 'boolean' | 'date' | 'timestamp'>({
  type: 'string',
  enum: ['string', 'number', 'integer', 'boolean', 'date', 'timestamp'],
});
export type ColumnType = Static<typeof ColumnType>;

export const TaskName = Type.Unsafe<'binary' | 'multiclass' | 'regression'>({
  type: 'string',
  enum: ['binary', 'multiclass', 'regression'],
});
export type TaskName = Static<typeof TaskName>;

/** RFC 9457 problem details with Slipway's stable code. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String({ description: 'Stable code; scripts may match on it' }),
  fix: Type.Optional(Type.String({ description: 'How to mend it' })),
  instance: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  /** Exit code a command line ends with for this problem. */
  exit: Type.Integer(),
});
export type Problem = Static<typeof Problem>;

/** The error inside results and rows. */
export const ErrorBody = Type.Object({
  code: Type.String(),
  message: Type.String(),
  fix: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type ErrorBody = Static<typeof ErrorBody>;

/** Cursor paging: pass `nextCursor` back as `cursor`; absent on the last page. Newest first unless said. */
export const PageQuery = Type.Object({
  cursor: Type.Optional(Type.String({ maxLength: 500 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});
export type PageQuery = Static<typeof PageQuery>;

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor?: string;
}

export const PageOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Optional(Type.String()) });
