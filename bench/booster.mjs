// The booster against LightGBM and scikit-learn's HistGradientBoosting: 100 trees of 31 leaves, 255 bins, rate 0.1, one
// thread each, binning included, runs interleaved so that a busy machine is busy for all.
//
//   SLIPWAY_BENCH_PYTHON=venv/bin/python node bench/booster.mjs --adult path/to/adult.csv
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fitBooster } from '../platform/dist/estimators/booster/fit.js';
import { generateSet } from '../platform/dist/estimators/generated-sets.js';
import { METRICS } from '../platform/dist/estimators/metrics/registry.js';
import { predictModel } from '../platform/dist/estimators/predict.js';
import { adult, split, writeSets } from './adult.mjs';
import { findPython, median, options, ROOT, report, summary } from './harness.mjs';

const settings = options({ adult: '', runs: 7, only: '' });
const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const python = findPython(['sklearn', 'lightgbm']);
if (python === undefined) console.error('no Python with scikit-learn and lightgbm: Slipway alone');

const cases = [
  { name: '50k x 20', set: () => synthetic(50_000, 20_000), runs: settings.runs },
  { name: '500k x 20', set: () => synthetic(500_000, 50_000), runs: Math.min(3, settings.runs) },
  ...(settings.adult === ''
    ? []
    : [{ name: 'adult', set: () => adult(settings.adult), runs: settings.runs }]),
].filter(({ name }) => settings.only === '' || name === settings.only);

const results = [];
for (const one of cases) results.push(await measure(one));
rmSync(work, { recursive: true });
report('booster', {
  settings: { trees: 100, leaves: 31, bins: 255, learningRate: 0.1, leafRowsMin: 20, threads: 1 },
  targets: { cpuAgainstHistGradientBoosting: 1, cpuAgainstLightgbm: 1.1, aucWithin: 0.001 },
  results,
});

async function measure({ name, set, runs }) {
  const { train, test } = set();
  const rival = python === undefined ? undefined : await startRival(train, test);
  const kinds = ['slipway', ...(rival === undefined ? [] : ['lightgbm', 'histgradientboosting'])];
  const seen = Object.fromEntries(kinds.map((kind) => [kind, []]));
  // One run each to warm up, which is not counted: compilation here, page cache and imports there.
  for (let run = -1; run < runs; run++) {
    for (const kind of kinds) {
      const result = kind === 'slipway' ? fitOnce(train, test) : await rival.fit(kind);
      if (run >= 0) seen[kind].push(result);
    }
  }
  rival?.stop();
  const fitters = kinds.map((kind) => ({
    fitter: kind,
    version: rival?.versions[kind],
    wallSeconds: summary(seen[kind].map(({ wall }) => wall)),
    cpuSeconds: summary(seen[kind].map(({ cpu }) => cpu)),
    auc: median(seen[kind].map(({ auc }) => auc)),
  }));
  const [own, ...others] = fitters;
  const ratios = Object.fromEntries(
    others.map(({ fitter, cpuSeconds, wallSeconds, auc }) => [
      fitter,
      {
        cpu: own.cpuSeconds.median / cpuSeconds.median,
        wall: own.wallSeconds.median / wallSeconds.median,
        auc: own.auc - auc,
      },
    ]),
  );
  console.error(name, JSON.stringify(ratios));
  const { rows, features } = train.features;
  return {
    case: name,
    trainRows: rows,
    testRows: test.features.rows,
    features: features.length,
    fitters,
    ratios,
  };
}

function fitOnce(train, test) {
  const started = performance.now();
  const before = process.cpuUsage();
  const { model } = fitBooster(train, {}, { seed: 1 });
  const used = process.cpuUsage(before);
  const wall = (performance.now() - started) / 1000;
  const auc = METRICS.auc.value(test, predictModel(model, test.features));
  return { wall, cpu: (used.user + used.system) / 1e6, auc };
}

function synthetic(trainRows, testRows) {
  const rows = trainRows + testRows;
  const set = generateSet({ task: 'binary', rows, seed: 7, numeric: 20, mixed: false });
  return split(set, (row) => row < trainRows);
}

/** A Python process that holds the same rows and fits on request, so that imports and loading are not timed. */
async function startRival(train, test) {
  const categorical = writeSets(work, { train, test });
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const script = join(ROOT, 'bench/booster_competitor.py');
  const child = spawn(python, [script, work, String(train.features.features.length), categorical.join(',')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await answers.next()).value);
  const versions = await next();
  return {
    versions,
    fit: (kind) => {
      child.stdin.write(`${kind}\n`);
      return next();
    },
    stop: () => child.stdin.end(),
  };
}
