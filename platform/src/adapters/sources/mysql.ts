import { createHash } from 'node:crypto';
import { join } from 'node:path';
import mysql, { type Connection, type FieldPacket } from 'mysql2';
import type { FetchedSource, SourceConnector, SourceContext, SourceSpec } from '../../feeding/ports.ts';
import { LIMITS } from '../../kernel/limits.ts';
import type { ColumnType } from '../../tables/table.ts';
import { CsvWriter } from './csv-writer.ts';
import {
  cursorNotFound,
  databaseAddress,
  EXACT_DIGITS,
  nameParts,
  requireTableOrQuery,
  tableNotFound,
  typesByName,
} from './databases.ts';
import { mysqlError } from './mysql-errors.ts';
import { ValueCursor } from './value-cursor.ts';

const PORT = 3306;
const CONNECT_MS = 15_000;
const BINARY_CHARSET = 63;

interface Session {
  readonly connection: Connection;
  readonly where: string;
  rows(sql: string): Promise<(string | null)[][]>;
  fields(sql: string): Promise<FieldPacket[]>;
}

/** MySQL and MariaDB, row by row as text, in one read-only transaction with one snapshot. Text keeps decimals, 64-bit numbers and times exact. */
export const mysqlSource: Omit<SourceConnector, 'schemes'> = {
  async check(spec, context) {
    return withSession(spec, context, async (session) => {
      const [row] = await session.rows('SELECT version()');
      if (spec.table !== undefined || spec.query !== undefined)
        await session.fields(`SELECT * FROM ${relationOf(spec)} LIMIT 0`);
      return {
        message: `${row![0]!.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${row![0]} at ${session.where}`,
      };
    });
  },

  async discover(spec, context, limit) {
    return withSession(spec, context, async (session) => {
      const tables = await session.rows(
        `SELECT table_name, coalesce(table_rows, 0), coalesce(data_length, 0) FROM information_schema.tables
         WHERE table_schema = database() ORDER BY table_name LIMIT ${Math.floor(limit)}`,
      );
      const columns = await session.rows(
        'SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = database() ORDER BY table_name, ordinal_position',
      );
      return tables.map(([name, rows, bytes]) => ({
        ...{ name: name!, rows: Number(rows), bytes: Number(bytes) },
        columns: columns
          .filter(([table]) => table === name)
          .map(([, column, type]) => ({ name: column!, type: type! })),
      }));
    });
  },

  async fetch(spec, context) {
    requireTableOrQuery(spec);
    return withSession(spec, context, (session) => fetchRows(session, spec, context));
  },
};

async function withSession<T>(
  spec: SourceSpec,
  context: SourceContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const address = databaseAddress(spec.uri.replace(/^mariadb:/, 'mysql:'), PORT);
  const where = `${address.host}:${address.port}/${address.database}`;
  const tls = address.parameters.get('tls') ?? address.parameters.get('ssl');
  const connection = mysql.createConnection({
    ...{ host: address.host, port: address.port, user: address.user, database: address.database },
    password: context.secrets['password'] ?? '',
    ...(tls === null || tls === 'false' ? {} : { ssl: { rejectUnauthorized: tls === 'verify' } }),
    ...{ connectTimeout: CONNECT_MS, charset: 'utf8mb4', rowsAsArray: true, multipleStatements: false },
    // Never LOAD DATA LOCAL: a server could ask for any file of this machine.
    flags: ['-LOCAL_FILES'],
    // Bytes as they came: only the column says whether they are a text.
    typeCast: false,
  });
  connection.on('error', () => undefined);
  const stop = () => connection.destroy();
  context.signal.addEventListener('abort', stop, { once: true });
  const query = (sql: string) =>
    new Promise<[unknown, FieldPacket[]]>((resolve, reject) => {
      connection.query(sql, (error, rows, fields) =>
        error === null ? resolve([rows, fields]) : reject(error),
      );
    });
  const session: Session = {
    ...{ connection, where },
    rows: async (sql) => {
      const [rows, fields] = await query(sql);
      const decode = rowDecoder(fields);
      return (rows as (Buffer | null)[][]).map(decode);
    },
    fields: async (sql) => (await query(sql))[1],
  };
  try {
    await query("SET SESSION time_zone = '+00:00'");
    await query(`SET SESSION net_write_timeout = 600`);
    await limitStatements(query);
    await query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    return await work(session);
  } catch (error) {
    context.signal.throwIfAborted();
    throw mysqlError(error, { where, table: spec.table });
  } finally {
    context.signal.removeEventListener('abort', stop);
    connection.destroy();
  }
}

/** MySQL and MariaDB call it differently, and count it differently. */
async function limitStatements(query: (sql: string) => Promise<unknown>): Promise<void> {
  const seconds = LIMITS.sourceStatementSecondsMax;
  await query(`SET SESSION max_statement_time = ${seconds}`).catch(() =>
    query(`SET SESSION max_execution_time = ${seconds * 1000}`),
  );
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function relationOf(spec: SourceSpec): string {
  if (spec.query !== undefined) return `(${spec.query.replace(/;\s*$/, '')}\n) AS slipway_rows`;
  return `${nameParts(spec.table!).map(quote).join('.')} AS slipway_rows`;
}

async function fetchRows(session: Session, spec: SourceSpec, context: SourceContext): Promise<FetchedSource> {
  const relation = relationOf(spec);
  const fields = await session
    .fields(`SELECT * FROM ${relation} LIMIT 0`)
    .catch(async (error: { code?: string }) => {
      if (error.code !== 'ER_NO_SUCH_TABLE' || spec.table === undefined) throw error;
      const known = await session.rows(
        'SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1',
      );
      throw tableNotFound(
        spec.table,
        known.map(([name]) => name!),
        error,
      );
    });
  const names = fields.map(({ name }) => name);
  const cursor = spec.cursor === undefined ? undefined : new ValueCursor(spec.cursor, context.position);
  if (spec.cursor !== undefined && !names.includes(spec.cursor)) throw cursorNotFound(spec.cursor, names);
  const types = await settledTypes(session, relation, fields);
  const path = join(context.workDir, 'rows.csv');
  const writer = new CsvWriter(path, names);
  try {
    await stream(session, {
      sql: selectOf(relation, spec, cursor),
      cursor,
      at: names.indexOf(spec.cursor ?? ''),
      fields,
      writer,
      context,
    });
    await writer.close();
  } catch (error) {
    writer.destroy();
    throw error;
  }
  const uri = `${spec.uri}${spec.table === undefined ? '' : `#${spec.table}`}`;
  const file = {
    ...{ path, uri, fileName: `${spec.table ?? 'query'}.csv`, bytes: writer.bytes },
    types: typesByName(names.map((name, i) => ({ name, type: types[i] }))),
    ...{ header: 'yes' as const, delimiter: ',', temporary: true },
  };
  return {
    files: [file],
    rows: writer.rows,
    position: cursor?.position ?? null,
    lineage: { server: session.where, rows: writer.rows },
  };
}

function selectOf(relation: string, { cursor: column }: SourceSpec, cursor: ValueCursor | undefined): string {
  if (cursor === undefined || column === undefined) return `SELECT * FROM ${relation}`;
  const name = `slipway_rows.${quote(column)}`;
  const where = cursor.from === undefined ? '' : ` WHERE ${name} >= ${mysql.escape(cursor.from)}`;
  return `SELECT * FROM ${relation}${where} ORDER BY ${name}`;
}

interface Streaming {
  readonly sql: string;
  readonly cursor: ValueCursor | undefined;
  /** Index of the cursor's column. */
  readonly at: number;
  readonly fields: readonly FieldPacket[];
  readonly writer: CsvWriter;
  readonly context: SourceContext;
}

async function stream(
  { connection }: Session,
  { sql, cursor, at, writer, context, fields }: Streaming,
): Promise<void> {
  const decode = rowDecoder(fields);
  const rows = connection.query(sql).stream({ highWaterMark: 1000 });
  // A connection that is closed in the middle of a result is not told to the stream of its rows.
  const lost = () =>
    rows.destroy(Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' }));
  const socket = (connection as unknown as { stream: NodeJS.EventEmitter }).stream;
  socket.once('close', lost);
  try {
    for await (const packed of rows as AsyncIterable<(Buffer | null)[]>) {
      const row = decode(packed);
      const fresh = cursor === undefined || cursor.take(row[at]!, () => digestOf(row));
      if (!fresh || !writer.row(row)) continue;
      await writer.drain();
      context.onProgress({
        bytes: writer.bytes,
        bytesTotal: writer.bytes,
        message: `read ${writer.rows} rows`,
      });
    }
  } finally {
    socket.removeListener('close', lost);
  }
}

function digestOf(row: readonly (string | null)[]): string {
  return createHash('md5').update(JSON.stringify(row)).digest('base64url');
}

function rowDecoder(fields: readonly FieldPacket[]): (row: readonly (Buffer | null)[]) => (string | null)[] {
  const encodings = fields.map((field) => (isBinary(field) ? 'hex' : 'utf8'));
  return (row) =>
    row.map((value, i) => {
      if (value === null) return null;
      return encodings[i] === 'hex' ? value.toString('hex').toUpperCase() : value.toString('utf8');
    });
}

function isBinary(field: FieldPacket): boolean {
  const name = typeName(field);
  if (name === 'BIT' || name === 'GEOMETRY') return true;
  return field.characterSet === BINARY_CHARSET && /BLOB|STRING|VARCHAR/.test(name);
}

function typeName({ columnType, type }: FieldPacket): string {
  return (mysql.Types as unknown as Record<number, string>)[columnType ?? type ?? -1] ?? '';
}

/** Decimals of many digits are numbers where every value has at most 15, and text where a double would change one. */
async function settledTypes(
  session: Session,
  relation: string,
  fields: readonly FieldPacket[],
): Promise<(ColumnType | undefined)[]> {
  const types: (ColumnType | 'decimal' | undefined)[] = fields.map(typeOf);
  const open = fields.filter((_, i) => types[i] === 'decimal');
  if (open.length === 0) return types as (ColumnType | undefined)[];
  const greatest = open.map(({ name }) => `coalesce(max(abs(slipway_rows.${quote(name)})), 0)`);
  const [row] = await session.rows(`SELECT ${greatest.join(', ')} FROM ${relation}`);
  const fits = new Map(
    open.map((field, i) => [field, Number(row![i]) < 10 ** (EXACT_DIGITS - (field.decimals ?? 0))]),
  );
  return types.map((type, i) => (type === 'decimal' ? (fits.get(fields[i]!) ? 'number' : 'string') : type));
}

/** Undefined: the reader finds out (64-bit numbers beyond 2^53 are text). */
function typeOf(field: FieldPacket): ColumnType | 'decimal' | undefined {
  switch (typeName(field)) {
    case 'TINY':
    case 'SHORT':
    case 'LONG':
    case 'INT24':
    case 'YEAR':
      return 'integer';
    case 'LONGLONG':
      return undefined;
    case 'FLOAT':
    case 'DOUBLE':
      return 'number';
    case 'DECIMAL':
    case 'NEWDECIMAL':
      return 'decimal';
    case 'DATE':
    case 'NEWDATE':
      return 'date';
    case 'DATETIME':
    case 'TIMESTAMP':
    case 'DATETIME2':
    case 'TIMESTAMP2':
      return 'timestamp';
    default:
      return 'string';
  }
}
