import { sql } from 'kysely';
import type { SqlContext } from './connection.ts';

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
