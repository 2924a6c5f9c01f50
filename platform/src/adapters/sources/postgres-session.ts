import pg from 'pg';
import type { SourceContext, SourceSpec } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { databaseAddress, nameParts, tableNotFound } from './databases.ts';
import { postgresError } from './postgres-errors.ts';

export interface PostgresSession {
  readonly client: pg.Client;
  /** `host:port/database`, for messages. */
  readonly where: string;
  /** Ends the connection; at once when something is still under way on it. */
  close(broken: boolean): Promise<void>;
}

const PORT = 5432;
const CONNECT_MS = 15_000;

/** Begins a transaction that sees one state of the database, and can change nothing in it. `snapshot`: the state of another session. */
export async function openPostgres(
  spec: SourceSpec,
  context: SourceContext,
  snapshot?: string,
): Promise<PostgresSession> {
  const address = databaseAddress(spec.uri, PORT);
  const where = `${address.host}:${address.port}/${address.database}`;
  const password = context.secrets['password'] ?? '';
  const client = new pg.Client({
    ...{ host: address.parameters.get('host') ?? address.host, port: address.port },
    ...{ user: address.user, database: address.database },
    // A function: an empty text would make the driver look into the server's own environment.
    password: () => password,
    ssl: tlsOf(address.parameters),
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'slipway',
    keepAlive: true,
  });
  // What breaks a connection is told by the statement under way; without a listener it would end the process.
  client.on('error', () => undefined);
  const destroy = () => socketOf(client).destroy();
  context.signal.addEventListener('abort', destroy, { once: true });
  const close = async (broken: boolean) => {
    context.signal.removeEventListener('abort', destroy);
    if (broken) destroy();
    else await client.end().catch(() => undefined);
  };
  try {
    await client.connect();
    await begin(client, snapshot);
    return { client, where, close };
  } catch (error) {
    await close(true);
    context.signal.throwIfAborted();
    throw postgresError(error, where);
  }
}

function socketOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

async function begin(client: pg.Client, snapshot: string | undefined): Promise<void> {
  await client.query(
    `SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET client_encoding = 'UTF8'; SET TimeZone = 'UTC';
     SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1; SET bytea_output = 'hex';
     SET statement_timeout = '${LIMITS.sourceStatementSecondsMax}s'; SET lock_timeout = '60s';
     SET idle_in_transaction_session_timeout = 0`,
  );
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (snapshot !== undefined) await client.query(`SET TRANSACTION SNAPSHOT ${pg.escapeLiteral(snapshot)}`);
}

function tlsOf(parameters: URLSearchParams): pg.ClientConfig['ssl'] {
  const mode = parameters.get('sslmode') ?? 'disable';
  switch (mode) {
    case 'disable':
      return false;
    // As libpq has it: encrypted, and the server's name not proven.
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-full':
      return { rejectUnauthorized: true };
    default:
      throw new SlipwayError('USAGE', {
        message: `sslmode=${mode} is not known`,
        fix: 'Use disable, require or verify-full.',
      });
  }
}

/**
 * SQL of what the source names, as a relation called slipway_rows.
 *
 * @throws SOURCE_TABLE_NOT_FOUND with the nearest name; SOURCE_QUERY_FAILED
 */
export async function relationOf({ client, where }: PostgresSession, spec: SourceSpec): Promise<string> {
  if (spec.query !== undefined) {
    const relation = `(${spec.query.replace(/;\s*$/, '')}\n) AS slipway_rows`;
    // Prepared, a text with a second statement in it is refused. COPY has the same text after the same kind of parenthesis, so that
    // it cannot have one there either.
    const probe = { text: `SELECT * FROM ${relation} LIMIT 0`, queryMode: 'extended' };
    await client.query(probe as pg.QueryConfig).catch((error) => {
      throw postgresError(error, where);
    });
    return relation;
  }
  const name = nameParts(spec.table!)
    .map((part) => pg.escapeIdentifier(part))
    .join('.');
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [
    name,
  ]);
  if (!rows[0]!.found)
    throw tableNotFound(
      spec.table!,
      (await listTables(client, 1000)).map((table) => table.name),
    );
  return `${name} AS slipway_rows`;
}

export interface PostgresTable {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly oid: number;
}

/** What this user may read, system tables apart; `public` is left out of names, as users do. */
export async function listTables(client: pg.Client, limit: number): Promise<PostgresTable[]> {
  const { rows } = await client.query<{ name: string; rows: string; bytes: string; oid: string }>(
    `SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, c.oid::int8 AS oid,
       greatest(c.reltuples, 0)::int8 AS rows, pg_total_relation_size(c.oid) AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
     ORDER BY 1 LIMIT $1`,
    [limit],
  );
  return rows.map(({ name, ...sizes }) => ({
    ...{ name, rows: Number(sizes.rows), bytes: Number(sizes.bytes), oid: Number(sizes.oid) },
  }));
}
