import { createRng, type Rng } from '../kernel/rng.ts';
import type { Column, Table } from '../tables/table.ts';

/** Small tables for tests, made from plain values. */
export type Cells = readonly (number | string | boolean | null)[];

/** A column whose type follows from its values: texts, booleans, whole or other numbers. `null` is missing. */
export function columnFrom(name: string, cells: Cells): Column {
  if (cells.some((cell) => typeof cell === 'string')) return textColumn(name, cells);
  const values = Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)));
  const type = cells.some((cell) => typeof cell === 'boolean')
    ? 'boolean'
    : values.every((value) => Number.isNaN(value) || Number.isInteger(value))
      ? 'integer'
      : 'number';
  return { name, type, values };
}

function textColumn(name: string, cells: Cells): Column {
  const dictionary: string[] = [];
  const index = new Map<string, number>();
  const codes = Int32Array.from(cells, (cell) => {
    if (cell === null) return -1;
    const text = String(cell);
    if (!index.has(text)) index.set(text, dictionary.push(text) - 1);
    return index.get(text)!;
  });
  return { name, type: 'string', codes, dictionary };
}

export function tableFrom(columns: Readonly<Record<string, Cells>>): Table {
  const made = Object.entries(columns).map(([name, cells]) => columnFrom(name, cells));
  return { rows: Object.values(columns)[0]?.length ?? 0, columns: made };
}

/** `count` values of a function of a seeded generator. */
export function drawn<T>(count: number, seed: number, of: (rng: Rng, row: number) => T): T[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, row) => of(rng, row));
}

/** Standard normal (Box and Muller 1958). */
export function normal(rng: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
}
