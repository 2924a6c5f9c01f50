import { sqlName, sqlText } from '../ports/engine.ts';
import type { Column } from '../tables/table.ts';
import type { MeasuredColumn } from './statistics-column.ts';
import { piiCounts } from './statistics-pii.ts';
import { asNumber, type Measuring, numbersOf } from './statistics-query.ts';
import { packed, sampleRowsOf } from './statistics-sketch.ts';

/** A uniform sample of rows, in random order; all rows when there are few. */
export interface RowSample {
  readonly keys: Float64Array;
  /** By column of the schema. */
  readonly columns: readonly Column[];
  /** By column, when the sample is all rows: 53-bit hashes of the values. */
  readonly hashes: readonly Float64Array[] | undefined;
}

/**
 * Rows with the smallest hashes of row number and part (its fingerprint): samples of several parts merge into a sample of all. Not of
 * the row's values: of many equal rows all or none would be taken.
 */
export async function sampleRows(measuring: Measuring, salt: string): Promise<RowSample> {
  const { session, part, columns, rows } = measuring;
  const wanted = sampleRowsOf(columns.length);
  const whole = rows <= wanted;
  // A column of that name hides DuckDB's row number; then rows are told apart by their values after all.
  const hidden = columns.some(({ name }) => name.toLowerCase() === 'file_row_number');
  const numbered = hidden ? part : part.replace(/\)$/, ', file_row_number = true)');
  const identity = hidden ? columns.map(({ name }) => sqlName(name)).join(', ') : 'file_row_number';
  const key = `hash(${identity}, ${sqlText(salt)})`;
  const values = columns.map((column) =>
    column.type === 'string' ? sqlName(column.name) : asNumber(column),
  );
  const hashes = whole ? columns.map(({ name }) => `(hash(${sqlName(name)}) >> 11)::DOUBLE`) : [];
  // Six standard deviations above what is needed.
  const share = (wanted + 6 * Math.sqrt(wanted) + 16) / rows;
  const where =
    whole || share >= 1 ? '' : ` WHERE ${key} < ${BigInt(Math.floor(share * 2 ** 53)) << 11n}::UBIGINT`;
  const projection = [`(${key} >> 11)::DOUBLE`, ...values, ...hashes].map((sql, i) => `${sql} AS c${i}`);
  // Sorted so that the rows come in few chunks: unsorted, every chunk of the file gives one of a handful of rows.
  const table = await session.table(`SELECT ${projection.join(', ')} FROM ${numbered}${where} ORDER BY c0`);
  const keys = numbersOf(table.columns[0]!);
  const order = Int32Array.from(keys.keys())
    .sort((a, b) => keys[a]! - keys[b]! || a - b)
    .slice(0, wanted);
  const taken = table.columns.slice(1).map((column) => takeInOrder(column, order));
  return {
    keys: Float64Array.from(order, (row) => keys[row]!),
    columns: taken.slice(0, columns.length),
    hashes: whole ? taken.slice(columns.length).map(numbersOf) : undefined,
  };
}

function takeInOrder(column: Column, order: Int32Array): Column {
  return column.type === 'string'
    ? { ...column, codes: order.map((row) => column.codes[row]!) }
    : { ...column, values: Float64Array.from(order, (row) => column.values[row]!) };
}

/** Facts of a column that only its sampled values tell. */
export function sampledFacts(column: Column): Pick<MeasuredColumn, 'sample' | 'pii'> {
  if (column.type !== 'string') return { sample: packed(column.values), pii: null };
  const texts = Array.from(column.codes)
    .filter((code) => code >= 0)
    .map((code) => column.dictionary[code]!);
  return { sample: null, pii: piiCounts(texts) };
}
