// A load as Slipway does it (typed Parquet part, quarantine, profile, fingerprint, sha256) beside a bare DuckDB COPY of the same file
// to Parquet, interleaved. The COPY runs once on one thread, as a load's own does (more would make its bytes depend on chance), and once on two.
// And the profile alone beside DuckDB's SUMMARIZE of the same part.
//
//   node bench/ingest.mjs --rows 1000000 --runs 5
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { options, ROOT, report, summary } from './harness.mjs';

const settings = options({ rows: 1_000_000, runs: 5, contender: '', file: '', to: '' });

function compare() {
  const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    const clean = join(work, 'clean.csv');
    const dirty = join(work, 'dirty.csv');
    const lines = join(work, 'clean.ndjson');
    const dirtyLines = join(work, 'dirty.ndjson');
    generate(settings.rows, { clean, dirty, lines, dirtyLines });
    const part = writePart(clean, join(work, 'part.parquet'));
    const results = {
      csv: interleave(clean, ['load', 'convert', 'copy1', 'copy2']),
      dirtyCsv: interleave(dirty, ['load', 'convert', 'rejects']),
      ndjson: interleave(lines, ['load', 'convert', 'copyJson']),
      dirtyNdjson: interleave(dirtyLines, ['load', 'convert', 'ignoreJson']),
      profile: interleave(part, ['measure', 'summarize']),
    };
    const cpu = (set, ours, theirs) => set[theirs].cpuMs.median / set[ours].cpuMs.median;
    report('ingest', {
      data: {
        rows: settings.rows,
        columns: 8,
        csvBytes: statSync(clean).size,
        ndjsonBytes: statSync(lines).size,
      },
      what: {
        load: 'loadSource: survey, typed part, quarantine, profile, fingerprint, sha256',
        convert: 'the same without profile and fingerprint',
        copy1: 'COPY (FROM read_csv(file)) TO parquet, one thread',
        copy2: 'the same on two threads',
        rejects: 'COPY with explicit types and store_rejects, one thread',
        copyJson: 'COPY (FROM read_json(file)) TO parquet, one thread',
        ignoreJson:
          'COPY with explicit types and ignore_errors, one thread: broken records and values become NULL',
        measure: 'statistics, sketches and fingerprint of the part that the clean CSV becomes, one thread',
        summarize: 'SUMMARIZE of the same part, one thread',
      },
      results,
      // Above 1: Slipway needs less.
      ratios: {
        csvConvertCpuAgainstCopy: cpu(results.csv, 'convert', 'copy1'),
        csvLoadCpuAgainstCopy: cpu(results.csv, 'load', 'copy1'),
        csvLoadWallAgainstTwoThreads: results.csv.copy2.wallMs.median / results.csv.load.wallMs.median,
        dirtyCsvConvertCpuAgainstRejects: cpu(results.dirtyCsv, 'convert', 'rejects'),
        dirtyCsvLoadCpuAgainstRejects: cpu(results.dirtyCsv, 'load', 'rejects'),
        ndjsonConvertCpuAgainstCopy: cpu(results.ndjson, 'convert', 'copyJson'),
        ndjsonLoadCpuAgainstCopy: cpu(results.ndjson, 'load', 'copyJson'),
        dirtyNdjsonConvertCpuAgainstIgnoring: cpu(results.dirtyNdjson, 'convert', 'ignoreJson'),
        dirtyNdjsonLoadCpuAgainstIgnoring: cpu(results.dirtyNdjson, 'load', 'ignoreJson'),
        // Below 1: Slipway needs less.
        profileCpuShareOfSummarize: 1 / cpu(results.profile, 'measure', 'summarize'),
      },
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Every contender once per round, each in a process of its own: no one profits from another's warm code. */
function interleave(file, contenders) {
  const runs = Object.fromEntries(contenders.map((name) => [name, []]));
  for (let round = 0; round < settings.runs; round++) {
    for (const name of contenders) {
      runs[name].push(runChild(name, file));
    }
  }
  return Object.fromEntries(
    contenders.map((name) => [
      name,
      {
        wallMs: summary(runs[name].map((run) => run.wallMs)),
        cpuMs: summary(runs[name].map((run) => run.cpuMs)),
        peakMegabytes: summary(runs[name].map((run) => run.peakMegabytes)),
        rows: runs[name][0].rows,
      },
    ]),
  );
}

function writePart(file, part) {
  runChild('part', file, '--to', part);
  return part;
}

function runChild(contender, file, ...more) {
  const child = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), '--contender', contender, '--file', file, ...more],
    { encoding: 'utf8' },
  );
  if (child.status !== 0) throw new Error(`${contender} failed: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

/** One measured run in this process; loading DuckDB itself is not counted. */
async function runOne(contender, file) {
  const from = (path) => import(join(ROOT, 'platform/dist', path));
  const { createDuckdbEngine } = await from('adapters/engine-duckdb/index.js');
  const { loadSource } = await from('feeding/index.js');
  const { measurePart } = await from('feeding/statistics.js');
  const workDir = mkdtempSync(join(tmpdir(), 'slipway-bench-run-'));
  const engine = createDuckdbEngine();
  await (await engine.open({ workDir })).close();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const rows = await CONTENDERS[contender]({ engine, file, workDir, loadSource, measurePart });
  const wallMs = performance.now() - began;
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1000;
  console.log(JSON.stringify({ wallMs, cpuMs, rows, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
  rmSync(workDir, { recursive: true, force: true });
}

const TYPES =
  "{'id':'BIGINT','a':'DOUBLE','b':'BIGINT','city':'VARCHAR','at':'TIMESTAMP','flag':'BOOLEAN','d':'DOUBLE','note':'VARCHAR'}";

const SCHEMA = {
  id: 'integer',
  a: 'number',
  b: 'integer',
  city: 'string',
  at: 'timestamp',
  flag: 'boolean',
  d: 'number',
  note: 'string',
};

const CONTENDERS = {
  load: async ({ engine, file, workDir, loadSource }) => {
    const loaded = await loadSource({ name: 'bench', path: file, fileName: file }, { engine, workDir });
    return { loaded: loaded.rows, quarantined: loaded.quarantined, sourceRows: loaded.sourceRows };
  },
  /** Ends where the profile begins. */
  convert: async ({ engine, file, workDir, loadSource }) => {
    const converted = new Error('converted');
    const onProgress = ({ phase }) => {
      if (phase === 'profiling') throw converted;
    };
    const request = { name: 'bench', path: file, fileName: file };
    await loadSource(request, { engine, workDir, onProgress }).catch((error) => {
      if (error !== converted && error.cause !== converted) throw error;
    });
    return null;
  },
  copy1: (work) => copy(work, 1, `FROM read_csv('${work.file}')`),
  copy2: (work) => copy(work, 2, `FROM read_csv('${work.file}')`),
  copyJson: (work) => copy(work, 1, `FROM read_json('${work.file}')`),
  ignoreJson: (work) =>
    copy(
      work,
      1,
      `FROM read_json('${work.file}', format='newline_delimited', columns=${TYPES}, ignore_errors=true)`,
    ),
  measure: async ({ engine, file, workDir, measurePart }) => {
    const session = await engine.open({ workDir, threads: 1 });
    const columns = Object.entries(SCHEMA).map(([name, type]) => ({ name, type, missingTokens: [] }));
    const { rows } = await measurePart(session, file, { columns });
    await session.close();
    return rows;
  },
  summarize: async ({ engine, file, workDir }) => {
    const session = await engine.open({ workDir, threads: 1 });
    const columns = await session.rows(`SUMMARIZE FROM read_parquet('${file}')`);
    await session.close();
    return Number(columns[0].count);
  },
  /** The part of a load, for the profile's contenders. */
  part: async ({ engine, file, workDir, loadSource }) => {
    const loaded = await loadSource({ name: 'bench', path: file, fileName: file }, { engine, workDir });
    copyFileSync(loaded.partPath, settings.to);
    return loaded.rows;
  },
  rejects: (work) =>
    copy(
      work,
      1,
      `FROM read_csv('${work.file}', header=true, columns=${TYPES}, store_rejects=true, rejects_limit=0)`,
    ),
};

async function copy({ engine, workDir }, threads, query) {
  const session = await engine.open({ workDir, threads });
  const [row] = await session.rows(
    `COPY (${query}) TO '${join(workDir, 'raw.parquet')}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
  );
  await session.close();
  return Number(row.Count);
}

/** The same rows in each file; the dirty ones have one row in 500 that does not fit or is broken. */
function generate(rows, paths) {
  const files = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, openSync(path, 'w')]));
  const header = 'id,a,b,city,at,flag,d,note\n';
  let [clean, dirty, lines, dirtyLines] = [header, header, '', ''];
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  const flush = () => {
    writeSync(files.clean, clean);
    writeSync(files.dirty, dirty);
    writeSync(files.lines, lines);
    writeSync(files.dirtyLines, dirtyLines);
    clean = dirty = lines = dirtyLines = '';
  };
  for (let id = 0; id < rows; id++) {
    const a = Number((next() * 1000).toFixed(3));
    const [b, city] = [Math.floor(next() * 90), `city ${Math.floor(next() * 500)}`];
    const at = `2024-0${1 + Math.floor(next() * 9)}-1${Math.floor(next() * 9)} 10:0${Math.floor(next() * 9)}:00`;
    const [flag, d, note] = [next() < 0.5, next(), id % 10 === 0 ? `said "so", ${id}` : 'plain'];
    const cell = note.includes('"') ? `"${note.replaceAll('"', '""')}"` : note;
    const line = `${id},${a},${b},${city},${at},${flag},${d},${cell}\n`;
    clean += line;
    dirty += id % 500 === 250 ? line.replace(`${id},`, id % 1000 === 250 ? 'oops,' : '') : line;
    const object = `${JSON.stringify({ id, a, b, city, at, flag, d, note })}\n`;
    lines += object;
    dirtyLines +=
      id % 500 === 250
        ? id % 1000 === 250
          ? object.replace(`${id}`, '"oops"')
          : object.replace('}', '')
        : object;
    if (clean.length > 1 << 20) flush();
  }
  flush();
  for (const file of Object.values(files)) closeSync(file);
}

if (settings.contender === '') compare();
else await runOne(settings.contender, settings.file);
