// A source of ten million rows (generated in a stream, deleted at the end) loaded as Slipway does it, profile, fingerprint and sha256 included,
// beside a bare DuckDB COPY of the same file to Parquet on one thread and on two. Each in a process of its own; the peak is that process's.
//
//   node bench/ingest-large.mjs --rows 10000000 --runs 1
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { options, ROOT, report, summary } from './harness.mjs';

const settings = options({ rows: 10_000_000, runs: 1, contender: '', file: '' });

const CONTENDERS = {
  load: async ({ engine, file, workDir }) => {
    const { loadSource } = await from('feeding/index.js');
    const loaded = await loadSource({ name: 'bench', path: file, fileName: file }, { engine, workDir });
    const { rows, quarantined, sourceRows, fingerprint } = loaded;
    return { rows, quarantined, sourceRows, fingerprint };
  },
  copy1: (work) => copy(work, 1),
  copy2: (work) => copy(work, 2),
};

function from(path) {
  return import(join(ROOT, 'platform/dist', path));
}

function compare() {
  const work = mkdtempSync(join(tmpdir(), 'slipway-bench-large-'));
  const results = {};
  const bytes = {};
  try {
    for (const format of ['csv', 'ndjson']) {
      const file = join(work, `large.${format}`);
      bytes[format] = generate(settings.rows, file, format);
      results[format] = interleave(file);
      rmSync(file);
    }
    const ratio = (format, other, measure) =>
      results[format][other][measure].median / results[format].load[measure].median;
    report('ingest-large', {
      data: { rows: settings.rows, columns: 12, bytes },
      what: {
        load: 'loadSource: survey, typed part, quarantine, profile, fingerprint, sha256',
        copy1: 'COPY (FROM read_csv or read_json) TO parquet, one thread, memory limit 1 GiB as in loads',
        copy2: 'the same on two threads',
      },
      results,
      // Above 1: Slipway needs less.
      ratios: {
        csvCpuAgainstCopy: ratio('csv', 'copy1', 'cpuSeconds'),
        ndjsonCpuAgainstCopy: ratio('ndjson', 'copy1', 'cpuSeconds'),
      },
      sameFingerprint: results.csv.load.outcome.fingerprint === results.ndjson.load.outcome.fingerprint,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function interleave(file) {
  const runs = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []]));
  for (let round = 0; round < settings.runs; round++) {
    for (const name of Object.keys(CONTENDERS)) {
      const args = [fileURLToPath(import.meta.url), '--contender', name, '--file', file];
      const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (child.status !== 0) throw new Error(`${name} failed: ${child.stderr}`);
      runs[name].push(JSON.parse(child.stdout));
    }
  }
  return Object.fromEntries(
    Object.entries(runs).map(([name, all]) => [
      name,
      {
        seconds: summary(all.map((run) => run.seconds)),
        cpuSeconds: summary(all.map((run) => run.cpuSeconds)),
        rowsPerSecond: summary(all.map((run) => Math.round(settings.rows / run.seconds))),
        peakMegabytes: summary(all.map((run) => run.peakMegabytes)),
        outcome: all[0].outcome,
      },
    ]),
  );
}

/** One measured run in this process, which has no children: its peak is that of the whole tree. Loading DuckDB is not timed. */
async function runOne(contender, file) {
  const { createDuckdbEngine } = await from('adapters/engine-duckdb/index.js');
  const workDir = mkdtempSync(join(tmpdir(), 'slipway-bench-run-'));
  const engine = createDuckdbEngine();
  await (await engine.open({ workDir })).close();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const outcome = await CONTENDERS[contender]({ engine, file, workDir });
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  rmSync(workDir, { recursive: true, force: true });
  console.log(
    JSON.stringify({ seconds, cpuSeconds: (used.user + used.system) / 1e6, peakMegabytes, outcome }),
  );
}

async function copy({ engine, workDir, file }, threads) {
  const session = await engine.open({ workDir, threads });
  const reader = file.endsWith('.csv') ? 'read_csv' : 'read_json';
  const [row] = await session.rows(
    `COPY (FROM ${reader}('${file}')) TO '${join(workDir, 'raw.parquet')}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
  );
  await session.close();
  return Number(row.Count);
}

/** @returns bytes */
function generate(rows, path, format) {
  const file = openSync(path, 'w');
  const names = [
    'id',
    'user',
    'amount',
    'ratio',
    'count',
    'city',
    'country',
    'at',
    'day',
    'flag',
    'note',
    'ref',
  ];
  let text = format === 'csv' ? `${names.join(',')}\n` : '';
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  const two = (value) => String(value).padStart(2, '0');
  for (let id = 0; id < rows; id++) {
    const amount = Math.round(next() * 1e6) / 100;
    const [ratio, count, user] = [next(), Math.floor(next() * 90), Math.floor(next() * 1e6)];
    const [city, country] = [`city ${Math.floor(next() * 500)}`, `country ${Math.floor(next() * 200)}`];
    const day = `2024-${two(1 + Math.floor(next() * 12))}-${two(1 + Math.floor(next() * 28))}`;
    const at = `${day} ${two(Math.floor(next() * 24))}:${two(Math.floor(next() * 60))}:${two(id % 60)}`;
    const [flag, note] = [next() < 0.5, id % 10 === 0 ? `said "so", ${id}` : 'a plain note of some words'];
    const ref = `ref-${(next() * 4294967296).toString(36).slice(0, 6)}-${id}`;
    const values = [id, user, amount, ratio, count, city, country, at, day, flag, note, ref];
    if (format === 'csv') {
      const cells = values.map((value) =>
        typeof value === 'string' && value.includes('"') ? `"${value.replaceAll('"', '""')}"` : String(value),
      );
      text += `${cells.join(',')}\n`;
    } else text += `${JSON.stringify(Object.fromEntries(names.map((name, i) => [name, values[i]])))}\n`;
    if (text.length > 1 << 22) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
  return statSync(path).size;
}

if (settings.contender === '') compare();
else await runOne(settings.contender, settings.file);
