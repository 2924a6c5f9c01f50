import type { Column, Table, TableSchema } from '../tables/table.ts';
import { type EngineSession, sqlName, sqlText } from './engine.ts';

/**
 * A snapshot's Parquet part as a table, in file order, with the logical types of its schema: the file's type of a number says
 * less (whole numbers come as doubles, dates as timestamps).
 */
export async function readSnapshotPart(
  session: EngineSession,
  partPath: string,
  schema: TableSchema,
): Promise<Table> {
  const names = schema.columns.map(({ name }) => sqlName(name)).join(', ');
  const table = await session.table(`SELECT ${names} FROM read_parquet(${sqlText(partPath)})`);
  const columns = table.columns.map((column, i): Column => {
    const { name, type } = schema.columns[i]!;
    return column.type === 'string' || type === 'string' ? column : { name, type, values: column.values };
  });
  return { rows: table.rows, columns };
}
