import { join } from 'node:path';
import pg from 'pg';
import type {
  FetchedFile,
  FetchedSource,
  SourceConnector,
  SourceContext,
  SourcePosition,
  SourceSpec,
} from '../../feeding/ports.ts';
import { requireTableOrQuery, typesByName } from './databases.ts';
import { copyOut } from './postgres-copy.ts';
import { cursorWindow, type Window } from './postgres-cursor.ts';
import { postgresError } from './postgres-errors.ts';
import { listTables, openPostgres, type PostgresSession, relationOf } from './postgres-session.ts';
import { type PostgresColumn, postgresColumns, settleNumerics } from './postgres-types.ts';

const quote = pg.escapeIdentifier;
const PAGE_BYTES = 8192;
/** Tables from here on are read by two connections, in ranges of pages. */
const PARTITION_BYTES = 64 * 1024 * 1024;
const PARTITIONS_MAX = 64;
const CONNECTIONS = 2;
/** Ranges of pages are scanned as ranges from this version on; before, each would read the whole table. */
const TID_RANGE_VERSION = 140_000;

/**
 * Postgres by COPY, in one read-only transaction with one snapshot: what is written meanwhile is not seen, and what is read cannot be
 * dropped. Numbers, times and texts are written so that nothing is lost; see postgres-types.
 */
export const postgresSource: Omit<SourceConnector, 'schemes'> = {
  async check(spec, context) {
    return withSession(spec, context, async (session) => {
      const { rows } = await session.client.query<{ version: string }>(
        "SELECT current_setting('server_version') AS version",
      );
      if (spec.table !== undefined || spec.query !== undefined) await relationOf(session, spec);
      return { message: `Postgres ${rows[0]!.version} at ${session.where}` };
    });
  },

  async discover(spec, context, limit) {
    return withSession(spec, context, async ({ client }) => {
      const tables = await listTables(client, limit);
      const { rows } = await client.query<{ oid: string; columns: { name: string; type: string }[] }>(
        `SELECT attrelid::int8 AS oid, json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) ORDER BY attnum) AS columns
         FROM pg_attribute WHERE attrelid = ANY($1::oid[]) AND attnum > 0 AND NOT attisdropped GROUP BY attrelid`,
        [tables.map(({ oid }) => oid)],
      );
      const columns = new Map(rows.map((row) => [Number(row.oid), row.columns]));
      return tables.map(({ oid, ...table }) => ({ ...table, columns: columns.get(oid) ?? [] }));
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
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  const session = await openPostgres(spec, context);
  let done = false;
  try {
    const result = await work(session);
    done = true;
    return result;
  } catch (error) {
    context.signal.throwIfAborted();
    throw postgresError(error, session.where);
  } finally {
    await session.close(!done);
  }
}

async function fetchRows(
  session: PostgresSession,
  spec: SourceSpec,
  context: SourceContext,
): Promise<FetchedSource> {
  const { client } = session;
  const relation = await relationOf(session, spec);
  const state = await stateOf(client);
  const described = await postgresColumns(client, relation, quote);
  const window = await windowOf(client, { spec, relation, columns: described, position: context.position });
  const from = window.where === undefined ? window.relation : `${window.relation} WHERE ${window.where}`;
  const columns = await settleNumerics(client, from, described);
  const pages =
    spec.table === undefined || window.relation !== relation ? 0 : await pagesOf(client, spec, relation);
  const ranges = rangesOf(pages, state.version);
  const copied = await copyRanges(session, {
    spec,
    context,
    window,
    columns,
    ranges,
    pages,
    snapshot: state.snapshot,
  });
  const uri = `${spec.uri}${spec.table === undefined ? '' : `#${spec.table}`}`;
  const files = copied.map(
    ({ path, bytes }, i): FetchedFile => ({
      ...{ path, uri, bytes, types: typesByName(columns) },
      ...{ fileName: `${spec.table ?? 'query'}${copied.length === 1 ? '' : `-${i + 1}`}.csv` },
      ...{ header: 'yes', delimiter: ',', temporary: true },
    }),
  );
  const rows = copied.reduce((sum, part) => sum + part.rows, 0);
  const { lsn, snapshot } = state;
  return { files, rows, position: window.position, lineage: { lsn, snapshot, server: session.where, rows } };
}

async function windowOf(
  client: pg.Client,
  asked: {
    spec: SourceSpec;
    relation: string;
    columns: readonly PostgresColumn[];
    position: SourcePosition | null;
  },
): Promise<Window> {
  const { spec, ...rest } = asked;
  if (spec.cursor === undefined) return { relation: asked.relation, position: null };
  const isTable = spec.table !== undefined;
  return cursorWindow(client, { ...rest, cursor: spec.cursor, isTable, quote, literal: pg.escapeLiteral });
}

/** Where the log stands and which transactions are visible: what a person needs to find the same state again. */
async function stateOf(
  client: pg.Client,
): Promise<{ lsn: string; snapshot: string; version: number; exported?: string }> {
  const { rows } = await client.query<{ lsn: string; snapshot: string; version: number }>(
    `SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
       txid_current_snapshot()::text AS snapshot, current_setting('server_version_num')::int AS version`,
  );
  return rows[0]!;
}

/** Pages of a plain table; 0 for what has none of its own (views, partitioned tables, foreign tables). */
async function pagesOf(client: pg.Client, spec: SourceSpec, relation: string): Promise<number> {
  const name = relation.replace(/ AS slipway_rows$/, '');
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT CASE WHEN relkind IN ('r', 'm') AND NOT relhassubclass THEN pg_relation_size(oid) ELSE 0 END AS bytes FROM pg_class WHERE oid = to_regclass($1)`,
    [name],
  );
  return spec.cursor === 'xmin' || spec.cursor === undefined
    ? Math.ceil(Number(rows[0]?.bytes ?? 0) / PAGE_BYTES)
    : 0;
}

/** Conditions on `ctid`, the place of a row; one that is always true for a small table. The last has no end: the table may have grown. */
function rangesOf(pages: number, version: number): (string | undefined)[] {
  if (pages * PAGE_BYTES <= PARTITION_BYTES || version < TID_RANGE_VERSION) return [undefined];
  const count = Math.min(
    PARTITIONS_MAX,
    Math.max(2, Math.ceil((pages * PAGE_BYTES) / (4 * PARTITION_BYTES))),
  );
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * pages) / count));
  return starts.map((start, i) => {
    const from = `slipway_rows.ctid >= '(${start},0)'`;
    return i === count - 1 ? from : `${from} AND slipway_rows.ctid < '(${starts[i + 1]},0)'`;
  });
}

interface RangesWork {
  readonly spec: SourceSpec;
  readonly context: SourceContext;
  readonly window: Window;
  readonly columns: readonly PostgresColumn[];
  readonly ranges: readonly (string | undefined)[];
  readonly pages: number;
  readonly snapshot: string;
}

interface CopiedRange {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Ranges in their order, by as many connections as there are ranges, at most two: all see the first one's snapshot. */
async function copyRanges(first: PostgresSession, work: RangesWork): Promise<CopiedRange[]> {
  const { context, ranges, columns, window, spec } = work;
  const copied: CopiedRange[] = [];
  let next = 0;
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
    context.onProgress({
      bytes,
      bytesTotal: Math.max(bytes, work.pages * PAGE_BYTES),
      message: `reading ${spec.table ?? 'the query'}`,
    });
  };
  const failing = new AbortController();
  const signal = AbortSignal.any([context.signal, failing.signal]);
  const run = async (session: PostgresSession) => {
    while (next < ranges.length) {
      const index = next++;
      const where = [window.where, ranges[index]].filter((part) => part !== undefined).join(' AND ');
      const path = join(context.workDir, `rows-${index}.csv`);
      const part = {
        path,
        columns,
        relation: window.relation,
        where: where || undefined,
        quote,
        signal,
        onBytes,
      };
      copied[index] = { path, ...(await copyOut(session, part)) };
    }
  };
  const others = await openOthers(first, work);
  let done = false;
  try {
    await Promise.all([first, ...others].map(run));
    done = true;
  } catch (error) {
    failing.abort(error);
    throw error;
  } finally {
    await Promise.all(others.map((session) => session.close(!done)));
  }
  return copied;
}

async function openOthers(
  first: PostgresSession,
  { spec, context, ranges, window }: RangesWork,
): Promise<PostgresSession[]> {
  if (ranges.length === 1) return [];
  const { rows } = await first.client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
  const others: PostgresSession[] = [];
  for (let i = 1; i < CONNECTIONS; i++) {
    const session = await openPostgres(spec, context, rows[0]!.id);
    if (await holdsTable(session, window.relation)) others.push(session);
    else await session.close(true);
  }
  return others;
}

const LOCK_MS = 1000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Takes the lock that a read takes, before anything is read. Whoever wants to drop or change the table waits for the first connection and
 * stands in the way of every later one: then the first reads alone, instead of both waiting for each other.
 */
async function holdsTable({ client }: PostgresSession, relation: string): Promise<boolean> {
  try {
    await client.query(`SET LOCAL lock_timeout = '${LOCK_MS}ms'`);
    await client.query(`SELECT 1 FROM ${relation} WHERE false`);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}
