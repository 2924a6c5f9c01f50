import type { RowsPreview, RowsQuery } from '../../contracts/datasets.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { nearestName } from '../../kernel/names.ts';
import { type Engine, sqlName, sqlText } from '../../ports/engine.ts';
import { cellText, type SchemaColumn } from '../../tables/table.ts';
import { type SnapshotSource, sourceSql } from './snapshot-source.ts';

export interface RowsWork {
  readonly source: SnapshotSource;
  readonly query: RowsQuery;
  readonly workDir: string;
}

const ROWS_DEFAULT = 20;

/** Some rows of a snapshot as texts, those behind one bar of a histogram for example. */
export async function readRows(work: RowsWork, engine: Engine): Promise<RowsPreview> {
  const { source, query } = work;
  const session = await engine.open({ workDir: work.workDir, readable: source.paths });
  try {
    const filter = filterSql(source, query);
    const rows = sourceSql(source);
    const [counted] = await session.rows(`SELECT count(*) AS n FROM (${rows}) WHERE ${filter}`);
    const table = await session.table(
      `SELECT * FROM (${rows}) WHERE ${filter} LIMIT ${Math.trunc(query.limit ?? ROWS_DEFAULT)} OFFSET ${Math.trunc(query.offset ?? 0)}`,
    );
    return {
      columns: source.schema.columns.map(({ name }) => name),
      rows: Array.from({ length: table.rows }, (_, row) =>
        table.columns.map((column, i) => cellText(withType(column, source.schema.columns[i]!), row)),
      ),
      total: Number(counted!['n']),
    };
  } finally {
    await session.close();
  }
}

/** The engine's type of a number says less than the schema's. */
function withType<T extends { readonly type: string }>(column: T, { type }: SchemaColumn): T {
  return column.type === 'string' || type === 'string' ? column : { ...column, type };
}

function filterSql(source: SnapshotSource, query: RowsQuery): string {
  if (query.column === undefined) return 'true';
  const column = source.schema.columns.find(({ name }) => name === query.column);
  if (column === undefined) throw unknownColumn(source, query.column);
  const name = sqlName(column.name);
  if (query.missing === true) return `${name} IS NULL`;
  if (query.value !== undefined) return `${name}::VARCHAR = ${sqlText(query.value)}`;
  const dated = column.type === 'date' || column.type === 'timestamp';
  const value = dated ? `epoch_ms(${name}::TIMESTAMP)` : `try_cast(${name} AS DOUBLE)`;
  const tests = [
    ...(query.from === undefined ? [] : [`${value} >= ${Number(query.from)}::DOUBLE`]),
    ...(query.to === undefined ? [] : [`${value} ${query.closed ? '<=' : '<'} ${Number(query.to)}::DOUBLE`]),
  ];
  return tests.length === 0 ? `${name} IS NOT NULL` : tests.join(' AND ');
}

export function unknownColumn(source: SnapshotSource, column: string): SlipwayError {
  const names = source.schema.columns.map(({ name }) => name);
  const near = nearestName(column, names);
  return new SlipwayError('COLUMN_NOT_FOUND', {
    message: `${source.dataset} v${source.version} has no column '${column}'`,
    fix: near === undefined ? `Its columns are ${names.slice(0, 20).join(', ')}.` : `Did you mean '${near}'?`,
    details: { column, ...(near === undefined ? {} : { nearest: near }) },
  });
}
