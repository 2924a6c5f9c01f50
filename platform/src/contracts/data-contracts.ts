import { type Static, Type } from '@sinclair/typebox';
import { ColumnType, Name, TimeMs } from './common.ts';

/**
 * What a load does with a row that breaks a rule: `evolve` changes the contract where it can (a wider type, a new column), `freeze`
 * fails the load and publishes nothing, `quarantine-row` keeps the row back with its bytes, `quarantine-value` loads the row with the
 * value missing and keeps the value back.
 */
export const ContractMode = Type.Unsafe<'evolve' | 'freeze' | 'quarantine-row' | 'quarantine-value'>({
  type: 'string',
  enum: ['evolve', 'freeze', 'quarantine-row', 'quarantine-value'],
});
export type ContractMode = Static<typeof ContractMode>;

export const ContractColumn = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 1000 }),
    type: ColumnType,
    /** A missing value breaks the rule. Default false. */
    required: Type.Optional(Type.Boolean()),
    /** No two rows of the data set have the same value; the first one in the source stays. Default false. */
    unique: Type.Optional(Type.Boolean()),
    /** Inclusive bounds; dates and timestamps as ISO 8601 texts. */
    min: Type.Optional(Type.Union([Type.Number(), Type.String({ maxLength: 100 })])),
    max: Type.Optional(Type.Union([Type.Number(), Type.String({ maxLength: 100 })])),
    values: Type.Optional(Type.Array(Type.String({ maxLength: 1000 }), { maxItems: 10_000 })),
    /** RE2 pattern that the whole text must match. */
    pattern: Type.Optional(Type.String({ maxLength: 1000 })),
    /** Every value occurs in this column of another data set's newest version. */
    references: Type.Optional(
      Type.Object({ dataset: Name, column: Type.String() }, { additionalProperties: false }),
    ),
    /** Overrides the contract's `types` and `rules` modes for this column. */
    onViolation: Type.Optional(ContractMode),
    about: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  { additionalProperties: false },
);
export type ContractColumn = Static<typeof ContractColumn>;

/** The part of a contract that people edit. */
export const ContractBody = Type.Object(
  {
    columns: Type.Array(ContractColumn, { maxItems: 10_000 }),
    /** A column the contract does not know, or that the source lacks. Default evolve. */
    newColumns: ContractMode,
    /** A value that is not of its column's type. `evolve` widens whole numbers to numbers and dates to times, and makes the column text when at least half of the source's values are not of the type. Default evolve. */
    types: ContractMode,
    /** required, unique, min, max, values, pattern, references. Default quarantine-row. */
    rules: ContractMode,
    /** Columns that identify a row, for merges and diffs. */
    key: Type.Array(Type.String(), { maxItems: 20 }),
    /** Above either the load fails and publishes nothing. */
    rejectBudget: Type.Object(
      { rows: Type.Integer({ minimum: 0 }), share: Type.Number({ minimum: 0, maximum: 1 }) },
      { additionalProperties: false },
    ),
    /** A load without a single row fails. Default true. */
    rowsRequired: Type.Boolean(),
    /** Older than this, the data set is stale. Null: never. */
    freshSeconds: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  },
  { additionalProperties: false },
);
export type ContractBody = Static<typeof ContractBody>;

export const DataContract = Type.Object({
  dataset: Name,
  /** From 1; every change is a version, and every snapshot names the one it was checked by. */
  version: Type.Integer(),
  body: ContractBody,
  /** inferred: from the first load; evolved: a load changed it; edited: a person did. */
  origin: Type.Unsafe<'inferred' | 'evolved' | 'edited'>({
    type: 'string',
    enum: ['inferred', 'evolved', 'edited'],
  }),
  /** What changed, for people. */
  changes: Type.Array(Type.String()),
  createdAt: TimeMs,
});
export type DataContract = Static<typeof DataContract>;

export const ContractDetail = Type.Object({
  current: DataContract,
  /** Newest first. */
  history: Type.Array(DataContract),
});
export type ContractDetail = Static<typeof ContractDetail>;

export const ContractEdit = Type.Object(
  {
    body: ContractBody,
    /** The version that was edited: another edit meanwhile is a conflict. */
    basedOn: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type ContractEdit = Static<typeof ContractEdit>;

/** What the rows of a snapshot would do under a contract, without loading anything. */
export const ContractTrial = Type.Object({
  rows: Type.Integer(),
  violations: Type.Array(
    Type.Object({
      column: Type.String(),
      rule: Type.String({ description: 'TYPE, REQUIRED, UNIQUE, RANGE, VALUES, PATTERN, REFERENCE' }),
      rows: Type.Integer(),
      examples: Type.Array(Type.String()),
    }),
  ),
});
export type ContractTrial = Static<typeof ContractTrial>;
