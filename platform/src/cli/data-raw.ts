import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../contracts/client.ts';
import type { Problem } from '../contracts/common.ts';
import type { Connection } from './connect.ts';

const RETRIES_MAX = 5;

/** A request whose body or answer is no JSON. Backlog (429) and a broken connection are tried again, with growing waits. */
export async function sendRaw(
  { url, token }: Connection,
  path: string,
  init: { readonly body: string; readonly headers: Record<string, string>; readonly method?: 'POST' },
): Promise<Response> {
  const headers = token === undefined ? init.headers : { ...init.headers, authorization: `Bearer ${token}` };
  for (let attempt = 0; ; attempt++) {
    const reply = await fetch(`${url}${path}`, { method: 'POST', body: init.body, headers }).catch(
      (error: unknown) => {
        if (attempt >= RETRIES_MAX) throw error;
        return undefined;
      },
    );
    if (reply?.ok) return reply;
    if (reply !== undefined && (reply.status !== 429 || attempt >= RETRIES_MAX))
      throw new ApiError((await reply.json()) as Problem);
    await sleep(1000 * Number(reply?.headers.get('retry-after') ?? 0.2 * 2 ** attempt));
  }
}

export async function getRaw({ url, token }: Connection, path: string): Promise<Response> {
  const reply = await fetch(
    `${url}${path}`,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
  if (reply.ok) return reply;
  throw new ApiError((await reply.json()) as Problem);
}
