import type { Client, FieldDef } from 'pg';
import type { ColumnType } from '../../tables/table.ts';
import { EXACT_DIGITS } from './databases.ts';

/** A column as COPY writes it. */
export interface PostgresColumn {
  readonly name: string;
  /** Undefined: the reader finds out from the values (whole numbers beyond 2^53 are text). */
  readonly type: ColumnType | undefined;
  /** SQL of the value, without an alias. */
  readonly value: string;
  /** Name that Postgres gives the type. */
  readonly native: string;
}

/** Numerics that may have more digits than a double: the values decide. */
const NUMERIC = 'numeric';

/** The columns of a relation, and how each is written so that nothing of it is lost. */
export async function postgresColumns(
  client: Client,
  relation: string,
  quote: (name: string) => string,
): Promise<PostgresColumn[]> {
  const { fields } = await client.query({ text: `SELECT * FROM ${relation} LIMIT 0`, rowMode: 'array' });
  const oids = [...new Set(fields.map(({ dataTypeID }) => dataTypeID))];
  const { rows } = await client.query<{ oid: number; typname: string; typcategory: string; typtype: string }>(
    'SELECT oid::int8::text AS oid, typname, typcategory, typtype FROM pg_type WHERE oid = ANY($1::oid[])',
    [oids],
  );
  const kinds = new Map(rows.map((row) => [Number(row.oid), row]));
  return fields.map((field) => {
    const kind = kinds.get(field.dataTypeID);
    const category = kind?.typtype === 'c' ? 'C' : (kind?.typcategory ?? 'U');
    return columnOf(field, kind?.typname ?? 'unknown', category, quote(field.name));
  });
}

function columnOf(field: FieldDef, native: string, category: string, column: string): PostgresColumn {
  const make = (type: ColumnType | undefined, value: string) => ({ name: field.name, type, value, native });
  if (category === 'A' || category === 'C') return make('string', `to_json(${column})::text`);
  switch (native) {
    case 'bool':
      return make('boolean', `${column}::text`);
    case 'int2':
    case 'int4':
    case 'oid':
      return make('integer', column);
    case 'int8':
      return make(undefined, column);
    case 'float4':
    case 'float8':
      return make('number', column);
    case NUMERIC:
      return make(numericType(field.dataTypeModifier), column);
    case 'money':
      return make('number', `${column}::numeric`);
    case 'date':
      return make('date', column);
    case 'timestamp':
      return make('timestamp', column);
    case 'timestamptz':
      return make('timestamp', `(${column} AT TIME ZONE 'UTC')`);
    case 'bytea':
      return make('string', `upper(encode(${column}, 'hex'))`);
    default:
      return make('string', column);
  }
}

/** Undefined: its values must be looked at. */
function numericType(modifier: number): ColumnType | undefined {
  if (modifier < 4) return undefined;
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  if (Math.max(precision, precision - scale) > EXACT_DIGITS) return undefined;
  return scale <= 0 ? 'integer' : 'number';
}

/**
 * Numerics without a declared precision, or with a great one: a number where every value has at most 15 digits, and text where a double
 * would change one. One pass over these columns, in the transaction that reads them.
 */
export async function settleNumerics(
  client: Client,
  relation: string,
  columns: readonly PostgresColumn[],
): Promise<PostgresColumn[]> {
  const open = columns.filter(({ native, type }) => native === NUMERIC && type === undefined);
  if (open.length === 0) return [...columns];
  const tests = open.map(
    ({ value }, i) =>
      `coalesce(bool_or(CASE WHEN ${value} IS NULL OR ${value} = 'NaN' THEN false WHEN abs(${value}) < 1e300 THEN ${value}::float8::numeric <> ${value} ELSE true END), false) AS c${i}`,
  );
  const { rows } = await client.query<Record<string, boolean>>(`SELECT ${tests.join(', ')} FROM ${relation}`);
  const lossy = new Set(open.filter((_, i) => rows[0]![`c${i}`]).map(({ name }) => name));
  return columns.map((column) =>
    open.includes(column) ? { ...column, type: lossy.has(column.name) ? 'string' : 'number' } : column,
  );
}
