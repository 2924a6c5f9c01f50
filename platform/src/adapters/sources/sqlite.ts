import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import type { FetchedSource, SourceConnector, SourceContext, SourceSpec } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import type { ColumnType } from '../../tables/table.ts';
import { CsvWriter } from './csv-writer.ts';
import { cursorNotFound, nameParts, requireTableOrQuery, tableNotFound, typesByName } from './databases.ts';
import { ValueCursor } from './value-cursor.ts';

type Database = InstanceType<typeof Libsql>;
type Value = bigint | number | string | Buffer | null;

const BUSY_MS = 10_000;
const PROGRESS_ROWS = 10_000;

/** A file of SQLite, in one read transaction: other programs may write meanwhile, and none of it is seen. */
export const sqliteSource: Omit<SourceConnector, 'schemes'> = {
  async check(spec) {
    return withDatabase(spec, (database) => {
      const [row] = read(database, "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view')");
      return { message: `${row![0]} tables and views` };
    });
  },

  async discover(spec, _context, limit) {
    return withDatabase(spec, (database) =>
      tableNames(database)
        .slice(0, limit)
        .map((name) => ({
          name,
          columns: read(database, 'SELECT name, type FROM pragma_table_info(?)', [name]).map(
            ([column, type]) => ({
              ...{ name: String(column), type: String(type) },
            }),
          ),
        })),
    );
  },

  async fetch(spec, context) {
    requireTableOrQuery(spec);
    return withDatabase(spec, (database) => fetchRows(database, spec, context));
  },
};

async function withDatabase<T>(spec: SourceSpec, work: (database: Database) => T | Promise<T>): Promise<T> {
  const path = pathOf(spec.uri);
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) {
    throw new SlipwayError('SOURCE_NOT_FOUND', {
      message: `there is no database file ${path}`,
      fix: 'Write sqlite:///absolute/path/to/file.db.',
      details: { path },
    });
  }
  let database: Database | undefined;
  try {
    database = new Libsql(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // The driver's own read-only option is not heeded.
    database.exec('PRAGMA query_only = ON');
    database.exec('BEGIN');
    return await work(database);
  } catch (error) {
    throw sqliteError(error, path);
  } finally {
    database?.close();
  }
}

function pathOf(uri: string): string {
  const match = /^sqlite:\/\/(\/[^?#]+)$/.exec(uri);
  if (match !== null) return decodeURIComponent(match[1]!);
  throw new SlipwayError('USAGE', {
    message: `${uri} is no address of a file of SQLite`,
    fix: 'Write sqlite:///absolute/path/to/file.db.',
  });
}

function sqliteError(error: unknown, path: string): unknown {
  if (error instanceof SlipwayError || !(error instanceof Error)) return error;
  const said = error.message;
  const make = (code: string, message: string, fix: string) =>
    new SlipwayError(code, { message, fix, details: { path }, cause: error });
  if (/locked|busy/i.test(said))
    return make(
      'SOURCE_UNREACHABLE',
      `${path} is locked by another program: ${said}`,
      'Try again when it has finished writing.',
    );
  if (/not a database|malformed|unable to open|disk image/i.test(said))
    return make(
      'SOURCE_UNREADABLE',
      `${path} cannot be read as SQLite: ${said}`,
      'Check that it is a whole file of SQLite that the server may read.',
    );
  if (error.name === 'SqliteError' || /syntax|no such|incomplete|readonly|query_only/i.test(said))
    return make(
      'SOURCE_QUERY_FAILED',
      `SQLite says: ${said}`,
      'Correct the query: it must be a single SELECT that changes nothing.',
    );
  return error;
}

function statement(database: Database, sql: string) {
  return database.prepare(sql).safeIntegers(true).raw(true);
}

function read(database: Database, sql: string, values: readonly unknown[] = []): Value[][] {
  return statement(database, sql).all(...values) as Value[][];
}

function tableNames(database: Database): string[] {
  const rows = read(
    database,
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY name",
  );
  return rows.map(([name]) => String(name));
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function relationOf(database: Database, spec: SourceSpec): string {
  if (spec.query !== undefined) return `(${spec.query.replace(/;\s*$/, '')}\n) AS slipway_rows`;
  const parts = nameParts(spec.table!);
  const known = tableNames(database);
  const name = parts.at(-1)!;
  if (!known.some((table) => table.toLowerCase() === name.toLowerCase()))
    throw tableNotFound(spec.table!, known);
  return `${parts.map(quote).join('.')} AS slipway_rows`;
}

async function fetchRows(
  database: Database,
  spec: SourceSpec,
  context: SourceContext,
): Promise<FetchedSource> {
  const relation = relationOf(database, spec);
  const columns = statement(database, `SELECT * FROM ${relation} LIMIT 0`).columns() as {
    name: string;
    type: string | null;
  }[];
  const names = columns.map(({ name }) => name);
  if (spec.cursor !== undefined && !names.includes(spec.cursor)) throw cursorNotFound(spec.cursor, names);
  const types = columns.map(({ name, type }) => typeOf(database, relation, name, type ?? ''));
  const cursor = spec.cursor === undefined ? undefined : new ValueCursor(spec.cursor, context.position);
  const path = join(context.workDir, 'rows.csv');
  const writer = new CsvWriter(path, names);
  try {
    await copyRows(database, { relation, spec, names, types, cursor, writer, context });
    await writer.close();
  } catch (error) {
    writer.destroy();
    throw error;
  }
  const file = {
    ...{ path, fileName: `${spec.table ?? 'query'}.csv`, bytes: writer.bytes },
    uri: `${spec.uri}${spec.table === undefined ? '' : `#${spec.table}`}`,
    types: typesByName(names.map((name, i) => ({ name, type: types[i]! }))),
    ...{ header: 'yes' as const, delimiter: ',', temporary: true },
  };
  return {
    files: [file],
    rows: writer.rows,
    position: cursor?.position ?? null,
    lineage: { rows: writer.rows },
  };
}

interface CopyWork {
  readonly relation: string;
  readonly spec: SourceSpec;
  readonly names: readonly string[];
  readonly types: readonly ColumnType[];
  readonly cursor: ValueCursor | undefined;
  readonly writer: CsvWriter;
  readonly context: SourceContext;
}

async function copyRows(database: Database, work: CopyWork): Promise<void> {
  const { relation, spec, names, types, cursor, writer, context } = work;
  const at = names.indexOf(spec.cursor ?? '');
  const column = spec.cursor === undefined ? '' : `slipway_rows.${quote(spec.cursor)}`;
  const from = cursor?.from;
  const where = from === undefined ? '' : ` WHERE ${column} >= ?`;
  const order = cursor === undefined ? '' : ` ORDER BY ${column}`;
  const rows = statement(database, `SELECT * FROM ${relation}${where}${order}`);
  const values = from === undefined ? [] : [boundValue(from, types[at]!)];
  let seen = 0;
  for (const row of rows.iterate(...values) as Iterable<Value[]>) {
    const texts = row.map((value, i) => textOf(value, types[i]!));
    const fresh = cursor === undefined || cursor.take(texts[at]!, () => digestOf(texts));
    if (fresh && writer.row(texts)) await writer.drain();
    if (++seen % PROGRESS_ROWS !== 0) continue;
    context.signal.throwIfAborted();
    context.onProgress({ bytes: writer.bytes, bytesTotal: writer.bytes, message: `read ${seen} rows` });
  }
}

function boundValue(text: string, type: ColumnType): bigint | number | string {
  if (type === 'integer') return BigInt(text);
  return type === 'number' ? Number(text) : text;
}

function textOf(value: Value, type: ColumnType): string | null {
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return value.toString('hex').toUpperCase();
  if (type === 'boolean') return value === 0n ? 'false' : 'true';
  return String(value);
}

function digestOf(row: readonly (string | null)[]): string {
  return createHash('md5').update(JSON.stringify(row)).digest('base64url');
}

const DAY = "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'";

/** In SQLite a column's type is a wish. What is in it decides, all of it: one pass for each column, in the same transaction. */
function typeOf(database: Database, relation: string, name: string, declared: string): ColumnType {
  const c = `slipway_rows.${quote(name)}`;
  const [row] = read(
    database,
    `SELECT total(typeof(${c}) = 'integer') > 0, total(typeof(${c}) = 'real') > 0, total(typeof(${c}) IN ('text', 'blob')) > 0,
       total(typeof(${c}) = 'integer' AND (${c} > 9007199254740992 OR ${c} < -9007199254740992)) > 0,
       total(typeof(${c}) = 'integer' AND ${c} NOT IN (0, 1)) > 0,
       total(${c} IS NOT NULL AND NOT (typeof(${c}) = 'text' AND ${c} GLOB ${DAY} AND julianday(${c}) IS NOT NULL)) > 0,
       total(length(${c}) > 10) > 0
     FROM ${relation}`,
  );
  const [integers, reals, others, long, notBits, notDays, times] = row!.map((value) => Number(value) === 1);
  if (others) {
    if (!/DATE|TIME/i.test(declared) || notDays) return 'string';
    return times ? 'timestamp' : 'date';
  }
  if (long) return 'string';
  if (reals) return 'number';
  if (integers) return /BOOL/i.test(declared) && !notBits ? 'boolean' : 'integer';
  // Nothing is in it.
  if (/INT/i.test(declared)) return 'integer';
  return /REAL|FLOA|DOUB|NUMERIC|DECIMAL/i.test(declared) ? 'number' : 'string';
}
