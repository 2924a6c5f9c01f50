import { join } from 'node:path';
import type { ExportFormat, QueryReply } from '../../contracts/data-query.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { type Engine, type EngineSession, sqlText } from '../../ports/engine.ts';
import { type Column, cellText, isMissing, type Table } from '../../tables/table.ts';
import { arrowFile } from './arrow-file.ts';
import { createView, type SnapshotSource } from './snapshot-source.ts';

export interface QueryWork {
  /** One SELECT in which references are quoted names of `tables`. */
  readonly sql: string;
  readonly tables: readonly { readonly name: string; readonly source: SnapshotSource }[];
  readonly limit: number;
  readonly workDir: string;
}

/** Memory of one query; what needs more spills to its own folder, up to this many bytes. */
const QUERY_MEMORY_BYTES = 1024 ** 3;
const SPILL = '8GiB';

/**
 * Runs a query that somebody wrote. Only one SELECT is run, and it reaches the snapshots it names and nothing else on the machine.
 *
 * @throws QUERY_INVALID with what the engine says
 */
export async function runQuery(
  work: QueryWork,
  engine: Engine,
): Promise<Omit<QueryReply, 'snapshots' | 'seconds'>> {
  const session = await openQuery(work, engine);
  try {
    const described = await described_(session, work.sql);
    const table = await asked(session.table(`SELECT * FROM (${work.sql}\n) LIMIT ${work.limit + 1}`));
    const truncated = table.rows > work.limit;
    const rows = Array.from({ length: Math.min(table.rows, work.limit) }, (_, row) =>
      table.columns.map((column) => jsonValue(column, row)),
    );
    return { columns: described, rows, truncated };
  } finally {
    await session.close();
  }
}

/** The result as a file of the wanted format; its path. */
export async function exportQuery(
  work: QueryWork & { readonly format: ExportFormat },
  engine: Engine,
): Promise<{ path: string; rows: number }> {
  const session = await openQuery(work, engine);
  const path = join(work.workDir, `export.${work.format}`);
  try {
    if (work.format === 'arrow') {
      await described_(session, work.sql);
      const table: Table = await asked(session.table(work.sql));
      await arrowFile(table, path);
      return { path, rows: table.rows };
    }
    const formats = {
      parquet: '(FORMAT parquet, COMPRESSION zstd)',
      csv: '(FORMAT csv, HEADER true)',
      ndjson: '(FORMAT json, ARRAY false)',
    };
    const [row] = await asked(
      session.rows(`COPY (${work.sql}\n) TO ${sqlText(path)} ${formats[work.format]}`),
    );
    return { path, rows: Number(row?.['Count'] ?? 0) };
  } finally {
    await session.close();
  }
}

async function openQuery(work: QueryWork, engine: Engine): Promise<EngineSession> {
  const session = await engine.open({
    workDir: work.workDir,
    memoryBytesMax: QUERY_MEMORY_BYTES,
    readable: work.tables.flatMap(({ source }) => source.paths),
    spillMax: SPILL,
  });
  try {
    for (const { name, source } of work.tables) await createView(session, name, source);
    await requireSelect(session, work.sql);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** The engine's own parser says whether the text is one SELECT: it serializes nothing else. */
async function requireSelect(session: EngineSession, sql: string): Promise<void> {
  const [row] = await session.rows(`SELECT json_serialize_sql(${sqlText(sql)})::VARCHAR AS plan`);
  const plan = JSON.parse(String(row!['plan'])) as {
    error: boolean;
    error_message?: string;
    error_type?: string;
    statements?: unknown[];
  };
  if (!plan.error && plan.statements?.length === 1) return;
  const message = plan.error ? (plan.error_message ?? 'it cannot be parsed') : 'it holds several statements';
  throw new SlipwayError('QUERY_INVALID', {
    message: `the query is not one SELECT: ${message}`,
    fix: 'Ask with a single SELECT. Data sets are tables by their names: adult, "adult@v3".',
    details: { sql: sql.slice(0, 2000) },
  });
}

async function described_(session: EngineSession, sql: string): Promise<{ name: string; type: string }[]> {
  const rows = await asked(session.rows(`DESCRIBE SELECT * FROM (${sql}\n)`));
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
}

/** What the engine refuses is the query's fault, told in the engine's words. */
async function asked<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/^(Permission|IO) Error|disabled by configuration|Cannot access/i.test(message)) {
      throw new SlipwayError('QUERY_NOT_ALLOWED', {
        message: `the query reaches for something that is not a data set: ${message.split('\n')[0]}`,
        fix: 'Load the file as a data set first: `slipway data add <name> <file>`.',
      });
    }
    if (/^Out of Memory Error|max_temp_directory_size/i.test(message)) {
      throw new SlipwayError('LIMIT_EXCEEDED', {
        message: `the query needs more than it may have: ${message.split('\n')[0]}`,
        fix: 'Ask for less: fewer columns, a WHERE, an aggregate.',
      });
    }
    throw new SlipwayError('QUERY_INVALID', {
      message: message.slice(0, 2000),
      fix: 'Correct the query. `slipway data show <name>` lists the columns.',
    });
  }
}

function jsonValue(column: Column, row: number): unknown {
  if (isMissing(column, row)) return null;
  if (column.type === 'integer' || column.type === 'number') {
    const value = column.values[row]!;
    return Number.isFinite(value) ? value : String(value);
  }
  if (column.type === 'boolean') return column.values[row] === 1;
  return cellText(column, row);
}
