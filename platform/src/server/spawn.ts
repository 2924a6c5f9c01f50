import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigOptions } from '../app/config.ts';
import { openHome } from '../app/home.ts';
import { type ExitCode, type SerializedError, SlipwayError } from '../kernel/errors.ts';
import { builtModule } from '../kernel/module-path.ts';
import './errors.ts';

export interface SpawnedOptions {
  /** The server ends when its starter does. Default: it stays. */
  readonly untilParentEnds?: boolean;
}

/** What a spawned server says to its starter, once. */
export type SpawnedWord =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'failed'; readonly error: SerializedError; readonly exit: ExitCode };

export interface SpawnedServer {
  readonly url: string;
  readonly pid: number;
  /** Asks it to stop and waits until it has ended. */
  stop(): Promise<void>;
}

/** A spawned server's own error. Its code may be unknown to the starter, so the exit code comes along. */
export class StartFailure extends SlipwayError {
  readonly exit: ExitCode;

  constructor(error: SerializedError, exit: ExitCode) {
    super(error.code, error);
    this.exit = exit;
  }
}

const START_MS_MAX = 60_000;
const LOG_TAIL_CHARS = 2000;

/**
 * Starts a server in the background and waits until it listens. Its log is `<home>/server.log`.
 *
 * @throws what the server could not start for, by its own code; SERVER_START_FAILED when it ended without a word.
 */
export async function spawnServer(
  options: ConfigOptions & SpawnedOptions & { readonly home: string },
): Promise<SpawnedServer> {
  const { root } = await openHome(options.home);
  const logPath = join(root, 'server.log');
  const log = openSync(logPath, 'a', 0o600);
  const entry = fileURLToPath(builtModule(import.meta.url, './main.js'));
  const child = spawn(process.execPath, [entry, JSON.stringify({ logLevel: 'warn', ...options })], {
    // Of its own process group: Ctrl-C at the starter's terminal is the starter's business.
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const word = await firstWord(child, logPath);
  if (word.type === 'failed') throw new StartFailure(word.error, word.exit);
  if (options.untilParentEnds !== true) child.disconnect();
  child.unref();
  child.channel?.unref();
  return { url: word.url, pid: child.pid!, stop: () => stopChild(child) };
}

async function firstWord(child: ChildProcess, logPath: string): Promise<SpawnedWord> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      reject(
        new SlipwayError('SERVER_START_FAILED', {
          message: `the server did not start: ${reason}${tailOf(logPath)}`,
          fix: `See ${logPath}, or run \`slipway up\` to watch it start.`,
        }),
      );
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`no answer in ${START_MS_MAX / 1000} s`);
    }, START_MS_MAX);
    child.once('message', (word) => {
      clearTimeout(timer);
      resolve(word as SpawnedWord);
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(error.message);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`it ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

function tailOf(logPath: string): string {
  try {
    const tail = readFileSync(logPath, 'utf8').slice(-LOG_TAIL_CHARS).trim();
    return tail === '' ? '' : `\n${tail}`;
  } catch {
    return '';
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.ref();
  child.kill('SIGTERM');
  await ended;
}
