import { type EngineSession, sqlName, sqlText } from '../../ports/engine.ts';
import type { Column, Table, TableSchema } from '../../tables/table.ts';

/**
 * A snapshot part as a table with the logical types of its schema.
 *
 * @param columns names to read, in this order; default: all of the schema
 */
export async function readParquetTable(
  session: EngineSession,
  path: string,
  schema?: TableSchema,
  columns?: readonly string[],
): Promise<Table> {
  const names = columns ?? schema?.columns.map((column) => column.name);
  const projection = names === undefined ? '*' : names.map(sqlName).join(', ');
  const table = await session.table(`SELECT ${projection} FROM read_parquet(${sqlText(path)})`);
  if (schema === undefined) return table;
  const types = new Map(schema.columns.map((column) => [column.name, column.type]));
  return {
    rows: table.rows,
    columns: table.columns.map((column) => retyped(column, types.get(column.name))),
  };
}

/** DuckDB's type of a numeric column says less than the schema's (integer read as DOUBLE, date as TIMESTAMP). */
function retyped(column: Column, type: Column['type'] | undefined): Column {
  if (type === undefined || type === column.type || column.type === 'string' || type === 'string')
    return column;
  return { ...column, type };
}
