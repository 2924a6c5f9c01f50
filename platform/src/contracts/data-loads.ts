import { type Static, Type } from '@sinclair/typebox';
import { ErrorBody, Name, TimeMs } from './common.ts';
import { SourceRef } from './launch.ts';

/** A source that can be read again. Credentials are references: `env:NAME`, `file:/path`, `store:name`. */
export const SourceSpec = Type.Object(
  {
    uri: Type.String({ minLength: 1, maxLength: 4000 }),
    table: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    query: Type.Optional(Type.String({ minLength: 1, maxLength: 100_000 })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    endpoint: Type.Optional(Type.String({ maxLength: 1000 })),
    region: Type.Optional(Type.String({ maxLength: 100 })),
    credentials: Type.Optional(
      Type.Record(
        Type.String(),
        Type.String({ pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|store:.+)$' }),
      ),
    ),
    allowPrivate: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type SourceSpec = Static<typeof SourceSpec>;

export const LoadMode = Type.Unsafe<'append' | 'replace' | 'merge'>({
  type: 'string',
  enum: ['append', 'replace', 'merge'],
});
export type LoadMode = Static<typeof LoadMode>;

export const LoadOptions = Type.Object(
  {
    /** append: add rows; replace: the source is the whole data set; merge: rows with a known key replace the old ones. Default replace. */
    mode: Type.Optional(LoadMode),
    /** Columns that identify a row, for merge. Default: the contract's. */
    key: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 20 })),
    branch: Type.Optional(Name),
    header: Type.Optional(
      Type.Unsafe<'auto' | 'yes' | 'no'>({ type: 'string', enum: ['auto', 'yes', 'no'] }),
    ),
    types: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Read everything again although the source has a position. */
    full: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type LoadOptions = Static<typeof LoadOptions>;

export const ScheduleSpec = Type.Object(
  {
    /** Read the source again this often. At least 1 second. */
    everySeconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }),
    paused: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type ScheduleSpec = Static<typeof ScheduleSpec>;

export const LoadRequestBody = Type.Object(
  {
    /** One of `source` (a connector's), `file` (a path or an uploaded blob) and neither: the data set's stored source. */
    source: Type.Optional(SourceSpec),
    file: Type.Optional(SourceRef),
    options: Type.Optional(LoadOptions),
    /** Store source and options with the data set, so that it can feed by itself. Default: when `source` is given. */
    remember: Type.Optional(Type.Boolean()),
    schedule: Type.Optional(Type.Union([ScheduleSpec, Type.Null()])),
  },
  { additionalProperties: false },
);
export type LoadRequestBody = Static<typeof LoadRequestBody>;

export const LoadAccepted = Type.Object({
  runId: Type.String(),
  dataset: Name,
  resumed: Type.Boolean(),
  cached: Type.Boolean(),
});
export type LoadAccepted = Static<typeof LoadAccepted>;

/** How a load ended. `GET /api/v1/loads/{runId}`. */
export const LoadResult = Type.Object({
  runId: Type.String(),
  dataset: Name,
  status: Type.String({ description: 'queued, running, completed, failed, cancelled, interrupted' }),
  /** Nothing in the source changed: no version was made. */
  unchanged: Type.Boolean(),
  version: Type.Union([Type.Integer(), Type.Null()]),
  snapshot: Type.Union([Type.String(), Type.Null()]),
  sourceRows: Type.Integer(),
  loaded: Type.Integer(),
  quarantined: Type.Integer(),
  reasons: Type.Array(Type.Object({ reason: Type.String(), count: Type.Integer() })),
  seconds: Type.Number(),
  /** What it is doing now. */
  message: Type.Optional(Type.String()),
  error: Type.Optional(ErrorBody),
  /** Exit code a command line ends with. */
  exit: Type.Optional(Type.Integer()),
});
export type LoadResult = Static<typeof LoadResult>;

/** The stored source of a data set. */
export const DatasetSource = Type.Object({
  spec: SourceSpec,
  options: LoadOptions,
  schedule: Type.Union([ScheduleSpec, Type.Null()]),
  position: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  lastLoadAt: Type.Union([TimeMs, Type.Null()]),
  nextLoadAt: Type.Union([TimeMs, Type.Null()]),
  /** Consecutive failures; the schedule waits longer after each, up to an hour. */
  failures: Type.Integer(),
  lastError: Type.Union([Type.String(), Type.Null()]),
});
export type DatasetSource = Static<typeof DatasetSource>;

export const SourceCheck = Type.Object({
  message: Type.String(),
  streams: Type.Array(
    Type.Object({
      name: Type.String(),
      bytes: Type.Optional(Type.Integer()),
      rows: Type.Optional(Type.Integer()),
      columns: Type.Optional(Type.Array(Type.Object({ name: Type.String(), type: Type.String() }))),
    }),
  ),
});
export type SourceCheck = Static<typeof SourceCheck>;

export const QuarantineStatus = Type.Unsafe<'held' | 'fixed' | 'replayed' | 'released' | 'discarded'>({
  type: 'string',
  enum: ['held', 'fixed', 'replayed', 'released', 'discarded'],
});
export type QuarantineStatus = Static<typeof QuarantineStatus>;

export const QuarantineItem = Type.Object({
  /** `<part>:<index>`: stable for ever. */
  id: Type.String(),
  version: Type.Integer({ description: 'Version of the data set whose load kept it back' }),
  record: Type.Integer(),
  byteOffset: Type.Integer(),
  reason: Type.String(),
  message: Type.String(),
  column: Type.Optional(Type.String()),
  contractVersion: Type.Integer(),
  source: Type.String(),
  status: QuarantineStatus,
  /** The record as it came, invalid UTF-8 as U+FFFD, cut at 20,000 characters. */
  text: Type.String(),
  /** What a person made of it. */
  fixedText: Type.Optional(Type.String()),
});
export type QuarantineItem = Static<typeof QuarantineItem>;

export const QuarantineQuery = Type.Object(
  {
    version: Type.Optional(Type.Integer({ minimum: 1 })),
    reason: Type.Optional(Type.String({ maxLength: 100 })),
    column: Type.Optional(Type.String({ maxLength: 1000 })),
    status: Type.Optional(QuarantineStatus),
    cursor: Type.Optional(Type.String({ maxLength: 500 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  },
  { additionalProperties: false },
);
export type QuarantineQuery = Static<typeof QuarantineQuery>;

export const QuarantinePage = Type.Object({
  items: Type.Array(QuarantineItem),
  nextCursor: Type.Optional(Type.String()),
  total: Type.Integer(),
  reasons: Type.Array(Type.Object({ reason: Type.String(), count: Type.Integer() })),
});
export type QuarantinePage = Static<typeof QuarantinePage>;

export const QuarantineFix = Type.Object(
  {
    fixes: Type.Array(
      Type.Object(
        { id: Type.String({ maxLength: 200 }), text: Type.String({ maxLength: 1_000_000 }) },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 10_000 },
    ),
  },
  { additionalProperties: false },
);
export type QuarantineFix = Static<typeof QuarantineFix>;

/** Which rows: by id, or all that are still held back (of one reason). */
export const QuarantineAction = Type.Object(
  {
    ids: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 100_000 })),
    reason: Type.Optional(Type.String({ maxLength: 100 })),
    /**
     * replay: read them again (as fixed) under today's contract; release: load them although they break a rule, with values that
     * are not of their type missing; discard: they will never be loaded.
     */
    action: Type.Unsafe<'replay' | 'release' | 'discard'>({
      type: 'string',
      enum: ['replay', 'release', 'discard'],
    }),
  },
  { additionalProperties: false },
);
export type QuarantineAction = Static<typeof QuarantineAction>;

export const QuarantineResult = Type.Object({
  /** Version the rows went into; null when none did. */
  version: Type.Union([Type.Integer(), Type.Null()]),
  loaded: Type.Integer(),
  stillHeld: Type.Integer(),
  discarded: Type.Integer(),
});
export type QuarantineResult = Static<typeof QuarantineResult>;

/** The reply to pushed rows: they are on disk. */
export const PushReply = Type.Object({
  dataset: Name,
  /** Position of the first of these rows in the data set's push log. */
  offset: Type.Integer(),
  rows: Type.Integer(),
  /** The same idempotency key was acknowledged before; nothing was added. */
  repeated: Type.Boolean(),
});
export type PushReply = Static<typeof PushReply>;
