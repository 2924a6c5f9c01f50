// `npm start`: from a fresh clone to a served model and its pages, with nothing but Node and npm.
//
//   npm start                                         real example data: bird strikes
//   npm start -- rows.csv --target outcome [options]  your own file; options as `slipway launch`
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SLIPWAY = join(ROOT, 'bin/slipway.js');
const PORT = 7070;
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Slipway needs Node 20.19 or newer; this is ${process.version}. Get it from https://nodejs.org`,
  );
  process.exit(1);
}
await main();

async function main() {
  const given = process.argv.slice(2);
  if (!isInstalled()) {
    console.log('installing packages (npm ci)');
    npm('ci', '--loglevel=error');
  }
  const { build } = await import('./build.mjs');
  if (!(await build())) process.exit(1);

  const server = await startServer(given);
  const launch = run([SLIPWAY, 'launch', ...launchArguments(given), ...server.args], { cwd: callerFolder() });
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      console.log('\nstopping');
      launch.child.kill('SIGINT');
      if (server.child === undefined) process.exit(0);
      server.child.kill('SIGTERM');
    });
  }
  server.child?.on('exit', (code) => process.exit(stopping ? 0 : (code ?? 1)));
  const code = await launch.ended;
  if (stopping) return;
  if (server.child === undefined) process.exit(code);
  console.log(
    code === 0
      ? `\nSlipway is up: ${server.url}   Ctrl-C stops it.`
      : `\nThe launch ended with exit code ${code}. Slipway stays up to look at it: ${server.url}   Ctrl-C stops it.`,
  );
}

/** Starts `slipway up` unless a server of this home runs already. */
async function startServer(given) {
  const home = option(given, '--home');
  const homeArgs = home === undefined ? [] : ['--home', home];
  if (option(given, '--url') !== undefined) return { args: [], url: option(given, '--url') };
  const running = await runningServer(resolve(callerFolder(), home ?? '.slipway'));
  if (running !== undefined) {
    console.log(`Slipway runs already: ${running}`);
    return { args: homeArgs, url: running };
  }
  const host = option(given, '--host');
  const port = option(given, '--port') ?? String(await portToUse());
  const args = ['up', '--json', '--port', port, ...(host === undefined ? [] : ['--host', host]), ...homeArgs];
  const child = spawn(process.execPath, [SLIPWAY, ...args], {
    cwd: callerFolder(),
    stdio: ['ignore', 'pipe', 'inherit'],
    // Ctrl-C reaches this script, which closes the server in order.
    detached: process.platform !== 'win32',
  });
  const url = await new Promise((done) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) done(JSON.parse(text.split('\n')[0]).url);
    });
    child.once('exit', (code) => process.exit(code ?? 1));
  });
  console.log(`Slipway  ${url}`);
  return { args: homeArgs, url, child };
}

/** 7070, or a free port when another program has it: the first run must not fail for that. */
async function portToUse() {
  const free = (port) =>
    new Promise((done) => {
      const probe = createServer();
      probe.once('error', () => done(undefined));
      probe.listen(port, '127.0.0.1', () => {
        const { port: found } = probe.address();
        probe.close(() => done(found));
      });
    });
  const port = (await free(PORT)) ?? (await free(0));
  if (port !== PORT) console.log(`port ${PORT} is taken by another program: using ${port}`);
  return port;
}

async function runningServer(home) {
  const path = join(home, 'server.json');
  if (!existsSync(path)) return undefined;
  try {
    const { url, pid } = JSON.parse(readFileSync(path, 'utf8'));
    const reply = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) });
    return (await reply.json()).pid === pid ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The user's own, or the example: what the damage of a bird strike was. Costs are known only afterwards, so they are left out. */
function launchArguments(given) {
  if (given.length > 0) return without(given, ['--host', '--port', '--home']);
  const file = join(ROOT, 'node_modules/vega-datasets/data/birdstrikes.csv');
  const costs = ['Cost Other', 'Cost Repair', 'Cost Total $'];
  const excluded = costs.flatMap((column) => ['--exclude', column]);
  return [file, '--target', 'Effect Amount of damage', ...excluded, '--name', 'birdstrikes'];
}

function without(args, names) {
  const kept = [];
  for (let i = 0; i < args.length; i++) {
    if (names.includes(args[i])) i++;
    else if (!names.some((name) => args[i].startsWith(`${name}=`))) kept.push(args[i]);
  }
  return kept;
}

function option(args, name) {
  const at = args.indexOf(name);
  if (at !== -1) return args[at + 1];
  return args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** npm changes to the package's folder; file names are meant from where it was called. */
function callerFolder() {
  return process.env.INIT_CWD ?? process.cwd();
}

/** Whether node_modules holds what the lock file says, whoever installed it. */
function isInstalled() {
  try {
    const read = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages;
    const wanted = read('package-lock.json');
    const found = read('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, entry]) =>
        !path.includes('node_modules/') ||
        found[path]?.version === entry.version ||
        (found[path] === undefined && (entry.optional || entry.devOptional || entry.peer)),
    );
  } catch {
    return false;
  }
}

function npm(...args) {
  const own = process.env.npm_execpath;
  const direct = own?.endsWith('.js');
  execFileSync(direct ? process.execPath : 'npm', direct ? [own, ...args] : args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: !direct && process.platform === 'win32',
  });
}

function run(args, options) {
  const child = spawn(process.execPath, args, { stdio: 'inherit', ...options });
  return { child, ended: new Promise((done) => child.on('close', (code) => done(code ?? 1))) };
}
