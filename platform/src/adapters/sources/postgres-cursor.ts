import type { Client } from 'pg';
import type { SourcePosition } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { BOUNDARY_ROWS_MAX, cursorNotFound, cursorTooCoarse } from './databases.ts';
import type { PostgresColumn } from './postgres-types.ts';

/** Which rows of a relation are read now, and where the next read begins. */
export interface Window {
  /** SQL of a relation named slipway_rows with the columns asked for and no others that matter. */
  readonly relation: string;
  /** Condition on the relation; undefined for all of it. */
  readonly where?: string;
  readonly position: SourcePosition | null;
}

export interface WindowRequest {
  /** `schema.table AS slipway_rows` or `(query) AS slipway_rows`. */
  readonly relation: string;
  readonly cursor: string;
  readonly columns: readonly PostgresColumn[];
  readonly position: SourcePosition | null;
  readonly isTable: boolean;
  readonly quote: (name: string) => string;
  readonly literal: (text: string) => string;
}

interface ColumnPosition {
  readonly column: string;
  readonly last: string;
  /** The greatest value itself was left for the next read. */
  readonly exclusive?: boolean;
  /** Rows that have the greatest value and were read: digest → how many. */
  readonly seen: Readonly<Record<string, number>>;
}

/**
 * Reads on by a column that grows, or by the transactions that wrote the rows (`xmin`).
 *
 * By column: rows above the last value, and those at it that were not read before. Which were, is remembered by their digests, with how
 * often each came: a late row that looks like one already read is still a row. What commits late with a smaller value is not seen; where
 * that can be, `xmin` is the right way.
 */
export async function cursorWindow(client: Client, request: WindowRequest): Promise<Window> {
  if (request.cursor === 'xmin' && request.isTable) return xminWindow(client, request);
  return columnWindow(client, request);
}

async function columnWindow(client: Client, request: WindowRequest): Promise<Window> {
  const { relation, cursor, columns, quote, literal } = request;
  const names = columns.map(({ name }) => name);
  if (!names.includes(cursor)) throw cursorNotFound(cursor, names);
  const column = `slipway_rows.${quote(cursor)}`;
  const before = positionOf(request);
  const greatest = await client.query<{ value: string; type: string }>(
    `SELECT ${column}::text AS value, format_type(pg_typeof(${column})::oid, NULL) AS type FROM ${relation}
     WHERE ${column} IS NOT NULL ORDER BY ${column} DESC LIMIT 1`,
  );
  const newest = greatest.rows[0];
  if (newest === undefined) return { relation, position: before === null ? null : { ...before } };
  const at = (text: string) => `${literal(text)}::${newest.type}`;
  const { rows: boundary } = await client.query<{ digest: string; times: number }>(
    `SELECT md5(slipway_rows::text) AS digest, count(*)::int AS times FROM ${relation} WHERE ${column} = ${at(newest.value)}
     GROUP BY 1 LIMIT ${BOUNDARY_ROWS_MAX + 1}`,
  );
  const exclusive = boundary.length > BOUNDARY_ROWS_MAX;
  const position: ColumnPosition = {
    column: cursor,
    last: newest.value,
    ...(exclusive ? { exclusive } : {}),
    seen: exclusive ? {} : Object.fromEntries(boundary.map(({ digest, times }) => [digest, times])),
  };
  const upper = exclusive ? `${column} < ${at(newest.value)}` : 'true';
  if (before === null) {
    if (exclusive) await requireOthers(client, request, `${relation} WHERE ${upper} OR ${column} IS NULL`);
    const where = exclusive ? { where: `(${upper} OR ${column} IS NULL)` } : {};
    return { relation, ...where, position: { ...position } };
  }
  if (before.exclusive)
    return { relation, where: `${column} >= ${at(before.last)} AND ${upper}`, position: { ...position } };
  return {
    ...lateRows(request, before, { column, upper, last: at(before.last) }),
    position: { ...position },
  };
}

/** Rows above the last value as they are, and those at it beyond the number that was read. */
function lateRows(
  { relation, literal, columns, quote }: WindowRequest,
  before: ColumnPosition,
  sql: { column: string; upper: string; last: string },
): { relation: string } {
  const list = columns.map(({ name }) => `slipway_rows.${quote(name)}`).join(', ');
  const seen = Object.entries(before.seen).map(([digest, times]) => `(${literal(digest)}, ${Number(times)})`);
  const known = seen.length === 0 ? `('', 0)` : seen.join(', ');
  return {
    relation: `(
      SELECT ${list} FROM ${relation} WHERE ${sql.column} > ${sql.last} AND ${sql.upper}
      UNION ALL
      SELECT ${list} FROM (
        SELECT slipway_rows.*, md5(slipway_rows::text) AS slipway_digest, row_number() OVER (PARTITION BY md5(slipway_rows::text)) AS slipway_time
        FROM ${relation} WHERE ${sql.column} = ${sql.last} AND ${sql.upper}
      ) AS slipway_rows LEFT JOIN (VALUES ${known}) AS known(digest, times) ON known.digest = slipway_rows.slipway_digest
      WHERE slipway_rows.slipway_time > coalesce(known.times, 0)
    ) AS slipway_rows`,
  };
}

async function requireOthers(client: Client, { cursor }: WindowRequest, from: string): Promise<void> {
  const { rows } = await client.query(`SELECT 1 FROM ${from} LIMIT 1`);
  if (rows.length === 0) throw cursorTooCoarse(cursor);
}

function positionOf({ position, cursor }: WindowRequest): ColumnPosition | null {
  const known = position as unknown as ColumnPosition | null;
  return known !== null && known.column === cursor && typeof known.last === 'string' ? known : null;
}

const XIDS = 2n ** 32n;

/**
 * Rows whose writing transaction ended before the oldest that is still under way, so that none in flight is ever passed over: what it
 * writes comes with a later read. Row headers hold the low 32 bits of a transaction's number; distances are taken modulo 2^32 from the
 * window's 64-bit ends. An updated row counts as new: merge by key.
 */
async function xminWindow(client: Client, { relation, position }: WindowRequest): Promise<Window> {
  const { rows } = await client.query<{ low: string; high: string }>(
    'SELECT txid_snapshot_xmin(txid_current_snapshot())::text AS low, txid_snapshot_xmax(txid_current_snapshot())::text AS high',
  );
  const low = BigInt(rows[0]!.low);
  const high = BigInt(rows[0]!.high);
  const distance = (from: bigint) => `mod(slipway_rows.xmin::text::int8 - ${from % XIDS} + ${XIDS}, ${XIDS})`;
  const next = { xmin: String(low) };
  const last = position?.['xmin'];
  if (typeof last !== 'string')
    return { relation, where: `${distance(low)} >= ${high - low}`, position: next };
  const since = BigInt(last);
  if (low < since || low - since >= XIDS / 2n) throw otherServer(last, low);
  return { relation, where: `${distance(since)} < ${low - since}`, position: next };
}

function otherServer(last: string, now: bigint): SlipwayError {
  return new SlipwayError('SOURCE_QUERY_FAILED', {
    message: `the last read ended at transaction ${last}, and the server is at ${now}: it was restored, is another one, or too much happened meanwhile`,
    fix: 'Read everything once: --full.',
  });
}
