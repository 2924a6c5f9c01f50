import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { Column, Table, TableSchema } from '../tables/table.ts';

/** Reads a snapshot's Parquet part in file order, with the logical types of its schema. */
export async function readPart(
  session: EngineSession,
  partPath: string,
  schema: TableSchema,
): Promise<Table> {
  const names = schema.columns.map(({ name }) => sqlName(name)).join(', ');
  const table = await session.table(`SELECT ${names} FROM read_parquet(${sqlText(partPath)})`);
  const columns = table.columns.map((column, i): Column => {
    const { name, type } = schema.columns[i]!;
    // The file's type of a number says less than the schema's: whole numbers come as doubles, dates as timestamps.
    return column.type === 'string' || type === 'string' ? column : { name, type, values: column.values };
  });
  return { rows: table.rows, columns };
}
