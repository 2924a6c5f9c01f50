import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, MaybeNumber, Name, TimeMs } from './common.ts';

export const BranchSummary = Type.Object({
  name: Name,
  version: Type.Integer(),
  /** Version of main it began at. */
  base: Type.Integer(),
  updatedAt: TimeMs,
});
export type BranchSummary = Static<typeof BranchSummary>;

export const TagSummary = Type.Object({ name: Name, version: Type.Integer(), createdAt: TimeMs });
export type TagSummary = Static<typeof TagSummary>;

export const BranchRequest = Type.Object(
  {
    name: Name,
    /** Version it begins at. Default: the newest of main. */
    version: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);
export type BranchRequest = Static<typeof BranchRequest>;

export const TagRequest = Type.Object(
  { name: Name, version: Type.Optional(Type.Integer({ minimum: 1 })) },
  { additionalProperties: false },
);
export type TagRequest = Static<typeof TagRequest>;

export const DiffQuery = Type.Object(
  {
    /** Version, tag or branch. Default: the one before `to`. */
    from: Type.Optional(Type.String({ maxLength: 120 })),
    /** Default: the newest. */
    to: Type.Optional(Type.String({ maxLength: 120 })),
    /** Comma-separated. Default: the contract's key; without one rows are compared as a whole. */
    key: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  { additionalProperties: false },
);
export type DiffQuery = Static<typeof DiffQuery>;

export const ColumnDiff = Type.Object({
  column: Type.String(),
  change: Type.Unsafe<'added' | 'removed' | 'retyped' | 'changed' | 'same'>({
    type: 'string',
    enum: ['added', 'removed', 'retyped', 'changed', 'same'],
  }),
  typeFrom: Type.Union([ColumnType, Type.Null()]),
  typeTo: Type.Union([ColumnType, Type.Null()]),
  missingFrom: MaybeNumber,
  missingTo: MaybeNumber,
  meanFrom: MaybeNumber,
  meanTo: MaybeNumber,
  /** Kolmogorov–Smirnov (numbers) or total variation (categories) distance, 0 to 1. */
  distance: MaybeNumber,
  /** Of that distance under equal distributions, over all columns corrected (Holm). */
  p: MaybeNumber,
  significant: Type.Boolean(),
  /** By key: rows whose value in this column differs. */
  cellsChanged: MaybeNumber,
});
export type ColumnDiff = Static<typeof ColumnDiff>;

const DiffRow = Type.Object({
  change: Type.Unsafe<'added' | 'removed' | 'changed'>({
    type: 'string',
    enum: ['added', 'removed', 'changed'],
  }),
  key: Type.Array(Type.String()),
  before: Type.Union([Type.Array(Type.String()), Type.Null()]),
  after: Type.Union([Type.Array(Type.String()), Type.Null()]),
});

export const DatasetDiff = Type.Object({
  dataset: Name,
  from: Type.Integer(),
  to: Type.Integer(),
  rowsFrom: Type.Integer(),
  rowsTo: Type.Integer(),
  /** The rows are the same, in whatever order. */
  identical: Type.Boolean(),
  key: Type.Array(Type.String()),
  /** Rows added, removed and changed; without a key a changed row is one removed and one added. */
  added: Type.Integer(),
  removed: Type.Integer(),
  changed: Type.Integer(),
  unchanged: Type.Integer(),
  columns: Type.Array(ColumnDiff),
  /** Names of the values in `rows`. */
  rowColumns: Type.Array(Type.String()),
  /** The first of each kind. */
  rows: Type.Array(DiffRow),
});
export type DatasetDiff = Static<typeof DatasetDiff>;

export const ProposalCheck = Type.Object({
  check: Type.String(),
  status: Type.Unsafe<'pass' | 'warn' | 'fail'>({ type: 'string', enum: ['pass', 'warn', 'fail'] }),
  message: Type.String(),
});
export type ProposalCheck = Static<typeof ProposalCheck>;

export const ProposalSummary = Type.Object({
  id: Type.String(),
  dataset: Name,
  branch: Name,
  title: Type.String(),
  description: Type.String(),
  author: Type.String(),
  status: Type.Unsafe<'open' | 'merged' | 'closed'>({ type: 'string', enum: ['open', 'merged', 'closed'] }),
  /** Version of main the diff is against, and the branch's newest. */
  base: Type.Integer(),
  head: Type.Integer(),
  reviews: Type.Array(
    Type.Object({
      reviewer: Type.String(),
      verdict: Type.Unsafe<'approve' | 'reject' | 'comment'>({
        type: 'string',
        enum: ['approve', 'reject', 'comment'],
      }),
      comment: Type.String(),
      /** What was looked at: an approval of an older head does not count. */
      head: Type.Integer(),
      at: TimeMs,
    }),
  ),
  mergedVersion: Type.Union([Type.Integer(), Type.Null()]),
  createdAt: TimeMs,
  updatedAt: TimeMs,
});
export type ProposalSummary = Static<typeof ProposalSummary>;

export const ProposalDetail = Type.Composite([
  ProposalSummary,
  Type.Object({
    diff: Type.Union([DatasetDiff, Type.Null()]),
    checks: Type.Array(ProposalCheck),
    /** Why it cannot be merged now; null when it can. */
    blocked: Type.Union([Type.String(), Type.Null()]),
  }),
]);
export type ProposalDetail = Static<typeof ProposalDetail>;

export const ProposalRequest = Type.Object(
  {
    branch: Name,
    title: Type.String({ minLength: 1, maxLength: 200 }),
    description: Type.Optional(Type.String({ maxLength: 20_000 })),
    author: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  },
  { additionalProperties: false },
);
export type ProposalRequest = Static<typeof ProposalRequest>;

export const ReviewRequest = Type.Object(
  {
    verdict: Type.Unsafe<'approve' | 'reject' | 'comment'>({
      type: 'string',
      enum: ['approve', 'reject', 'comment'],
    }),
    comment: Type.Optional(Type.String({ maxLength: 20_000 })),
    reviewer: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  },
  { additionalProperties: false },
);
export type ReviewRequest = Static<typeof ReviewRequest>;

export const CollectRequest = Type.Object(
  {
    /** Versions of each data set that stay although nothing refers to them. Default 10. */
    keepVersions: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** And those younger than this. Default 30. */
    keepDays: Type.Optional(Type.Number({ minimum: 0 })),
    /** Only tell. Default true: removing is asked for. */
    dryRun: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type CollectRequest = Static<typeof CollectRequest>;

export const CollectReport = Type.Object({
  dryRun: Type.Boolean(),
  versions: Type.Array(Type.Object({ dataset: Name, version: Type.Integer() })),
  blobs: Type.Integer(),
  bytes: Type.Integer(),
  /** Files that no version and nothing else names: left by something that died. Removed when nobody touched them for a day. */
  orphans: Type.Object({ blobs: Type.Integer(), bytes: Type.Integer() }),
  /** Kept although old, and by what. */
  kept: Type.Array(Type.Object({ dataset: Name, version: Type.Integer(), because: Type.String() })),
});
export type CollectReport = Static<typeof CollectReport>;
