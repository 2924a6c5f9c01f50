import { useNavigate, useSearch } from '@tanstack/react-router';
import type { RowsQuery } from '../../../../platform/src/contracts/datasets.ts';
import type { ColumnProfile } from '../../../../platform/src/contracts/profile.ts';
import { number, time } from '../../widgets/format.ts';

/** Which rows: of one column a value, a range (dates in epoch milliseconds) or what is missing. */
export type RowFilter = { readonly column: string } & (
  | { readonly value: string }
  | { readonly from: number; readonly to: number; readonly closed: boolean }
  | { readonly missing: true }
);

export const isTime = (type: ColumnProfile['type'] | undefined) => type === 'date' || type === 'timestamp';

/** A number of a column as people read it. */
export function show(type: ColumnProfile['type'] | undefined, value: number | null, digits = 4): string {
  if (value === null) return '–';
  if (type === 'date') return time(value).split(',')[0]!;
  return type === 'timestamp' ? time(value) : number(value, digits);
}

export function describe(filter: RowFilter, type: ColumnProfile['type'] | undefined): string {
  if ('missing' in filter) return `${filter.column} is missing`;
  if ('value' in filter) return `${filter.column} is ${filter.value}`;
  return `${filter.column} from ${show(type, filter.from)} ${filter.closed ? 'to' : 'to under'} ${show(type, filter.to)}`;
}

/** The part of a rows query that one filter is. */
export function queryOf(filter: RowFilter | undefined): Partial<RowsQuery> {
  if (filter === undefined) return {};
  const { column } = filter;
  if ('missing' in filter) return { column, missing: true };
  if ('value' in filter) return { column, value: filter.value };
  return { column, from: filter.from, to: filter.to, ...(filter.closed ? { closed: true } : {}) };
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

function bound(type: ColumnProfile['type'] | undefined, value: number): string {
  return isTime(type)
    ? `TIMESTAMP ${literal(new Date(value).toISOString().replace('T', ' ').replace('Z', ''))}`
    : String(value);
}

function condition(filter: RowFilter, type: ColumnProfile['type'] | undefined): string {
  const column = quoted(filter.column);
  if ('missing' in filter) return `${column} is null`;
  if ('value' in filter) {
    const isNumber = (type === 'number' || type === 'integer') && Number.isFinite(Number(filter.value));
    return `${column} = ${isNumber ? filter.value : literal(filter.value)}`;
  }
  const until = `${column} ${filter.closed ? '<=' : '<'} ${bound(type, filter.to)}`;
  return `${column} >= ${bound(type, filter.from)} and ${until}`;
}

/** The same rows as a query: `select * from "name@v3" where …`. */
export function sqlOf(
  table: { readonly name: string; readonly version: number },
  filters: readonly RowFilter[],
  types: ReadonlyMap<string, ColumnProfile['type']>,
): string {
  const where = filters.map((filter) => condition(filter, types.get(filter.column)));
  const from = `select * from ${quoted(`${table.name}@v${table.version}`)}`;
  return where.length === 0 ? from : `${from}\nwhere ${where.join('\n  and ')}`;
}

export const same = (a: RowFilter, b: RowFilter) =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

/** The filters in the address: `where=[{"column":"age","from":18,"to":20,"closed":false}]`. */
export function useFilters(): [readonly RowFilter[], (next: readonly RowFilter[]) => void] {
  const { where } = useSearch({ strict: false }) as { where?: unknown };
  const navigate = useNavigate();
  const filters = Array.isArray(where)
    ? (where as RowFilter[]).filter((filter) => typeof filter?.column === 'string')
    : [];
  const set = (next: readonly RowFilter[]) =>
    void navigate({
      to: '.',
      search: ((old: object) => ({ ...old, where: next.length === 0 ? undefined : next })) as never,
    });
  return [filters, set];
}
