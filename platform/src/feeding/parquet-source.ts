import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { ColumnType, SchemaColumn, TableSchema } from '../tables/table.ts';
import { unreadable } from './source-format.ts';

/**
 * A Parquet file as table `raw` with Slipway's logical types. Its types are its contract: nothing is inferred, nothing refused.
 * Nested values become JSON text, decimals numbers, 64-bit integers beyond 2^53 text; the empty text is missing, as everywhere.
 */
export async function stageParquet(
  session: EngineSession,
  path: string,
  fileName: string,
): Promise<{ schema: TableSchema; rows: number }> {
  const file = `read_parquet(${sqlText(path)})`;
  let described: Record<string, unknown>[];
  try {
    described = await session.rows(`DESCRIBE SELECT * FROM ${file}`);
  } catch (error) {
    throw unreadable(fileName, `its Parquet structure is broken (${(error as Error).message.slice(0, 200)})`);
  }
  const columns = await Promise.all(
    described.map(async (row) =>
      convert(session, file, String(row['column_name']), String(row['column_type']).toUpperCase()),
    ),
  );
  const projection = columns.map(({ name, expression }) => `${expression} AS ${sqlName(name)}`).join(', ');
  await session.run(`CREATE VIEW raw AS SELECT ${projection} FROM ${file}`);
  const [counted] = await session.rows(`SELECT count(*) AS n FROM ${file}`);
  const schema = {
    columns: columns.map(({ name, type }): SchemaColumn => ({ name, type, missingTokens: [] })),
  };
  return { schema, rows: Number(counted!['n']) };
}

interface Converted {
  readonly name: string;
  readonly type: ColumnType;
  readonly expression: string;
}

async function convert(
  session: EngineSession,
  file: string,
  name: string,
  duckType: string,
): Promise<Converted> {
  const column = sqlName(name);
  if (duckType === 'BOOLEAN') return { name, type: 'boolean', expression: column };
  if (duckType === 'DATE') return { name, type: 'date', expression: column };
  if (duckType.startsWith('TIMESTAMP'))
    return { name, type: 'timestamp', expression: `${column}::TIMESTAMP` };
  if (/^U?(TINYINT|SMALLINT|INTEGER)$/.test(duckType))
    return { name, type: 'integer', expression: `${column}::BIGINT` };
  if (/^(U?BIGINT|U?HUGEINT)$/.test(duckType)) {
    const [row] = await session.rows(
      `SELECT max(abs(${column}::HUGEINT)) <= 9007199254740992 AS small FROM ${file}`,
    );
    return row!['small'] === false
      ? { name, type: 'string', expression: `${column}::VARCHAR` }
      : { name, type: 'integer', expression: `${column}::BIGINT` };
  }
  if (/^(DOUBLE|FLOAT|REAL|DECIMAL)/.test(duckType)) {
    return {
      name,
      type: 'number',
      expression: `CASE WHEN isfinite(${column}::DOUBLE) THEN ${column}::DOUBLE END`,
    };
  }
  if (/^(VARCHAR|UUID|ENUM|TIME|INTERVAL)/.test(duckType))
    return { name, type: 'string', expression: `nullif(${column}::VARCHAR, '')` };
  if (duckType === 'BLOB') return { name, type: 'string', expression: `nullif(hex(${column}), '')` };
  return { name, type: 'string', expression: `nullif(to_json(${column})::VARCHAR, '')` };
}
