import { sql } from 'kysely';
import type { SqlContext } from './connection.ts';
import { TABLES_1 } from './tables-1.ts';
import { TABLES_2 } from './tables-2.ts';

/** Tables and columns in which other rooms may name a blob. */
const PLACES = [
  ['versions', 'detail'],
  ['versions', 'snapshot'],
  ['studies', 'detail'],
  ['reports', 'detail'],
  ['runs', 'result'],
  ['runs', 'params'],
  ['run_steps', 'outputs'],
  ['monitors', 'baseline_digest'],
] as const;

/** Whether any other room's record has this digest in it. A scan: garbage collection is rare, and a false yes only keeps a file. */
export function createMentions({ db, project }: SqlContext): (digest: string) => Promise<boolean> {
  return async (digest) => {
    for (const [table, column] of PLACES) {
      const found = await sql<{
        n: number;
      }>`SELECT 1 AS n FROM ${sql.table(table)} WHERE project = ${project} AND ${sql.ref(column)} LIKE ${`%${digest}%`} LIMIT 1`.execute(
        db,
      );
      if (found.rows.length > 0) return true;
    }
    return false;
  };
}

/** What happened stays told of after it is gone: these hold nothing up. */
const HISTORY = new Set(['events', 'run_logs']);
const ROWS_AT_ONCE = 500;
const DIGEST = /[0-9a-f]{64}/g;

/** Every text of the database that looks like a digest, whatever the column: a reference nobody thought of still protects its file. */
export function createDigests({ db, project }: SqlContext): () => AsyncIterable<string> {
  return async function* digests() {
    for (const { name, columns, key } of [...TABLES_1, ...TABLES_2]) {
      if (HISTORY.has(name)) continue;
      const texts = columns.filter(([, type]) => type === 'text').map(([column]) => sql.ref(column));
      const order = sql.join(key.map((column) => sql.ref(column)));
      for (let offset = 0; ; offset += ROWS_AT_ONCE) {
        const { rows } = await sql<Record<string, unknown>>`SELECT ${sql.join(texts)} FROM ${sql.table(name)}
          WHERE project = ${project} ORDER BY ${order} LIMIT ${ROWS_AT_ONCE} OFFSET ${offset}`.execute(db);
        for (const row of rows)
          for (const value of Object.values(row)) yield* String(value ?? '').match(DIGEST) ?? [];
        if (rows.length < ROWS_AT_ONCE) break;
      }
    }
  };
}
