import type { DuckDBConnection } from '@duckdb/node-api';
import { sqlName } from '../../ports/engine.ts';
import type { ColumnType, Table } from '../../tables/table.ts';
import { type ColumnBuilder, LongBuilder, NumberBuilder, TextBuilder } from './column-builders.ts';

/**
 * Query results as typed columns. The query is wrapped so that DuckDB itself converts every column to one of three physical types,
 * DOUBLE, BIGINT or VARCHAR: then a chunk's numbers are one typed array, and no row object is ever made.
 */
export async function readTable(connection: DuckDBConnection, sql: string): Promise<Table> {
  const plan = await planColumns(connection, sql);
  if (plan.length === 0) return { rows: 0, columns: [] };
  const projection = plan
    .flatMap(({ type, expression }) =>
      type === 'string' ? [expression, `hash(${expression})`] : [expression],
    )
    .join(', ');
  const result = await connection.stream(`SELECT ${projection} FROM (${sql}) AS source`);
  const builders = plan.map(builderOf);
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    let index = 0;
    for (const builder of builders) {
      builder.append(chunk, index);
      index += builder.width;
    }
  }
  return { rows, columns: plan.map(({ name }, index) => builders[index]!.build(name)) };
}

function builderOf({ type, long }: PlannedColumn): ColumnBuilder {
  if (long) return new LongBuilder();
  return type === 'string' ? new TextBuilder() : new NumberBuilder(type);
}

interface PlannedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly expression: string;
  /** Comes as BIGINT, because some of its values may be too large for a float64. */
  readonly long: boolean;
}

async function planColumns(connection: DuckDBConnection, sql: string): Promise<PlannedColumn[]> {
  const described = (await connection.runAndReadAll(`DESCRIBE ${sql}`)).getRowObjectsJS();
  return described.map((row) => {
    const name = String(row['column_name']);
    const { type, expression } = conversion(sqlName(name), String(row['column_type']).toUpperCase());
    return { name, type, expression, long: expression.endsWith('::BIGINT') };
  });
}

/** How a DuckDB type becomes a logical type, and the SQL that converts it to DOUBLE or VARCHAR. */
function conversion(column: string, duckType: string): { type: ColumnType; expression: string } {
  if (duckType === 'BOOLEAN') return { type: 'boolean', expression: `${column}::INTEGER::DOUBLE` };
  if (duckType === 'DATE') return { type: 'date', expression: `epoch_ms(${column}::TIMESTAMP)::DOUBLE` };
  if (/^TIMESTAMP/.test(duckType))
    return { type: 'timestamp', expression: `epoch_ms(${column}::TIMESTAMP)::DOUBLE` };
  if (/^U?(TINYINT|SMALLINT|INTEGER)$/.test(duckType))
    return { type: 'integer', expression: `${column}::DOUBLE` };
  if (duckType === 'BIGINT') return { type: 'integer', expression: `${column}::BIGINT` };
  // Sums of integers are HUGEINT: a total is a number, not an identifier, so it may be rounded.
  if (/^(UBIGINT|U?HUGEINT)$/.test(duckType)) return { type: 'integer', expression: `${column}::DOUBLE` };
  if (/^(DOUBLE|FLOAT|REAL|DECIMAL)/.test(duckType))
    return { type: 'number', expression: `${column}::DOUBLE` };
  return { type: 'string', expression: `${column}::VARCHAR` };
}
