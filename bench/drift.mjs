// Drift: false alarms on traffic that has not drifted, and power where it has, at windows of 50 to 100,000 rows. In the same run
// and on the same rows Evidently's own defaults (DataDriftPreset), where a Python has it. Then speed: 1M rows × 20 columns.
//
//   SLIPWAY_BENCH_PYTHON=venv/bin/python node bench/drift.mjs
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createRng } from '../platform/dist/kernel/rng.js';
import { buildBaseline } from '../platform/dist/monitoring/baseline.js';
import { driftOf, stabilityIndex } from '../platform/dist/monitoring/drift.js';
import { createWindowCounter, mergeWindows } from '../platform/dist/monitoring/window-counts.js';
import { findPython, options, ROOT, report, summary } from './harness.mjs';

const settings = options({ looks: 2000, rivalLooks: 100, reference: 5000 });
const SIZES = [50, 100, 200, 1000, 5000, 20_000, 100_000];
/** Rows drawn per case at most, so that the large windows end, too. */
const ROWS_MAX = 20_000_000;
const CATEGORIES = Array.from({ length: 20 }, (_, i) => `category ${i}`);
const SIGNATURE = {
  task: 'regression',
  target: 'y',
  inputs: [],
  labels: [],
  numericLabels: false,
  positive: null,
};

/** A number, a number with a spike and a long tail, a text with 20 values of Zipf-like shares. */
const FEATURES = {
  number: (rng, shift) => shift + gaussian(rng),
  spiked: (rng, shift) => (rng.next() < 0.4 ? 0 : Math.exp(shift + gaussian(rng))),
  text: (rng, shift) => CATEGORIES[Math.floor(20 * rng.next() ** (2 - shift))],
};

/** The reference of the looks under way. */
let current;

const python = findPython(['evidently']);
if (python === undefined) console.error('no Python with evidently: Slipway alone');
const rival = python === undefined ? undefined : await startRival();
const alarms = [];
for (const rows of SIZES) alarms.push(await measure(rows, 0));
const power = [];
for (const rows of [100, 1000]) power.push(await measure(rows, 0.5));
const families = [50, 100, 1000, 20_000].map(familyWise);
const speed = speedOf(1_000_000, 20);
rival?.stop();
report('drift', {
  settings: { ...settings, referenceRows: settings.reference, evidently: rival?.version ?? null },
  targets: { falseAlarmsOfOneFeature: 0.015, secondsOf1MTimes20: 1.5 },
  falseAlarms: alarms,
  familyOf21Features: families,
  halfStandardDeviation: power,
  speed,
});

async function measure(rows, shift) {
  const looks = Math.min(settings.looks, Math.floor(ROWS_MAX / rows));
  const names = Object.keys(FEATURES);
  const seen = Object.fromEntries(names.map((name) => [name, 0]));
  const theirs = { number: 0, text: 0 };
  let rivalLooks = 0;
  const methods = {};
  for (let look = 0; look < looks; look++) {
    // A reference is drawn anew now and then: its own luck is part of what both must bear.
    if (look % 20 === 0) prepare(look);
    const rng = createRng(1_000_003 * look + rows);
    const columns = names.map((name) => draw(name, rows, rng, shift));
    const window = count(current.baseline, columns, rows);
    names.forEach((name, f) => {
      const { counts, missing } = current.baseline.features[f];
      const own = window.features[f];
      const found = stabilityIndex([...counts, missing], [...own.counts, own.missing], 1);
      if (found !== undefined && found.psi > found.bound) seen[name]++;
    });
    if (rival === undefined || look >= settings.rivalLooks || rows > 20_000) continue;
    rivalLooks++;
    const answer = await rival.ask({
      reference: look % 20 === 0 ? { number: [...current.columns[0]], text: current.columns[2] } : null,
      current: { number: [...columns[0]], text: columns[2] },
    });
    for (const name of Object.keys(theirs)) {
      if (answer[name].drifted) theirs[name]++;
      methods[name] = answer[name].method;
    }
  }
  const result = {
    rows,
    shift,
    looks,
    slipway: Object.fromEntries(names.map((name) => [name, seen[name] / looks])),
    ...(rivalLooks === 0
      ? {}
      : {
          evidently: {
            looks: rivalLooks,
            number: theirs.number / rivalLooks,
            text: theirs.text / rivalLooks,
            methods,
          },
        }),
  };
  console.error(JSON.stringify(result));
  return result;
}

function prepare(seed) {
  const rng = createRng(77 * seed + 5);
  const columns = Object.keys(FEATURES).map((name) => draw(name, settings.reference, rng, 0));
  current = { columns, baseline: baselineOf(columns, settings.reference) };
}

function draw(name, rows, rng, shift) {
  const one = FEATURES[name];
  return name === 'text'
    ? Array.from({ length: rows }, () => one(rng, shift))
    : Float64Array.from({ length: rows }, () => one(rng, shift));
}

function baselineOf(columns, rows) {
  const table = {
    rows,
    columns: columns.map((values, j) => {
      if (values instanceof Float64Array) return { name: `f${j}`, type: 'number', values };
      const dictionary = [...new Set(values)];
      const index = new Map(dictionary.map((text, code) => [text, code]));
      return {
        name: `f${j}`,
        type: 'string',
        codes: Int32Array.from(values, (text) => index.get(text)),
        dictionary,
      };
    }),
  };
  const coercions = table.columns.map(({ name, type }) => ({
    column: name,
    type,
    missingTokens: [],
    dateFormat: 'iso',
    emits: [{ name, kind: type === 'string' ? 'categorical' : 'numeric', part: 'value', origin: 0 }],
  }));
  const predictions = Float32Array.from(columns[0]);
  return buildBaseline({ table, coercions, predictions, signature: SIGNATURE, reference: null });
}

function count(baseline, columns, rows) {
  const counter = createWindowCounter(baseline, 3_600_000);
  counter.add({
    times: new Float64Array(rows),
    columns,
    outputs: Float32Array.from(columns[0]),
    outputsPerRow: 1,
  });
  return mergeWindows(counter.windows());
}

/** A whole monitor of 20 features and the prediction: the chance that a look at undrifted traffic alarms anything. */
function familyWise(rows) {
  const looks = Math.min(500, Math.floor(ROWS_MAX / 40 / rows) + 50);
  let alarmed = 0;
  for (let look = 0; look < looks; look++) {
    const rng = createRng(31 * look + rows);
    const names = Array.from({ length: 20 }, (_, j) => Object.keys(FEATURES)[j % 3]);
    if (look % 20 === 0) {
      const columns = names.map((name) => draw(name, settings.reference, rng, 0));
      current = { columns, baseline: baselineOf(columns, settings.reference) };
    }
    const window = count(
      current.baseline,
      names.map((name) => draw(name, rows, rng, 0)),
      rows,
    );
    if (driftOf(current.baseline, window).some(({ drifted }) => drifted)) alarmed++;
  }
  const result = { rows, looks, anyAlarm: alarmed / looks };
  console.error(JSON.stringify(result));
  return result;
}

function speedOf(rows, width) {
  const rng = createRng(1);
  const names = Array.from({ length: width }, (_, j) => (j % 4 === 0 ? 'text' : 'number'));
  const columns = names.map((name) => draw(name, rows, rng, 0));
  const started = performance.now();
  const baseline = baselineOf(columns, rows);
  const baselineSeconds = (performance.now() - started) / 1000;
  const times = [];
  for (let run = 0; run < 5; run++) {
    const from = performance.now();
    driftOf(baseline, count(baseline, columns, rows));
    times.push((performance.now() - from) / 1000);
  }
  return { rows, columns: width, baselineSeconds, countAndJudgeSeconds: summary(times) };
}

async function startRival() {
  const child = spawn(python, [join(ROOT, 'bench/drift_competitor.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { version } = JSON.parse((await lines.next()).value);
  return {
    version,
    ask: async (job) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      return JSON.parse((await lines.next()).value);
    },
    stop: () => child.stdin.end(),
  };
}

function gaussian(rng) {
  return Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
}
