import { type Dialect, PostgresDialect } from 'kysely';
import { SlipwayError } from '../../kernel/errors.ts';
import { seedOf } from '../../kernel/rng.ts';
import './errors.ts';

const CONNECTIONS_MAX = 8;
const INT8 = 20;

/**
 * Postgres with everything in one schema. An advisory lock, held by a connection of its own for as long as the server lives,
 * decides who owns the schema; it goes when the connection does.
 */
export async function postgresDialect(location: {
  readonly url: string;
  readonly schema?: string;
}): Promise<{ dialect: Dialect; release: () => Promise<void> }> {
  // Loaded here: the usual home is SQLite, and a start should not pay for a driver it does not use.
  const { default: pg } = await import('pg');
  const schema = location.schema ?? 'slipway';
  const types = {
    // Milliseconds and counts are well inside 2^53; text would poison every comparison.
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid as never, format as never),
  };
  const owner = new pg.Client({ connectionString: location.url });
  try {
    await owner.connect();
    await owner.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
    const lock = await owner.query('SELECT pg_try_advisory_lock($1, $2) AS locked', [
      0x511b,
      seedOf('slipway', schema) | 0,
    ]);
    if (lock.rows[0]?.locked !== true) throw inUse(schema);
  } catch (error) {
    await owner.end().catch(() => undefined);
    throw error instanceof SlipwayError ? error : unreachable(error);
  }
  // A lost connection is reported by the next query; without a listener it would end the process.
  owner.on('error', () => undefined);
  const pool = new pg.Pool({
    connectionString: location.url,
    max: CONNECTIONS_MAX,
    options: `-c search_path=${schema}`,
    types: types as never,
  });
  pool.on('error', () => undefined);
  return { dialect: new PostgresDialect({ pool }), release: () => owner.end() };
}

function inUse(schema: string): SlipwayError {
  return new SlipwayError('HOME_IN_USE', {
    message: `another Slipway owns the schema '${schema}' of this database`,
    fix: 'Stop the other server, or use another database.',
  });
}

function unreachable(error: unknown): SlipwayError {
  // The URL may hold a password: the driver's message does not repeat it, and neither does this.
  return new SlipwayError('DATABASE_UNREADABLE', {
    message: `Postgres cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    fix: 'Check SLIPWAY_DATABASE_URL, the server, and the rights of its user.',
  });
}
