import type { SourceSpec } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { nearestName } from '../../kernel/names.ts';
import type { ColumnType } from '../../tables/table.ts';

/** What every database has in common: addresses, names, and types by column of a CSV file. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly parameters: URLSearchParams;
}

/** A double holds every decimal of so many digits exactly. */
export const EXACT_DIGITS = 15;

export function databaseAddress(uri: string, portDefault: number): DatabaseAddress {
  let url: URL;
  try {
    url = new URL(uri);
  } catch (cause) {
    throw badAddress('it cannot be read', cause);
  }
  const database = decodeURIComponent(url.pathname.slice(1));
  if (url.username === '') throw badAddress('it names no user');
  if (database === '') throw badAddress('it names no database');
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '') || 'localhost',
    port: url.port === '' ? portDefault : Number(url.port),
    user: decodeURIComponent(url.username),
    database,
    parameters: url.searchParams,
  };
}

function badAddress(why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('USAGE', {
    message: `the address of the database is not well formed: ${why}`,
    fix: 'Write it as postgres://user@host:5432/database, and the password as a credential.',
    cause,
  });
}

/** @throws USAGE unless the source names exactly one of table and query */
export function requireTableOrQuery(spec: SourceSpec): void {
  if ((spec.table === undefined) !== (spec.query === undefined)) return;
  throw new SlipwayError('USAGE', {
    message:
      spec.table === undefined
        ? 'the source names neither a table nor a query'
        : 'the source names both a table and a query',
    fix: 'Name one of them: --table schema.table, or --query "SELECT …".',
  });
}

/** `schema.table`, `table`, or with quotes `"my.schema"."table"`: its parts, as they are written. */
export function nameParts(name: string): string[] {
  const parts = [...name.matchAll(/"((?:[^"]|"")+)"|([^."]+)/g)].map((match) =>
    match[1] === undefined ? match[2]!.trim() : match[1].replaceAll('""', '"'),
  );
  if (parts.length > 0 && parts.length <= 3 && parts.every((part) => part !== '')) return parts;
  throw new SlipwayError('USAGE', {
    message: `'${name}' is not the name of a table`,
    fix: 'Write schema.table; in double quotes where a part has a point in it.',
  });
}

export function tableNotFound(table: string, known: readonly string[], cause?: unknown): SlipwayError {
  const near = nearestName(table, known);
  const list = known.slice(0, 10).join(', ');
  return new SlipwayError('SOURCE_TABLE_NOT_FOUND', {
    message: `the source has no table '${table}'`,
    fix:
      near !== undefined
        ? `Did you mean '${near}'?`
        : list === ''
          ? 'Check the name, and that this user may see the table.'
          : `It has ${list}${known.length > 10 ? ', …' : ''}.`,
    details: { table },
    cause,
  });
}

export interface TypedColumn {
  readonly name: string;
  /** Undefined: the reader finds out. */
  readonly type: ColumnType | undefined;
}

/** Types by the names the reader will give the columns: it trims them, and numbers those that come twice, whose types it finds out. */
export function typesByName(columns: readonly TypedColumn[]): Record<string, ColumnType> {
  const times = new Map<string, number>();
  for (const { name } of columns) {
    const key = name.trim().toLowerCase();
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  const types: Record<string, ColumnType> = {};
  for (const { name, type } of columns) {
    const trimmed = name.trim();
    if (type !== undefined && trimmed !== '' && times.get(trimmed.toLowerCase()) === 1) types[trimmed] = type;
  }
  return types;
}

export function cursorNotFound(cursor: string, columns: readonly string[]): SlipwayError {
  const near = nearestName(cursor, columns);
  return new SlipwayError('COLUMN_NOT_FOUND', {
    message: `the source has no column '${cursor}' to read on by`,
    fix:
      near === undefined ? `Its columns are ${columns.slice(0, 20).join(', ')}.` : `Did you mean '${near}'?`,
    details: { column: cursor },
  });
}

/** Rows that share the greatest value of the cursor, and of which it must be remembered that they were read. */
export const BOUNDARY_ROWS_MAX = 10_000;

export function cursorTooCoarse(cursor: string): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `more than ${BOUNDARY_ROWS_MAX} rows, and no others, share the newest value of '${cursor}'`,
    fix: 'Read on by a column with finer values (a time with fractions, a serial number), or without a cursor.',
    details: { column: cursor },
  });
}
