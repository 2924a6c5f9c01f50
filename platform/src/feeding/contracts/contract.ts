import type { ContractBody, ContractColumn } from '../../contracts/data-contracts.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { nearestName } from '../../kernel/names.ts';
import type { ColumnType, SchemaColumn, TableSchema } from '../../tables/table.ts';

/** What a data set starts with: lenient towards change, strict about rows that do not fit. */
export const DEFAULT_MODES = {
  newColumns: 'evolve',
  types: 'evolve',
  rules: 'quarantine-row',
  key: [],
  rejectBudget: { rows: 100, share: 0.2 },
  rowsRequired: true,
  freshSeconds: null,
} as const satisfies Omit<ContractBody, 'columns'>;

/** The contract that the first load suggests: its columns and types, no rules. */
export function inferContract(schema: TableSchema): ContractBody {
  return {
    ...DEFAULT_MODES,
    key: [],
    columns: schema.columns.map(({ name, type }) => ({ name, type })),
  };
}

/** Types above each type: what holds all values of both without changing one. */
const WIDER: Readonly<Record<ColumnType, readonly ColumnType[]>> = {
  integer: ['integer', 'number', 'string'],
  number: ['number', 'string'],
  boolean: ['boolean', 'string'],
  date: ['date', 'timestamp', 'string'],
  timestamp: ['timestamp', 'string'],
  string: ['string'],
};

/** The narrowest type that holds the values of both. */
export function widen(a: ColumnType, b: ColumnType): ColumnType {
  return WIDER[a].find((type) => WIDER[b].includes(type)) ?? 'string';
}

export interface ColumnFacts {
  readonly name: string;
  readonly type: ColumnType;
  /** Values that are not missing. */
  readonly present: number;
}

export interface Reconciled {
  /** Types that the source must be read with, where they differ from those inferred. */
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly contract: ContractBody;
  readonly changes: readonly string[];
  /** Columns of the source that are not loaded. */
  readonly dropped: readonly string[];
  /** Columns whose presence refuses the row. */
  readonly refused: readonly string[];
}

/**
 * Compares what a source has with what the contract says, and decides: evolve, fail, or keep back.
 *
 * @param given types that the caller insists on; they are part of the contract from now on
 * @throws CONTRACT_VIOLATED when the contract is frozen where it would have to change
 */
export function reconcile(
  contract: ContractBody,
  found: readonly ColumnFacts[],
  given: Readonly<Record<string, ColumnType>> = {},
): Reconciled {
  const changes: string[] = [];
  const types: Record<string, ColumnType> = {};
  const byName = new Map(found.map((column) => [column.name, column]));
  const columns = contract.columns.map((column): ContractColumn => {
    const source = byName.get(column.name);
    byName.delete(column.name);
    if (source === undefined) {
      requirePresent(contract, column);
      return column;
    }
    const type = targetType(contract, column, source, given[column.name]);
    if (type !== source.type) types[column.name] = type;
    if (type === column.type) return column;
    changes.push(`${column.name}: ${column.type} → ${type}`);
    return { ...column, type };
  });
  const fresh = [...byName.values()];
  const added = contract.newColumns === 'evolve' ? fresh : [];
  if (fresh.length > 0 && contract.newColumns === 'freeze') throw newColumns(fresh);
  for (const { name, type } of added) {
    const wanted = given[name] ?? type;
    if (wanted !== type) types[name] = wanted;
    columns.push({ name, type: wanted });
    changes.push(`${name}: added as ${wanted}`);
  }
  const kept = fresh.map(({ name }) => name);
  return {
    types,
    changes,
    contract: changes.length === 0 ? contract : { ...contract, columns },
    dropped:
      contract.newColumns === 'quarantine-value' || contract.newColumns === 'quarantine-row' ? kept : [],
    refused: contract.newColumns === 'quarantine-row' ? kept : [],
  };
}

function targetType(
  contract: ContractBody,
  column: ContractColumn,
  source: ColumnFacts,
  given: ColumnType | undefined,
): ColumnType {
  if (given !== undefined) return given;
  // A column without a single value says nothing of its type.
  if (source.present === 0) return column.type;
  if ((column.onViolation ?? contract.types) !== 'evolve') return column.type;
  return widen(column.type, source.type);
}

/** A missing column is all missing values: only `required` or a frozen set of columns minds. */
function requirePresent(contract: ContractBody, column: ContractColumn): void {
  if (column.required !== true && contract.newColumns !== 'freeze') return;
  throw new SlipwayError('CONTRACT_VIOLATED', {
    message: `the source has no column '${column.name}', which the contract ${column.required ? 'requires' : 'names'}`,
    fix: 'Give the column, or change the contract: `slipway data contract <name> --edit`.',
    details: { column: column.name, rule: 'COLUMN_MISSING' },
  });
}

function newColumns(fresh: readonly ColumnFacts[]): SlipwayError {
  const names = fresh.map(({ name }) => name);
  return new SlipwayError('CONTRACT_VIOLATED', {
    message: `the source has ${names.length === 1 ? 'a column' : 'columns'} the contract does not know: ${names.slice(0, 10).join(', ')}`,
    fix: 'Leave the columns out of the source, or set newColumns to evolve in the contract.',
    details: { columns: names, rule: 'COLUMN_UNKNOWN' },
  });
}

/** How a contract reads after an edit, in words. */
export function contractChanges(from: ContractBody, to: ContractBody): string[] {
  const changes: string[] = [];
  const before = new Map(from.columns.map((column) => [column.name, column]));
  for (const column of to.columns) {
    const old = before.get(column.name);
    before.delete(column.name);
    if (old === undefined) changes.push(`${column.name}: added as ${column.type}`);
    else changes.push(...columnChanges(old, column));
  }
  for (const name of before.keys()) changes.push(`${name}: removed`);
  const keys = [
    'newColumns',
    'types',
    'rules',
    'rowsRequired',
    'freshSeconds',
    'rejectBudget',
    'key',
  ] as const;
  for (const key of keys) {
    const [a, b] = [JSON.stringify(from[key]), JSON.stringify(to[key])];
    if (a !== b) changes.push(`${key}: ${a} → ${b}`);
  }
  return changes;
}

function columnChanges(from: ContractColumn, to: ContractColumn): string[] {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]) as Set<keyof ContractColumn>;
  const text = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));
  return [...keys]
    .filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
    .map((key) => `${to.name}.${key}: ${text(from[key])} → ${text(to[key])}`);
}

/**
 * Refuses a contract that cannot be checked: repeated or unknown names, bounds the wrong way round, rules that do not fit a type.
 *
 * @throws CONTRACT_INVALID naming the column and the rule
 */
export function requireSound(body: ContractBody): void {
  const names = new Set<string>();
  const fail = (message: string, details: Record<string, unknown>) => {
    throw new SlipwayError('CONTRACT_INVALID', {
      message,
      fix: 'Correct the contract; `slipway data contract <name>` prints the present one.',
      details,
    });
  };
  for (const column of body.columns) {
    const { name, min, max, type } = column;
    if (names.has(name)) fail(`column '${name}' is named twice`, { column: name });
    names.add(name);
    const dated = type === 'date' || type === 'timestamp';
    for (const [rule, bound] of Object.entries({ min, max })) {
      if (bound === undefined) continue;
      if (type === 'string' || type === 'boolean')
        fail(`${name}.${rule}: a ${type} has no bounds`, { column: name, rule });
      if (dated ? Number.isNaN(Date.parse(String(bound))) : typeof bound !== 'number')
        fail(`${name}.${rule}: ${JSON.stringify(bound)} is not a ${type}`, { column: name, rule });
    }
    if (min !== undefined && max !== undefined && boundValue(min) > boundValue(max))
      fail(`${name}: min ${min} is above max ${max}`, { column: name });
    if (column.pattern !== undefined && type !== 'string')
      fail(`${name}.pattern: only strings have patterns`, { column: name });
    if (column.values?.length === 0) fail(`${name}.values: no value would be allowed`, { column: name });
  }
  for (const name of body.key) {
    if (names.has(name)) continue;
    const near = nearestName(name, [...names]);
    fail(`key: there is no column '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}`, {
      column: name,
    });
  }
}

function boundValue(bound: number | string): number {
  return typeof bound === 'number' ? bound : Date.parse(bound);
}

/** The schema that a contract and the readers' facts give: contract order, then types; tokens and formats from the source. */
export function schemaOf(contract: ContractBody, read: TableSchema, parent: TableSchema | null): TableSchema {
  const facts = new Map<string, SchemaColumn>();
  for (const column of parent?.columns ?? []) facts.set(column.name, column);
  for (const column of read.columns) facts.set(column.name, column);
  const columns = contract.columns.map(({ name, type }): SchemaColumn => {
    const known = facts.get(name);
    return known === undefined ? { name, type, missingTokens: [] } : { ...known, type };
  });
  return { columns };
}
