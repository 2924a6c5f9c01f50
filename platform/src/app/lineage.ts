import type { RecordStore } from '../feeding/ports.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { EventLog } from '../ports/events.ts';
import type { Transactor } from '../ports/transaction.ts';
import { type LineageEvent, type LineageFacts, lineageOf } from './lineage-events.ts';

const EVENTS_AT_ONCE = 100;
const TIMEOUT_MS = 10_000;
const WAIT_MS = 1000;
const WAIT_MS_MAX = 5 * 60_000;

export interface LineageSender {
  /** Sends what is new; never throws. */
  sendNew(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Tells an OpenLineage receiver what happened to data, from the log of committed events: each at least once and in order. How far it
 * got is stored, so that a receiver that is down for a day gets the day afterwards. What a receiver refuses for good (4xx) is skipped:
 * one event must not hold up the rest.
 */
export function createLineageSender(deps: {
  readonly url: string;
  /** Sent as a bearer token. */
  readonly apiKey: string | undefined;
  readonly events: EventLog;
  readonly records: RecordStore;
  readonly transactor: Transactor;
  readonly facts: LineageFacts;
  readonly now: () => number;
}): LineageSender {
  const endpoint = endpointOf(deps.url);
  const abort = new AbortController();
  let position: number | undefined;
  let sending: Promise<void> | undefined;
  let waitMs = WAIT_MS;
  let notBefore = 0;
  const step = async (): Promise<boolean> => {
    position ??=
      (await deps.records.get<{ sequence: number }>('lineage', '', 'position'))?.body.sequence ?? 0;
    const events = await deps.events.after(position, EVENTS_AT_ONCE);
    for (const event of events) {
      for (const message of await lineageOf(event, deps.facts))
        await post(endpoint, deps.apiKey, message, abort.signal);
      position = event.sequence;
    }
    if (events.length === 0) return false;
    const body = { sequence: position };
    await deps.transactor.transaction((tx) =>
      deps.records.put(tx, 'lineage', { dataset: '', name: 'position', body, at: deps.now() }),
    );
    return true;
  };
  const send = async () => {
    try {
      while (!abort.signal.aborted && (await step()));
      waitMs = WAIT_MS;
    } catch {
      // The receiver is not there: the events stay in the log, and are sent when it answers again.
      notBefore = deps.now() + waitMs;
      waitMs = Math.min(WAIT_MS_MAX, waitMs * 2);
    }
  };
  return {
    sendNew: async () => {
      if (sending !== undefined || deps.now() < notBefore || abort.signal.aborted) return;
      sending = send().finally(() => {
        sending = undefined;
      });
      await sending;
    },
    close: async () => {
      abort.abort();
      await sending;
    },
  };
}

async function post(
  endpoint: string,
  apiKey: string | undefined,
  message: LineageEvent,
  signal: AbortSignal,
): Promise<void> {
  const reply = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify(message),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  await reply.body?.cancel();
  const { status } = reply;
  if (status >= 500 || status === 408 || status === 429 || status === 401 || status === 403)
    throw new Error(`the OpenLineage receiver answers ${status}`);
}

/** A receiver's base URL gets the path that OpenLineage's own clients use. */
function endpointOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused(text);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(text);
  if (url.pathname === '/') url.pathname = '/api/v1/lineage';
  return url.href;
}

function refused(text: string): SlipwayError {
  return new SlipwayError('USAGE', {
    message: `SLIPWAY_OPENLINEAGE_URL=${text} is not an http(s) URL`,
    fix: 'Set it to the receiver, e.g. http://localhost:5000, or unset it.',
  });
}
