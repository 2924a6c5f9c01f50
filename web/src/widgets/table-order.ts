export type SortValue = string | number | boolean | null | undefined;

export interface Order {
  readonly column: string;
  readonly descending: boolean;
}

/** `score` ascends, `-score` descends: as it stands in the address. */
export function readOrder(text: string | undefined): Order | undefined {
  if (text === undefined || text === '' || text === '-') return undefined;
  return text.startsWith('-')
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false };
}

export function writeOrder(order: Order | undefined): string | undefined {
  return order === undefined ? undefined : `${order.descending ? '-' : ''}${order.column}`;
}

/** What a click on a header does: first the useful direction (numbers: largest first), then the other, then as it came. */
export function nextOrder(current: Order | undefined, column: string, numeric: boolean): Order | undefined {
  if (current?.column !== column) return { column, descending: numeric };
  return current.descending === numeric ? { column, descending: !numeric } : undefined;
}

/** Sorted copy; equal rows keep their places, and what has no value stands last in either direction. */
export function sortRows<T>(
  rows: readonly T[],
  cellOf: ((row: T) => SortValue) | undefined,
  descending: boolean,
): readonly T[] {
  if (cellOf === undefined) return rows;
  const keyed = rows.map((row) => ({ row, value: cellOf(row) }));
  const absent = (value: SortValue) => value === null || value === undefined || Number.isNaN(value);
  keyed.sort((a, b) => {
    if (absent(a.value) || absent(b.value)) return Number(absent(a.value)) - Number(absent(b.value));
    return (descending ? -1 : 1) * compare(a.value!, b.value!);
  });
  return keyed.map(({ row }) => row);
}

function compare(a: string | number | boolean, b: string | number | boolean): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'en', { numeric: true });
  return Number(a) - Number(b);
}

/** Rows whose text has every word of the filter, in any order and case. */
export function filterRows<T>(
  rows: readonly T[],
  filter: string | undefined,
  textOf: ((row: T) => string) | undefined,
): readonly T[] {
  const words = (filter ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 || textOf === undefined) return rows;
  return rows.filter((row) => {
    const text = textOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
