import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfigOptions, readClientEnv, readConfig } from '../app/config.ts';
import { type Client, createClient } from '../contracts/client.ts';
import { readServerFile } from '../server/server-file.ts';
import type { SpawnedServer } from '../server/spawn.ts';
import { readHomeToken } from '../server/token.ts';
import { CommandError, failureOf } from './failure.ts';

export interface Connection {
  readonly client: Client;
  /** Sent with every call, where one is known. */
  readonly token: string | undefined;
  /** Without a trailing slash. */
  readonly url: string;
  /** The server of another machine: files must be uploaded. */
  readonly remote: boolean;
  /** Process of the local server. */
  readonly pid: number | undefined;
  /** The server this command started. */
  readonly started: SpawnedServer | undefined;
}

export interface ConnectOptions {
  readonly home?: string | undefined;
  readonly url?: string | undefined;
  /** How to start a server when none runs; undefined: refuse when there is not even a home. */
  readonly start?:
    | (Pick<ConfigOptions, 'host' | 'port'> & {
        readonly untilParentEnds?: boolean;
        /** A free port will do where the usual one is taken: nobody is going to type the address. */
        readonly anyPort?: boolean;
      })
    | undefined;
}

const HEALTH_MS_MAX = 2000;
/** A live process may be busy starting or closing: it is asked again for this long. */
const ATTACH_MS_MAX = 10_000;

/**
 * Reaches the server: the one named by `--url` or SLIPWAY_URL, else the one that serves the home, else a new one.
 *
 * @throws SERVER_UNREACHABLE, NOT_FOUND (exit 3) when there is no home to serve, or why a server could not be started.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const env = readClientEnv();
  const url = options.url ?? env.url;
  if (url !== undefined) return connectTo(url, env.token);
  const home = homeOf(options.home);
  const running = await attach(home);
  if (running !== undefined) return running;
  if (options.start === undefined && !existsSync(join(home, 'slipway.db'))) {
    throw new CommandError(
      {
        code: 'NOT_FOUND',
        message: `there is no Slipway in ${home}`,
        fix: 'Run `slipway launch` or `slipway up` here first, or name the folder with --home.',
      },
      3,
    );
  }
  return startOne(home, options.start ?? { anyPort: true });
}

export function homeOf(home: string | undefined): string {
  return resolve(readConfig(home === undefined ? {} : { home }).home);
}

/** The server that serves this home, if one does. */
export async function attach(home: string): Promise<Connection | undefined> {
  const deadline = performance.now() + ATTACH_MS_MAX;
  for (;;) {
    const file = await readServerFile(home);
    if (file === undefined || !isAlive(file.pid)) return undefined;
    const health = await askHealth(file.url);
    if (health === file.pid) {
      const token = readClientEnv().token ?? (await readHomeToken(home));
      return {
        client: createClient({ baseUrl: file.url, token }),
        token,
        url: file.url,
        remote: false,
        pid: file.pid,
        started: undefined,
      };
    }
    // The file is written after listening and removed after closing: whoever does not listen is going or gone.
    if (health !== 'busy' || performance.now() > deadline) return undefined;
    await sleep(100);
  }
}

async function connectTo(url: string, token: string | undefined): Promise<Connection> {
  const baseUrl = url.replace(/\/+$/, '');
  if (!/^https?:\/\/[^/]/.test(baseUrl)) {
    throw new CommandError(
      {
        code: 'USAGE',
        message: `'${url}' is not the address of a server`,
        fix: 'Give --url like http://host:7070.',
      },
      2,
    );
  }
  return {
    client: createClient({ baseUrl, token }),
    token,
    url: baseUrl,
    remote: true,
    pid: undefined,
    started: undefined,
  };
}

async function startOne(
  home: string,
  { anyPort, ...start }: NonNullable<ConnectOptions['start']>,
): Promise<Connection> {
  const { spawnServer } = await import('../server/spawn.ts');
  const deadline = performance.now() + ATTACH_MS_MAX;
  for (;;) {
    try {
      const started = await spawnServer({ home, ...start });
      const token = readClientEnv().token ?? (await readHomeToken(home));
      const { url, pid } = started;
      return { client: createClient({ baseUrl: url, token }), token, url, remote: false, pid, started };
    } catch (error) {
      const { code } = failureOf(error).error;
      if (code === 'PORT_TAKEN' && anyPort && start.port === undefined)
        return startOne(home, { ...start, port: 0 });
      if (code !== 'HOME_IN_USE' || performance.now() > deadline) throw error;
      // Another command was quicker, and its server will do; or the last server is just closing.
      const running = await attach(home);
      if (running !== undefined) return running;
      await sleep(200);
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that answers there, 'busy' when it accepts and does not answer in time, undefined when nothing listens. */
async function askHealth(url: string): Promise<number | 'busy' | undefined> {
  try {
    const reply = await fetch(`${url}/health`, { signal: AbortSignal.timeout(HEALTH_MS_MAX) });
    return ((await reply.json()) as { pid?: number }).pid;
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'busy' : undefined;
  }
}
