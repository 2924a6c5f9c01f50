// Builds everything into platform/dist and web/dist; a part whose inputs are unchanged is skipped.
//
//   node scripts/build.mjs            all parts
//   node scripts/build.mjs platform   the named parts: platform, kernels, web
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { compressFolder } from './compress.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(ROOT, ...parts);
const ERROR_LINES_MAX = 40;
const TSC = at('node_modules/typescript/bin/tsc');

/** name → what it needs to exist, what it reads, where its stamp stands, what it does. The lock file is an input of all: a new compiler builds anew. */
const PARTS = {
  platform: {
    sources: ['platform/src'],
    inputs: ['platform/src', 'platform/tsconfig.json', 'platform/package.json', 'scripts/bundle.mjs'],
    stamp: 'platform/dist/.built',
    build: buildPlatform,
  },
  kernels: {
    sources: ['platform/assembly'],
    inputs: ['platform/assembly', 'scripts/build-kernels.mjs'],
    stamp: 'platform/dist/.built-kernels',
    build: async () => {
      const { buildKernels } = await import('./build-kernels.mjs');
      await buildKernels();
    },
  },
  web: {
    sources: ['web/index.html'],
    inputs: ['web', 'platform/src/contracts', 'scripts/compress.mjs'],
    stamp: 'web/dist/.built',
    build: buildWeb,
  },
};

/**
 * Builds the named parts side by side, one line per part.
 *
 * @returns {Promise<boolean>} true when every part is built and up to date
 */
export async function build(names = Object.keys(PARTS), say = console.log) {
  const built = await Promise.all(names.map((name) => buildPart(name, say)));
  return built.every(Boolean);
}

async function buildPart(name, say) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`no part '${name}': ${Object.keys(PARTS).join(', ')}`);
  const started = performance.now();
  if (!part.sources.every((path) => existsSync(at(path)))) return true;
  const digest = digestOf(part.inputs);
  const stamp = at(part.stamp);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) {
    say(`build ${name.padEnd(9)} up to date`);
    return true;
  }
  try {
    await part.build();
  } catch (error) {
    say(`build ${name.padEnd(9)} failed`);
    say(readable(String(error?.message ?? error)));
    return false;
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  say(`build ${name.padEnd(9)} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return true;
}

/** The first lines without colours: a compiler repeats itself for every file that a mistake reaches. */
function readable(text) {
  const lines = stripVTControlCharacters(text).split('\n');
  const more = lines.length - ERROR_LINES_MAX;
  return more > 0
    ? `${lines.slice(0, ERROR_LINES_MAX).join('\n')}\n… and ${more} more lines`
    : lines.join('\n');
}

async function buildPlatform() {
  await run(TSC, ['-p', at('platform')]);
  prune(at('platform/dist'));
  copyAsIs(at('platform/src'));
  const { bundle } = await import('./bundle.mjs');
  await bundle(at('platform/dist'));
}

/** Removes what the compiler left of sources that are gone: the code digest must be that of a fresh clone. */
function prune(folder) {
  for (const path of filesIn(folder)) {
    if (path.startsWith(at('platform/dist/bundle'))) continue;
    const source = path.replace(at('platform/dist'), at('platform/src')).replace(/\.js(\.map)?$/, '.ts');
    if (/\.(js(\.map)?|py|lock)$/.test(path) && !existsSync(source)) rmSync(path);
  }
}

/** What is no TypeScript and needed at run time: the Python side of families, and its lock file. */
function copyAsIs(folder) {
  for (const path of filesIn(folder)) {
    if (!/\.(py|lock)$/.test(path)) continue;
    const target = path.replace(at('platform/src'), at('platform/dist'));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  }
}

async function buildWeb() {
  const jobs = [run(at('node_modules/vite/bin/vite.js'), ['build', '--logLevel', 'warn'], at('web'))];
  if (existsSync(at('web/tsconfig.json'))) jobs.push(run(TSC, ['-p', at('web'), '--noEmit']));
  const failed = (await Promise.allSettled(jobs)).filter((job) => job.status === 'rejected');
  if (failed.length > 0) throw new Error(failed.map((job) => job.reason.message).join('\n'));
  await compressFolder(at('web/dist'));
}

function run(script, args, cwd = ROOT) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
    const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(output.trim()))));
  });
}

function digestOf(inputs) {
  const hash = createHash('sha256').update(process.version);
  for (const input of ['package-lock.json', ...inputs]) {
    for (const path of filesIn(at(input))) {
      hash.update(relative(ROOT, path)).update('\0').update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex');
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return [path];
  }
  return entries
    .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => filesIn(join(path, entry.name)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now();
  const ok = await build(process.argv.length > 2 ? process.argv.slice(2) : undefined);
  if (ok) console.log(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  process.exitCode = ok ? 0 : 1;
}
