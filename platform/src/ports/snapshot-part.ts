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

const SQL_TYPES: Readonly<Record<TableSchema['columns'][number]['type'], string>> = {
  string: 'VARCHAR',
  number: 'DOUBLE',
  integer: 'BIGINT',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/**
 * A whole snapshot as a query, in the order of its parts: columns that a part lacks are missing there, narrower types are widened.
 *
 * @param extra columns of `read_parquet` to add, e.g. `file_row_number`
 */
export function snapshotSql(
  paths: readonly string[],
  schema: TableSchema,
  extra: readonly ('file_row_number' | 'filename')[] = [],
): string {
  const columns = schema.columns.map(
    ({ name, type }) => `CAST(${sqlName(name)} AS ${SQL_TYPES[type]}) AS ${sqlName(name)}`,
  );
  const projection = [...columns, ...extra].join(', ');
  if (paths.length === 0) {
    const nothing = schema.columns.map(({ name, type }) => `NULL::${SQL_TYPES[type]} AS ${sqlName(name)}`);
    return `SELECT ${[...nothing, ...extra.map((name) => `NULL AS ${name}`)].join(', ')} WHERE false`;
  }
  const options = ['union_by_name = true', ...extra.map((name) => `${name} = true`)].join(', ');
  const list = paths.map(sqlText).join(', ');
  // A part may lack a column that came later: a table of no rows with all of them makes it NULL there.
  const typed = schema.columns
    .map(({ name, type }) => `NULL::${SQL_TYPES[type]} AS ${sqlName(name)}`)
    .join(', ');
  const rows = `SELECT * FROM read_parquet([${list}], ${options})`;
  return `SELECT ${projection} FROM (SELECT ${typed} WHERE false UNION ALL BY NAME ${rows})`;
}
