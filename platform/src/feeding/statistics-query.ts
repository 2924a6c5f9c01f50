import { type EngineSession, sqlName } from '../ports/engine.ts';
import type { Column, SchemaColumn } from '../tables/table.ts';

export type IndexedColumn = SchemaColumn & { readonly index: number };

/** What the queries about a part have in common. */
export interface Measuring {
  readonly session: EngineSession;
  readonly part: string;
  readonly columns: readonly IndexedColumn[];
  readonly rows: number;
}

export function asNumber(column: SchemaColumn, name = sqlName(column.name)): string {
  switch (column.type) {
    case 'boolean':
      return `${name}::INTEGER::DOUBLE`;
    case 'date':
    case 'timestamp':
      return `epoch_ms(${name}::TIMESTAMP)::DOUBLE`;
    default:
      return `${name}::DOUBLE`;
  }
}

export function finiteOrNull(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

export function numbersOf(column: Column): Float64Array {
  return column.type === 'string' ? new Float64Array(0) : column.values;
}
