import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program as a user runs it: real processes, a home folder of its own, nothing shared between tests. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const BIN = join(ROOT, 'bin/slipway.js');
export const EXAMPLES = join(ROOT, 'node_modules/vega-datasets/data');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** NDJSON lines of stdout, those that parse. */
  readonly lines: readonly Record<string, unknown>[];
}

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  readonly home = join(this.folder, 'home');
  private readonly children = new Set<ChildProcess>();

  /** Runs `slipway …args --home <home>` to its end. */
  async run(
    args: readonly string[],
    options: { env?: Record<string, string>; home?: boolean; timeoutMs?: number } = {},
  ): Promise<Finished> {
    const all = options.home === false ? args : [...args, '--home', this.home];
    const child = spawn(process.execPath, [BIN, ...all], {
      cwd: this.folder,
      env: { ...cleanEnv(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.children.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000);
    const ended = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
    clearTimeout(timer);
    this.children.delete(child);
    return { ...ended, stdout, stderr, lines: parseLines(stdout) };
  }

  /** The server's own word on where it is; undefined when none runs. */
  server(): { pid: number; url: string } | undefined {
    const path = join(this.home, 'server.json');
    return existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as { pid: number; url: string })
      : undefined;
  }

  killServer(): void {
    const server = this.server();
    if (server === undefined) return;
    try {
      process.kill(server.pid, 'SIGKILL');
    } catch {
      // It is gone already, which is what was wanted.
    }
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL');
    this.killServer();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The environment without anything that would steer Slipway. */
function cleanEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SLIPWAY_') && !name.startsWith('npm_')),
  );
}

function parseLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
