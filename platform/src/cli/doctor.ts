import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Config, readConfig } from '../app/config.ts';
import { findExternal, installExternal } from '../app/external.ts';
import type { DoctorCheck } from '../contracts/system.ts';
import { toSlipwayError } from '../kernel/errors.ts';
import { builtModule } from '../kernel/module-path.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { attach } from './connect.ts';
import { bytesText } from './format.ts';
import type { Io } from './io.ts';
import { readPort } from './launch-options.ts';

const execute = promisify(execFile);
const PROBE_MS_MAX = 15_000;
const DISK_BYTES_LOW = 2e9;
const DISK_BYTES_MIN = 200e6;

/** `slipway doctor`: looks at everything a launch will need. Exit 1 when something that must work does not. */
export const run: CommandRun = async ({ options, io }) => {
  const { home, port, json, python } = options as CommonOptions & { port?: string; python?: boolean };
  const portNumber = readPort(port);
  const config = readConfig({
    ...(home === undefined ? {} : { home }),
    ...(portNumber === undefined ? {} : { port: portNumber }),
  });
  const checks = await Promise.all([
    checkNode(),
    ...NATIVE.map(checkNative),
    checkPages(),
    checkHome(config),
    checkDisk(config),
    checkDatabase(config),
    checkServer(config),
    checkTool('python3', 'Python', 'Only Python steps and comparisons use it.'),
    checkFamilies(config, python === true),
    checkTool('uv', 'uv', 'Only Python environments use it.'),
  ]);
  const failed = checks.some((check) => check.status === 'failed');
  if (json) io.out(JSON.stringify({ ok: !failed, checks }));
  else for (const line of checks.flatMap((check) => checkLines(check, io))) io.out(line);
  return failed ? 1 : 0;
};

const LOOK: Readonly<Record<DoctorCheck['status'], readonly ['green' | 'yellow' | 'red' | 'dim', string]>> = {
  ok: ['green', 'ok     '],
  warning: ['yellow', 'warning'],
  failed: ['red', 'failed '],
  absent: ['dim', 'absent '],
};

function checkLines({ check, status, message, fix }: DoctorCheck, { paint }: Io): string[] {
  const [color, word] = LOOK[status];
  return [
    `${paint(color, word)}  ${check.padEnd(12)} ${message}`,
    ...(fix === undefined ? [] : [`         ${''.padEnd(12)} ${paint('green', 'fix')} ${fix}`]),
  ];
}

async function checkNode(): Promise<DoctorCheck> {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const fits = major > 20 || (major === 20 && minor >= 19);
  const message = `${process.version} on ${process.platform} ${process.arch}`;
  return fits
    ? { check: 'node', status: 'ok', message }
    : { check: 'node', status: 'failed', message, fix: 'Install Node 20.19 or newer.' };
}

/** Native modules are loaded in a child: one that crashes must not take the doctor with it. */
const NATIVE = [
  { name: 'duckdb', code: "(await import('@duckdb/node-api')).version()" },
  { name: 'onnxruntime', code: "Object.values((await import('onnxruntime-node')).env.versions).join(' ')" },
  {
    name: 'libsql',
    code: "new (await import('libsql')).default(':memory:').prepare('select sqlite_version() as v').get().v",
  },
];

async function checkNative({ name, code }: { name: string; code: string }): Promise<DoctorCheck> {
  const cwd = fileURLToPath(builtModule(import.meta.url, './'));
  try {
    const { stdout } = await execute(
      process.execPath,
      ['--input-type=module', '-e', `process.stdout.write(String(${code}))`],
      { cwd, timeout: PROBE_MS_MAX },
    );
    return { check: name, status: 'ok', message: `loads (${stdout.trim()})` };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const reason = /^\w*Error.*$/m.exec(stderr ?? '')?.[0] ?? message.split('\n')[0];
    return {
      check: name,
      status: 'failed',
      message: `does not load: ${reason}`,
      fix: 'Run `npm ci` in the folder of the clone; it installs the binary for this system.',
    };
  }
}

async function checkPages(): Promise<DoctorCheck> {
  const index = fileURLToPath(
    new URL('../../../web/dist/index.html', builtModule(import.meta.url, './doctor.js')),
  );
  return existsSync(index)
    ? { check: 'pages', status: 'ok', message: 'the web UI is built' }
    : { check: 'pages', status: 'warning', message: 'the web UI is not built', fix: 'Run `npm run build`.' };
}

async function checkHome({ home }: Config): Promise<DoctorCheck> {
  const folder = nearestFolder(home);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return { check: 'home', status: 'ok', message: folder === home ? home : `${home} (will be made)` };
  } catch (error) {
    return {
      check: 'home',
      status: 'failed',
      message: `${folder} cannot be written: ${(error as Error).message}`,
      fix: 'Give --home a folder you may write, or mend the permissions of this one.',
    };
  }
}

async function checkDisk({ home }: Config): Promise<DoctorCheck> {
  const { bavail, bsize } = await statfs(nearestFolder(home));
  const free = bavail * bsize;
  const message = `${bytesText(free)} free`;
  if (free >= DISK_BYTES_LOW) return { check: 'disk', status: 'ok', message };
  const status = free < DISK_BYTES_MIN ? 'failed' : 'warning';
  return { check: 'disk', status, message, fix: 'Free some space: snapshots and prediction logs need it.' };
}

async function checkDatabase({ home, databaseUrl }: Config): Promise<DoctorCheck> {
  if (databaseUrl === undefined) {
    const path = join(home, 'slipway.db');
    return {
      check: 'database',
      status: 'ok',
      message: existsSync(path) ? `SQLite, ${path}` : 'SQLite (will be made)',
    };
  }
  const where = new URL(databaseUrl).host;
  const cwd = fileURLToPath(builtModule(import.meta.url, './'));
  // The URL may hold a password: it goes by environment, which the child inherits, and never by argument.
  const code =
    "const { default: pg } = await import('pg'); const { env } = process; const client = new pg.Client({ connectionString: env.SLIPWAY_DATABASE_URL });" +
    "await client.connect(); process.stdout.write((await client.query('show server_version')).rows[0].server_version); await client.end();";
  try {
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', code], {
      cwd,
      timeout: PROBE_MS_MAX,
    });
    return { check: 'database', status: 'ok', message: `Postgres ${stdout} at ${where}` };
  } catch (error) {
    const reason =
      /^\s*\w*[Ee]rror.*$/m.exec((error as { stderr?: string }).stderr ?? '')?.[0] ?? 'no answer';
    return {
      check: 'database',
      status: 'failed',
      message: `Postgres at ${where}: ${reason.trim()}`,
      fix: 'Start it, or mend SLIPWAY_DATABASE_URL; unset, Slipway uses SQLite in the home folder.',
    };
  }
}

async function checkServer({ home, host, port }: Config): Promise<DoctorCheck> {
  const running = await attach(home);
  if (running !== undefined) {
    return { check: 'server', status: 'ok', message: `runs at ${running.url} (process ${running.pid})` };
  }
  const taken = await new Promise<string | undefined>((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
  if (taken === undefined)
    return { check: 'server', status: 'ok', message: `does not run; port ${port} is free` };
  return {
    check: 'server',
    status: 'warning',
    message: `does not run, and port ${port} cannot be opened (${taken})`,
    fix: 'Give --port another port, or stop the program that has this one.',
  };
}

async function checkTool(command: string, check: string, absent: string): Promise<DoctorCheck> {
  try {
    const { stdout } = await execute(command, ['--version'], { timeout: PROBE_MS_MAX });
    return { check, status: 'ok', message: stdout.trim() };
  } catch {
    return { check, status: 'absent', message: `not found. ${absent}` };
  }
}

/** Python families: the ones there are, after installing them when that is asked for. */
async function checkFamilies(config: Config, install: boolean): Promise<DoctorCheck> {
  const check = 'families';
  try {
    const found =
      install && config.python === undefined ? await installExternal(config) : await findExternal(config);
    if (found === undefined) {
      const message =
        'LightGBM, XGBoost, CatBoost and scikit-learn are not installed; launch --families all would try them, too';
      return { check, status: 'absent', message, fix: 'Run `slipway doctor --python` (about 300 MB).' };
    }
    const list = [...new Set(found.libraries.map(({ library, version }) => `${library} ${version}`))];
    const where = found.sealed ? 'sealed' : `unsealed, ${found.interpreter}`;
    return { check, status: 'ok', message: `${list.join(', ')} (${where}, Python ${found.version})` };
  } catch (error) {
    const { message, fix } = toSlipwayError(error);
    return { check, status: 'failed', message, ...(fix === undefined ? {} : { fix }) };
  }
}

/** The folder itself, or the nearest above it that exists. */
function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
