import type { App } from '../app/app.ts';
import { digestOf } from '../kernel/canonical-json.ts';
import { SlipwayError } from '../kernel/errors.ts';

/** Replies are kept for a day: longer than any client retries. */
const KEEP_MS = 24 * 3600 * 1000;
const PRUNE_EVERY_MS = 3600 * 1000;
const KEY_CHARS_MAX = 200;

export interface IdempotentRequest {
  readonly key: string;
  readonly operation: string;
  readonly params: unknown;
  readonly body: unknown;
}

/**
 * Does a request once per key. A retry while the first is under way waits for it; a retry afterwards gets the recorded reply. Only
 * successes are recorded: what failed may be tried again with the same key.
 *
 * @throws IDEMPOTENCY_KEY_REUSED when the key came with another request, REQUEST_INVALID for a key that is empty or too long.
 */
export function createIdempotency(app: Pick<App, 'idempotency' | 'transactor' | 'clock'>) {
  const underWay = new Map<string, { requestDigest: string; reply: Promise<unknown> }>();
  let prunedAt = app.clock.now();

  const once = async (request: { key: string; requestDigest: string }, work: () => Promise<unknown>) => {
    const { key, requestDigest } = request;
    const recorded = await app.idempotency.find(key);
    if (recorded !== undefined) {
      if (recorded.requestDigest !== requestDigest) throw reused(key);
      return JSON.parse(recorded.response) as unknown;
    }
    const reply = await work();
    const now = app.clock.now();
    const prune = now - prunedAt > PRUNE_EVERY_MS;
    if (prune) prunedAt = now;
    await app.transactor.transaction(async (tx) => {
      await app.idempotency.record(tx, { key, requestDigest, response: JSON.stringify(reply) });
      if (prune) await app.idempotency.prune(tx, now - KEEP_MS);
    });
    return reply;
  };

  return async ({ key, operation, params, body }: IdempotentRequest, work: () => Promise<unknown>) => {
    if (key === '' || key.length > KEY_CHARS_MAX) {
      throw new SlipwayError('REQUEST_INVALID', {
        message: `the Idempotency-Key has ${key.length} characters`,
        fix: `Send a key of 1 to ${KEY_CHARS_MAX} characters, e.g. a UUID.`,
      });
    }
    const requestDigest = digestOf({ operation, params: params ?? null, body: body ?? null });
    const live = underWay.get(key);
    if (live !== undefined) {
      if (live.requestDigest !== requestDigest) throw reused(key);
      return live.reply;
    }
    const reply = once({ key, requestDigest }, work).finally(() => underWay.delete(key));
    underWay.set(key, { requestDigest, reply });
    return reply;
  };
}

function reused(key: string): SlipwayError {
  return new SlipwayError('IDEMPOTENCY_KEY_REUSED', {
    message: `the Idempotency-Key '${key.slice(0, 60)}' came with another request before`,
    fix: 'Make a new key for every new request; repeat a key only with the very same request.',
  });
}
