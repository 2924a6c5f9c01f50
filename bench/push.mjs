// Rows pushed over HTTP in batches of 500, each acknowledged once it is on the disk, by a few connections at the same time; beside
// PostgreSQL taking the same batches as COPY, a transaction each, with synchronous commit. Rounds are interleaved.
//
//   node bench/push.mjs --seconds 5 --runs 5 --connections 4
//   SLIPWAY_BENCH_POSTGRES=postgres://postgres@127.0.0.1:5432/test node bench/push.mjs
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { options, ROOT, report, summary } from './harness.mjs';

const settings = options({ seconds: 5, runs: 5, connections: 4, batch: 500 });

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = server.address();
    server.close(() => resolve(free));
  });
});
const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const server = spawn(
  process.execPath,
  [join(ROOT, 'bin/slipway.js'), 'up', '--json', '--port', String(port), '--home', home],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
await new Promise((resolve) => server.stdout.once('data', resolve));
const agent = new Agent({ keepAlive: true, maxSockets: settings.connections });

/** Rows of a web shop's events, ~110 bytes each. */
const rowsOf = (batch) =>
  Array.from({ length: settings.batch }, (_, row) => ({
    id: batch * settings.batch + row,
    at: '2026-01-01T12:00:00Z',
    user: `user-${(batch * 31 + row) % 5000}`,
    action: row % 3 === 0 ? 'view' : 'click',
    amount: (row % 997) / 7,
  }));

function push(batch) {
  const body = rowsOf(batch)
    .map((row) => JSON.stringify(row))
    .join('\n');
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ agent, host: '127.0.0.1', port, method: 'POST', path: '/api/v1/datasets/events/rows' },
        headers: {
          'content-type': 'application/x-ndjson',
          'idempotency-key': `b${batch}`,
          'content-length': Buffer.byteLength(body),
        },
      },
      (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

let next = 0;
let refused = 0;
async function slipwayRound() {
  const until = performance.now() + settings.seconds * 1000;
  let rows = 0;
  const latencies = [];
  const began = performance.now();
  const client = async () => {
    while (performance.now() < until) {
      const at = performance.now();
      const status = await push(next++);
      latencies.push(performance.now() - at);
      if (status === 200) rows += settings.batch;
      else if (status === 429) {
        refused++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      } else throw new Error(`the server answers ${status}`);
    }
  };
  await Promise.all(Array.from({ length: settings.connections }, client));
  latencies.sort((a, b) => a - b);
  return {
    rowsPerSecond: (rows / (performance.now() - began)) * 1000,
    p50: latencies[latencies.length >> 1],
    p99: latencies[Math.floor(latencies.length * 0.99)],
  };
}

async function openPostgres(url) {
  const pg = (await import('pg')).default;
  const { from } = await import('pg-copy-streams');
  const clients = [];
  for (let i = 0; i < settings.connections; i++) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    clients.push(client);
  }
  await clients[0].query('DROP TABLE IF EXISTS slipway_bench_events');
  await clients[0].query(
    'CREATE TABLE slipway_bench_events (id bigint, at timestamptz, "user" text, action text, amount double precision)',
  );
  let batch = 0;
  return {
    round: async () => {
      const until = performance.now() + settings.seconds * 1000;
      const began = performance.now();
      let rows = 0;
      await Promise.all(
        clients.map(async (client) => {
          while (performance.now() < until) {
            const text = rowsOf(batch++)
              .map(({ id, at, user, action, amount }) => `${id}\t${at}\t${user}\t${action}\t${amount}\n`)
              .join('');
            await new Promise((resolve, reject) => {
              const copy = client.query(from('COPY slipway_bench_events FROM STDIN'));
              copy.on('finish', resolve).on('error', reject);
              copy.end(text);
            });
            rows += settings.batch;
          }
        }),
      );
      return { rowsPerSecond: (rows / (performance.now() - began)) * 1000 };
    },
    close: async () => {
      await clients[0].query('DROP TABLE slipway_bench_events');
      for (const client of clients) await client.end();
    },
  };
}

const postgres = process.env.SLIPWAY_BENCH_POSTGRES
  ? await openPostgres(process.env.SLIPWAY_BENCH_POSTGRES)
  : undefined;
const ours = [];
const theirs = [];
await slipwayRound();
for (let run = 0; run < settings.runs; run++) {
  ours.push(await slipwayRound());
  if (postgres !== undefined) theirs.push(await postgres.round());
}
// Nothing of what was acknowledged is missing: told after the last version is made.
await fetch(`http://127.0.0.1:${port}/api/v1/datasets/events/flush`, { method: 'POST' });
let flushed = 1;
while (flushed > 0)
  flushed =
    (await (await fetch(`http://127.0.0.1:${port}/api/v1/datasets/events/flush`, { method: 'POST' })).json())
      .rows ?? 0;
const { rows } = await (await fetch(`http://127.0.0.1:${port}/api/v1/datasets/events`)).json();
await postgres?.close();
server.kill('SIGKILL');
rmSync(home, { recursive: true, force: true });

const of = (name, runs) => summary(runs.map((run) => run[name]));
report('push', {
  what: `batches of ${settings.batch} rows over ${settings.connections} connections, each acknowledged after fdatasync`,
  slipway: { rowsPerSecond: of('rowsPerSecond', ours), p50Ms: of('p50', ours), p99Ms: of('p99', ours) },
  ...(postgres === undefined ? {} : { postgresCopy: { rowsPerSecond: of('rowsPerSecond', theirs) } }),
  refused,
  rowsAcknowledged: (next - refused) * settings.batch,
  rowsInDataset: rows,
  ...(postgres === undefined
    ? {}
    : { ratio: of('rowsPerSecond', ours).median / of('rowsPerSecond', theirs).median }),
});
