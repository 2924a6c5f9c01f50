// Single-row requests through the whole server (routing, decoding, batching, durable log, metrics) against a bare node:http server
// that runs the same ONNX session in a worker thread: interleaved, at 1 and 32 connections, each server in a process of its own.
//
//   node bench/serving.mjs --seconds 4 --rounds 5 [--data rows.csv --target column]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, options, ROOT, report, summary } from './harness.mjs';

const settings = options({ seconds: 4, rounds: 5, data: '', target: '' });
const work = mkdtempSync(join(tmpdir(), 'slipway-serving-'));
const home = join(work, 'home');
const children = [];

try {
  const data = settings.data || join(ROOT, 'node_modules/vega-datasets/data/birdstrikes.csv');
  const target = settings.target || 'Effect Amount of damage';
  const excluded = settings.data ? [] : ['--exclude', 'Cost Repair,Cost Other,Cost Total $'];
  const result = await slipway(
    'launch',
    data,
    '--target',
    target,
    ...excluded,
    '--name',
    'bench',
    '--budget',
    '10s',
    '--port',
    '0',
    '--json',
  );
  const { pid, url } = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8'));
  const version = await (await fetch(`${url}/api/v1/models/bench/versions/${result.model.version}`)).json();
  const bundle = JSON.parse(readFileSync(blob(version.bundleDigest), 'utf8'));
  const record = Object.fromEntries(version.signature.inputs.map((input) => [input.name, input.example]));
  const body = JSON.stringify({ dataframe_records: [record], params: { probabilities: true } });
  const bare = await start(
    'serving-bare.mjs',
    blob(bundle.onnxDigest),
    JSON.stringify(bundle.coercions),
    JSON.stringify(version.signature.labels),
  );
  const servers = {
    slipway: { pid, port: Number(new URL(url).port), path: '/models/bench/invocations' },
    bare: { pid: bare.child.pid, port: bare.port, path: '/' },
  };
  const measured = {};
  for (const connections of [1, 32]) {
    const rounds = { slipway: [], bare: [] };
    for (const name of Object.keys(servers)) await load(servers[name], connections, body, 1);
    for (let round = 0; round < settings.rounds; round++) {
      for (const name of round % 2 === 0 ? ['slipway', 'bare'] : ['bare', 'slipway']) {
        rounds[name].push(await load(servers[name], connections, body, settings.seconds));
      }
    }
    const of = (name, key) => summary(rounds[name].map((entry) => entry[key]));
    const ratios = rounds.slipway.map((entry, i) => entry.perSecond / rounds.bare[i].perSecond);
    measured[`${connections} connections`] = {
      throughputRatio: summary(ratios),
      slipway: {
        perSecond: of('slipway', 'perSecond'),
        cpuUsPerRequest: of('slipway', 'cpuUs'),
        p50Ms: of('slipway', 'p50Ms'),
        p99Ms: of('slipway', 'p99Ms'),
      },
      bare: {
        perSecond: of('bare', 'perSecond'),
        cpuUsPerRequest: of('bare', 'cpuUs'),
        p50Ms: of('bare', 'p50Ms'),
        p99Ms: of('bare', 'p99Ms'),
      },
    };
    console.error(`${connections} connections: ${median(ratios).toFixed(2)} of the bare server's throughput`);
  }
  report('serving', {
    target: 'throughput ratio at least 0.6',
    model: `${version.family}, ${version.bytes} bytes, ${version.signature.inputs.length} inputs`,
    secondsPerRound: settings.seconds,
    measured,
  });
} finally {
  for (const child of children) child.kill('SIGTERM');
  await slipway('stop').catch(() => undefined);
  rmSync(work, { recursive: true, force: true });
}

function blob(digest) {
  return join(home, 'blobs', digest.slice(0, 2), digest);
}

async function slipway(...args) {
  const child = spawn(process.execPath, [join(ROOT, 'bin/slipway.js'), ...args, '--home', home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const text = await outputOf(child);
  return args[0] === 'launch' ? JSON.parse(text.trim().split('\n').at(-1)) : text;
}

function outputOf(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

function start(script, ...args) {
  const child = spawn(process.execPath, [join(ROOT, 'bench', 'serving', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve({ child, port: Number(String(text).trim()) }));
    child.on('error', reject);
  });
}

/** One round from a client process of its own: its cost is not the server's. */
async function load({ pid, port, path }, connections, body, seconds) {
  const cpuBefore = cpuTicks(pid);
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'bench/serving/serving-client.mjs'),
      String(port),
      path,
      String(connections),
      String(seconds),
      body,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const told = JSON.parse(await outputOf(child));
  if (told.failed > 0) throw new Error(`${told.failed} requests failed`);
  // A tick is 10 ms on Linux.
  return { ...told, cpuUs: ((cpuTicks(pid) - cpuBefore) * 10_000) / told.requests };
}

function cpuTicks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
