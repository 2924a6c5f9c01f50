import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sha256 } from '../kernel/canonical-json.ts';
import { SlipwayError } from '../kernel/errors.ts';
import './errors.ts';

export const TOKEN_COOKIE = 'slipway_token';

export interface AccessRules {
  /** Address the server listens on. */
  readonly host: string;
  /** More names it may be called by. */
  readonly allowedHosts: readonly string[];
  readonly token: string | undefined;
}

/** What of a request decides who is asking. */
export interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  /** Address of this machine that the connection came in on. */
  readonly localAddress: string | undefined;
}

/**
 * Decides whether a request may enter.
 *
 * - Host: a page whose name was re-bound to 127.0.0.1 sends its own name; only names of this server pass (DNS rebinding).
 * - Origin: a browser names the page that asks; only this server's own pages pass (cross-site requests).
 * - Token: constant-time comparison of digests; as bearer, or as the cookie the UI gets.
 */
export function createAccess(rules: AccessRules): {
  /** Throws HOST_REFUSED or ORIGIN_REFUSED. */
  requireOrigin(caller: Caller): void;
  /** Throws TOKEN_REQUIRED. */
  requireToken(caller: Caller): void;
} {
  const names = new Set(['localhost', '127.0.0.1', '[::1]', bracketed(rules.host), ...rules.allowedHosts]);
  const tokenDigest = rules.token === undefined ? undefined : Buffer.from(sha256(rules.token), 'hex');
  return {
    requireOrigin: ({ headers, localAddress }) => {
      const host = headers.host?.toLowerCase() ?? '';
      const name = hostName(host);
      if (!names.has(name) && !names.has(host) && name !== addressName(localAddress)) {
        throw hostRefused(host);
      }
      const { origin } = headers;
      if (origin !== undefined && !isSameOrigin(origin, host)) throw originRefused(origin);
    },
    requireToken: ({ headers }) => {
      if (tokenDigest === undefined) return;
      const given = bearerOf(headers) ?? cookieOf(headers);
      if (given !== undefined && timingSafeEqual(Buffer.from(sha256(given), 'hex'), tokenDigest)) return;
      throw new SlipwayError('TOKEN_REQUIRED', {
        message: given === undefined ? 'this server asks for a token' : 'the token is not the right one',
        fix: 'Send `Authorization: Bearer <token>` (for the slipway command: SLIPWAY_TOKEN). `slipway up` prints it.',
      });
    },
  };
}

/** Headers by which proxies say that the caller is another one: then nobody is local. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/** Whether the caller is a program on this machine, and may therefore name paths of it. */
export function isLocalCaller({ headers, remoteAddress }: Caller): boolean {
  return (
    remoteAddress !== undefined &&
    isLoopback(remoteAddress) &&
    PROXY_HEADERS.every((name) => headers[name] === undefined)
  );
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(name);
}

function isSameOrigin(origin: string, host: string): boolean {
  const lower = origin.toLowerCase();
  return lower === `http://${host}` || lower === `https://${host}`;
}

/** `localhost:7070` → `localhost`, `[::1]:7070` → `[::1]`. */
function hostName(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::\d+)?$/.exec(host)?.[1] ?? '';
}

function bracketed(host: string): string {
  const lower = host.toLowerCase();
  return lower.includes(':') && !lower.startsWith('[') ? `[${lower}]` : lower;
}

/** An IP literal in Host that is the very address of the connection cannot be a re-bound name. */
function addressName(address: string | undefined): string | undefined {
  return address === undefined ? undefined : bracketed(address.replace(/^::ffff:/, ''));
}

function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

function cookieOf(headers: IncomingHttpHeaders): string | undefined {
  for (const part of (headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === TOKEN_COOKIE && value !== undefined && value !== '') return decode(value);
  }
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hostRefused(host: string): SlipwayError {
  return new SlipwayError('HOST_REFUSED', {
    message:
      host === '' ? 'the request has no Host header' : `the Host '${host.slice(0, 200)}' is not this server`,
    fix: 'Call it by 127.0.0.1 or localhost, or add the name to SLIPWAY_ALLOWED_HOSTS and start the server again.',
    details: { host: host.slice(0, 200) },
  });
}

function originRefused(origin: string): SlipwayError {
  return new SlipwayError('ORIGIN_REFUSED', {
    message: `a page of '${origin.slice(0, 200)}' may not call this server`,
    fix: 'Call the server from its own pages, or from a program that is no browser.',
    details: { origin: origin.slice(0, 200) },
  });
}
