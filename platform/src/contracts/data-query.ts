import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, Digest, Name, TimeMs } from './common.ts';

export const QueryRequest = Type.Object(
  {
    /** One SELECT. Data sets are tables by their names: `adult`, `"adult@v3"`, `"adult@tag"`. */
    sql: Type.String({ minLength: 1, maxLength: 100_000 }),
    /** Rows answered at most. Default 1,000, at most 100,000. */
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    /** Default 30, at most 600. */
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
  },
  { additionalProperties: false },
);
export type QueryRequest = Static<typeof QueryRequest>;

export const QueryReply = Type.Object({
  columns: Type.Array(Type.Object({ name: Type.String(), type: Type.String() })),
  /** Values as JSON: numbers as numbers where exact, dates and large numbers as texts, missing as null. */
  rows: Type.Array(Type.Array(Type.Unknown())),
  /** There are more rows than `limit`. */
  truncated: Type.Boolean(),
  /** What the names meant. */
  snapshots: Type.Array(Type.Object({ dataset: Name, version: Type.Integer(), snapshot: Digest })),
  seconds: Type.Number(),
});
export type QueryReply = Static<typeof QueryReply>;

export const ExportFormat = Type.Unsafe<'parquet' | 'csv' | 'ndjson' | 'arrow'>({
  type: 'string',
  enum: ['parquet', 'csv', 'ndjson', 'arrow'],
});
export type ExportFormat = Static<typeof ExportFormat>;

/** `POST /api/v1/query/export` answers the file itself. */
export const ExportRequest = Type.Object(
  {
    sql: Type.String({ minLength: 1, maxLength: 100_000 }),
    format: ExportFormat,
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
  },
  { additionalProperties: false },
);
export type ExportRequest = Static<typeof ExportRequest>;

const Shares = Type.Record(
  Type.String({ pattern: '^[a-z][a-z0-9_-]*$' }),
  Type.Number({ exclusiveMinimum: 0 }),
);

/** How rows are given to parts. The rule is stored; each snapshot that it is applied to gets a proof. */
export const SplitRule = Type.Object(
  {
    method: Type.Unsafe<'random' | 'stratified' | 'group' | 'time'>({
      type: 'string',
      enum: ['random', 'stratified', 'group', 'time'],
    }),
    /** Part → share; they add up to 1. In time, the order of the parts is the order given here. */
    parts: Shares,
    /** Stratified: the column whose distribution every part keeps. Group: rows with one value stay together. Time: the event time. */
    column: Type.Optional(Type.String()),
    /** Random and stratified: rows equal in these columns get the same part. Default: all columns, so that duplicates never straddle. */
    identity: Type.Optional(Type.Array(Type.String())),
    /** Time: rows within this many seconds before a later part begins are left out. Default 0. */
    gapSeconds: Type.Optional(Type.Number({ minimum: 0 })),
    /** Default 0. */
    seed: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type SplitRule = Static<typeof SplitRule>;

export const SplitRequest = Type.Object(
  { name: Name, rule: SplitRule, version: Type.Optional(Type.Integer({ minimum: 1 })) },
  { additionalProperties: false },
);
export type SplitRequest = Static<typeof SplitRequest>;

export const SplitProof = Type.Object({
  version: Type.Integer(),
  snapshot: Digest,
  parts: Type.Array(
    Type.Object({
      part: Type.String(),
      rows: Type.Integer(),
      share: Type.Number(),
      /** Order-independent fingerprint of the part's rows. */
      fingerprint: Type.String(),
      timeFrom: Type.Union([TimeMs, Type.Null()]),
      timeTo: Type.Union([TimeMs, Type.Null()]),
    }),
  ),
  /** Rows in no part: in a gap, or without the column's value. */
  leftOut: Type.Integer(),
  /** Groups with rows in more than one part (method group: 0, else for information; null without a column). */
  groupsAcross: Type.Union([Type.Integer(), Type.Null()]),
  /** Rows that are equal in every column to a row of another part. */
  exactDuplicates: Type.Integer(),
  /** Pairs across parts whose texts and numbers nearly agree (MinHash, estimated Jaccard ≥ .85). */
  nearDuplicates: Type.Object({
    pairs: Type.Integer(),
    rowsCompared: Type.Integer(),
    examples: Type.Array(
      Type.Object({
        similarity: Type.Number(),
        parts: Type.Tuple([Type.String(), Type.String()]),
        rows: Type.Tuple([Type.String(), Type.String()]),
      }),
    ),
  }),
  /** Stratified: largest difference of a value's share between a part and the whole. */
  stratificationError: Type.Union([Type.Number(), Type.Null()]),
  verdict: Type.Unsafe<'pass' | 'fail'>({ type: 'string', enum: ['pass', 'fail'] }),
  reasons: Type.Array(Type.String()),
});
export type SplitProof = Static<typeof SplitProof>;

export const SplitDetail = Type.Object({
  dataset: Name,
  name: Name,
  rule: SplitRule,
  createdAt: TimeMs,
  proofs: Type.Array(SplitProof),
});
export type SplitDetail = Static<typeof SplitDetail>;

/** For every row of `left`, the newest row of `right` that was known then: event time not after, and ingested not after. */
export const JoinRequest = Type.Object(
  {
    name: Name,
    left: Type.String({ maxLength: 200 }),
    right: Type.String({ maxLength: 200 }),
    on: Type.Array(Type.String(), { minItems: 1, maxItems: 20 }),
    leftTime: Type.String(),
    rightTime: Type.String(),
    /** Column of `right` that says when a row became known. Default: none, event time alone decides. */
    rightKnown: Type.Optional(Type.String()),
    /** Older rows of `right` are not used. Default: no limit. */
    maxAgeSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  { additionalProperties: false },
);
export type JoinRequest = Static<typeof JoinRequest>;

export const DerivedResult = Type.Object({
  dataset: Name,
  version: Type.Integer(),
  snapshot: Digest,
  rows: Type.Integer(),
  /** Rows of `left` without a match. */
  unmatched: Type.Integer(),
  columns: Type.Array(Type.Object({ name: Type.String(), type: ColumnType })),
});
export type DerivedResult = Static<typeof DerivedResult>;

export const SecretRequest = Type.Object(
  { name: Name, value: Type.String({ minLength: 1, maxLength: 65_536 }) },
  { additionalProperties: false },
);
export type SecretRequest = Static<typeof SecretRequest>;
export const SecretSummary = Type.Object({ name: Name, updatedAt: TimeMs });
export type SecretSummary = Static<typeof SecretSummary>;
