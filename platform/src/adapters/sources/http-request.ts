import { Agent, type Dispatcher, request } from 'undici';
import type { SourceSpec } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { publicLookup, requirePublicHost } from './address-guard.ts';

const CONNECT_MS = 15_000;
const SILENCE_MS = LIMITS.sourceSilenceSecondsMax * 1000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface HttpSession {
  /** Follows redirects; every address on the way is judged, and the one connected to. */
  get(headers: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Dispatcher.ResponseData['body'];
  /** Where the redirects led. */
  readonly url: URL;
}

export interface HttpSessionOptions {
  readonly spec: SourceSpec;
  readonly secrets: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export function openHttp({ spec, secrets, signal }: HttpSessionOptions): HttpSession {
  const start = requestUrl(spec.uri);
  const guarded = spec.allowPrivate !== true;
  const agent = new Agent({
    connect: { timeout: CONNECT_MS, ...(guarded ? { lookup: publicLookup } : {}) },
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    maxHeaderSize: 64 * 1024,
  });
  const credentials = credentialHeaders(secrets);
  return {
    get: async (headers) => {
      let url = start;
      for (let hop = 0; hop <= LIMITS.sourceRedirectsMax; hop++) {
        if (guarded) requirePublicHost(url.hostname);
        // Whoever is redirected to another origin gets no credentials of this one.
        const own = url.origin === start.origin ? credentials : {};
        const answer = await request(url, {
          ...{ dispatcher: agent, signal, method: 'GET' },
          headers: { 'user-agent': 'slipway', 'accept-encoding': 'identity', ...headers, ...own },
        });
        const location = flat(answer.headers['location']);
        if (!REDIRECTS.has(answer.statusCode) || location === undefined) {
          const flatHeaders = Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, flat(value)]),
          );
          return { status: answer.statusCode, headers: flatHeaders, body: answer.body, url };
        }
        await answer.body.dump().catch(() => undefined);
        url = redirected(url, location);
      }
      throw new SlipwayError('SOURCE_UNREADABLE', {
        message: `${start.host} redirects more than ${LIMITS.sourceRedirectsMax} times`,
        fix: 'Name the address that the redirects lead to.',
      });
    },
    close: () => agent.destroy(),
  };
}

function requestUrl(uri: string): URL {
  try {
    return new URL(uri);
  } catch (cause) {
    throw new SlipwayError('USAGE', {
      message: 'the address is not a URL',
      fix: 'Write it as https://host/path/file.csv.',
      cause,
    });
  }
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (
    to !== undefined &&
    (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:'))
  )
    return to;
  throw new SlipwayError('SOURCE_UNREADABLE', {
    message: `${from.host} redirects to ${to === undefined ? 'something that is no address' : `${to.protocol}//${to.host}`}`,
    fix: 'Name the address of the file itself; from https only https is followed.',
  });
}

function credentialHeaders(secrets: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(secrets)) {
    if (name === 'bearer') headers['authorization'] = `Bearer ${value}`;
    else if (name.startsWith('header:')) headers[name.slice('header:'.length).toLowerCase()] = value;
  }
  return headers;
}

function flat(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** An answer that is not the file. Undefined: trying again may help. */
export function refusal({ status, url }: HttpAnswer): SlipwayError | undefined {
  if (status === 401 || status === 403) {
    return new SlipwayError('SOURCE_REFUSED', {
      message: `${url.host} answers ${status}: it does not let these credentials read the file`,
      fix: 'Name a credential: credentials.bearer or credentials["header:Name"] = env:NAME, file:/path or store:name.',
      details: { status },
    });
  }
  if (status === 404 || status === 410) {
    return new SlipwayError('SOURCE_NOT_FOUND', {
      message: `${url.host} has no ${url.pathname}`,
      fix: 'Check the address.',
      details: { status },
    });
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) return undefined;
  return new SlipwayError('SOURCE_UNREADABLE', {
    message: `${url.host} answers ${status}, which is no file`,
    fix: 'Check the address: it must answer a GET with the file itself.',
    details: { status },
  });
}
