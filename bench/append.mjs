// One row appended to data sets of growing size, beside the first load of each: the append must not depend on what is there already.
// Through the command line's own way, the HTTP API: read, checked, profiled, published, with its run in the log.
//
//   node bench/append.mjs --runs 7
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { options, ROOT, report, summary } from './harness.mjs';

const settings = options({ runs: 7 });
const SIZES = [1000, 100_000, 1_000_000, 5_000_000];

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = server.address();
    server.close(() => resolve(free));
  });
});
const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const server = spawn(
  process.execPath,
  [join(ROOT, 'bin/slipway.js'), 'up', '--json', '--port', String(port), '--home', join(work, 'home')],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
await new Promise((resolve) => server.stdout.once('data', resolve));
const base = `http://127.0.0.1:${port}/api/v1`;

async function load(dataset, path, mode) {
  const began = performance.now();
  const reply = await fetch(`${base}/datasets/${dataset}/loads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ file: { path, fileName: basename(path) }, options: { mode } }),
  });
  const accepted = await reply.json();
  if (!reply.ok) throw new Error(JSON.stringify(accepted));
  for (;;) {
    const result = await (await fetch(`${base}/loads/${accepted.runId}`)).json();
    if (result.status === 'completed') return performance.now() - began;
    if (result.status !== 'running' && result.status !== 'queued') throw new Error(JSON.stringify(result));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const appends = Object.fromEntries(SIZES.map((size) => [size, []]));
const loads = {};
for (const size of SIZES) {
  const path = join(work, `${size}.csv`);
  const file = createWriteStream(path);
  file.write('id,amount,kind,at\n');
  for (let from = 0; from < size; from += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, size - from) }, (_, i) => {
      const id = from + i;
      return `${id},${(id * 7919) % 100003},kind ${id % 50},2026-01-${String((id % 28) + 1).padStart(2, '0')}\n`;
    });
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  loads[size] = await load(`rows-${size}`, path, 'replace');
}
let id = 10_000_000;
for (let run = 0; run < settings.runs; run++) {
  for (const size of SIZES) {
    const path = join(work, `one-${id}.csv`);
    writeFileSync(path, `id,amount,kind,at\n${id++},5,kind 1,2026-02-01\n`);
    appends[size].push(await load(`rows-${size}`, path, 'append'));
  }
}
server.kill('SIGKILL');
rmSync(work, { recursive: true, force: true });

const appendMs = Object.fromEntries(SIZES.map((size) => [size, summary(appends[size])]));
report('append', {
  what: 'one row appended through the API to a data set of so many rows, and the data set’s first load',
  appendMs,
  loadMs: loads,
  ratioLargestToSmallest: appendMs[SIZES.at(-1)].median / appendMs[SIZES[0]].median,
});
