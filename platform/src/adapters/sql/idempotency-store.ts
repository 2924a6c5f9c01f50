import type { Tx } from '../../ports/transaction.ts';
import { inTx, type SqlContext } from './connection.ts';

/** Replies to requests that carried an Idempotency-Key, so that a retry is answered and not done again. */
export interface IdempotencyStore {
  find(key: string): Promise<{ readonly requestDigest: string; readonly response: string } | undefined>;
  record(tx: Tx, entry: { key: string; requestDigest: string; response: string }): Promise<void>;
  /** Forgets entries older than this, epoch ms. */
  prune(tx: Tx, before: number): Promise<void>;
}

export function createIdempotencyStore({ db, project, clock }: SqlContext): IdempotencyStore {
  return {
    find: async (key) => {
      const row = await db
        .selectFrom('idempotency')
        .select(['request_digest', 'response'])
        .where('project', '=', project)
        .where('key', '=', key)
        .executeTakeFirst();
      return row === undefined ? undefined : { requestDigest: row.request_digest, response: row.response };
    },
    record: async (tx, { key, requestDigest, response }) => {
      await inTx(tx)
        .insertInto('idempotency')
        .values({ project, key, request_digest: requestDigest, response, created_at: clock.now() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    prune: async (tx, before) => {
      await inTx(tx)
        .deleteFrom('idempotency')
        .where('project', '=', project)
        .where('created_at', '<', before)
        .execute();
    },
  };
}
