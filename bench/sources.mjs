// Postgres into a data set's part: the connector's COPY and a load, beside the same load fed by a row stream of the plain `pg` driver
// (DECLARE CURSOR, FETCH in batches, rows written as CSV here). Interleaved, each run in a process of its own.
//
//   SLIPWAY_BENCH_DATABASE_URL=postgres://… node bench/sources.mjs --rows 500000 --runs 5
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { options, ROOT, report, summary } from './harness.mjs';

const settings = options({ rows: 500_000, runs: 5, contender: '' });
const url = process.env.SLIPWAY_BENCH_DATABASE_URL ?? process.env.SLIPWAY_TEST_DATABASE_URL;
const TABLE = 'slipway_bench_sources';
const BATCH_ROWS = 10_000;
const CONTENDERS = ['copy', 'stream', 'copyLoad', 'streamLoad'];

async function compare() {
  if (url === undefined)
    throw new Error('set SLIPWAY_BENCH_DATABASE_URL to a Postgres that may be written to');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`DROP TABLE IF EXISTS ${TABLE}`);
    await client.query(`CREATE TABLE ${TABLE} AS SELECT i AS id, i * 7 % 1000003 AS account, (random() * 1000)::float8 AS amount,
      (random() * 1000)::numeric(10,2) AS price, 'city ' || i % 500 AS city, random() < 0.5 AS flag,
      timestamptz '2024-01-01' + i * interval '1 second' AS at, CASE WHEN i % 10 = 0 THEN NULL ELSE 'said "so", ' || i END AS note
      FROM generate_series(1, ${settings.rows}) AS i`);
    await client.query(`ANALYZE ${TABLE}`);
    const { rows } = await client.query(
      `SELECT pg_relation_size('${TABLE}')::int8 AS bytes, current_setting('server_version') AS version`,
    );
    const runs = Object.fromEntries(CONTENDERS.map((name) => [name, []]));
    for (let round = 0; round < settings.runs; round++)
      for (const name of CONTENDERS) runs[name].push(runOnce(name));
    const results = Object.fromEntries(
      CONTENDERS.map((name) => [
        name,
        {
          wallMs: summary(runs[name].map((run) => run.wallMs)),
          cpuMs: summary(runs[name].map((run) => run.cpuMs)),
          peakMegabytes: summary(runs[name].map((run) => run.peakMegabytes)),
          rows: runs[name][0].rows,
        },
      ]),
    );
    const ratio = (a, b, measure) => results[a][measure].median / results[b][measure].median;
    report('sources', {
      data: { rows: settings.rows, columns: 8, tableBytes: Number(rows[0].bytes), postgres: rows[0].version },
      what: {
        copy: 'the connector: COPY in a read-only snapshot into CSV files (two connections above 64 MB)',
        stream: `pg: DECLARE CURSOR, FETCH ${BATCH_ROWS}, each row written as CSV`,
        copyLoad: 'copy, then the whole load: typed part, quarantine, profile, fingerprint, sha256',
        streamLoad: 'stream, then the same load',
      },
      results,
      // Above 1: COPY is faster, or needs less of this process.
      ratios: {
        copyAgainstStreamWall: ratio('stream', 'copy', 'wallMs'),
        copyAgainstStreamCpu: ratio('stream', 'copy', 'cpuMs'),
        loadAgainstStreamLoadWall: ratio('streamLoad', 'copyLoad', 'wallMs'),
        loadAgainstStreamLoadCpu: ratio('streamLoad', 'copyLoad', 'cpuMs'),
      },
    });
  } finally {
    await client.query(`DROP TABLE IF EXISTS ${TABLE}`);
    await client.end();
  }
}

function runOnce(name) {
  const args = [fileURLToPath(import.meta.url), '--contender', name];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(`${name} failed: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

/** One measured run in this process; loading DuckDB itself is not counted. */
async function runOne(name) {
  const from = (path) => import(join(ROOT, 'platform/dist', path));
  const { createDuckdbEngine } = await from('adapters/engine-duckdb/index.js');
  const { createSources } = await from('adapters/sources/index.js');
  const { loadSource } = await from('feeding/index.js');
  const workDir = mkdtempSync(join(tmpdir(), 'slipway-bench-run-'));
  const engine = createDuckdbEngine();
  await (await engine.open({ workDir })).close();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const files = name.startsWith('copy') ? await copy(createSources, workDir) : await stream(workDir);
  let rows = 0;
  if (name.endsWith('Load')) {
    for (const [index, { path, types }] of files.entries()) {
      const part = join(workDir, `part-${index}`);
      mkdirSync(part);
      const request = {
        name: 'bench',
        path,
        fileName: 'rows.csv',
        header: 'yes',
        delimiter: ',',
        types,
        missingMark: '\\N',
      };
      rows += (await loadSource(request, { engine, workDir: part })).rows;
    }
  }
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const bytes = files.reduce((sum, { path }) => sum + statSync(path).size, 0);
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, rows, bytes, peakMegabytes }));
  rmSync(workDir, { recursive: true, force: true });
}

async function copy(createSources, workDir) {
  const address = new URL(url);
  const secrets = { password: decodeURIComponent(address.password) };
  address.password = '';
  const spec = { uri: address.href, table: TABLE };
  const context = {
    secrets,
    workDir,
    position: null,
    signal: new AbortController().signal,
    onProgress: () => {},
  };
  return (await createSources()(spec.uri).fetch(spec, context)).files;
}

async function stream(workDir) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const path = join(workDir, 'rows.csv');
  const out = createWriteStream(path);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`DECLARE rows NO SCROLL CURSOR FOR SELECT * FROM ${TABLE}`);
  for (let names; ; ) {
    const { rows, fields } = await client.query(`FETCH ${BATCH_ROWS} FROM rows`);
    let text = names === undefined ? `${fields.map(({ name }) => name).join(',')}\n` : '';
    names ??= fields.map(({ name }) => name);
    for (const row of rows) text += `${names.map((name) => cell(row[name])).join(',')}\n`;
    if (!out.write(text)) await new Promise((resolve) => out.once('drain', resolve));
    if (rows.length < BATCH_ROWS) break;
  }
  out.end();
  await finished(out);
  await client.end();
  const types = {
    id: 'integer',
    account: 'integer',
    amount: 'number',
    price: 'number',
    city: 'string',
    flag: 'boolean',
    at: 'timestamp',
    note: 'string',
  };
  return [{ path, types }];
}

function cell(value) {
  if (value === null) return '\\N';
  const text = value instanceof Date ? value.toISOString() : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

if (settings.contender === '') await compare();
else await runOne(settings.contender);
