// Exact Shapley values of trees against LightGBM's pred_contrib: the same trees (LightGBM's own, 31 leaves) explained by both
// on one thread, runs interleaved, and the greatest difference between the two.
//
//   SLIPWAY_BENCH_PYTHON=venv/bin/python node bench/treeshap.mjs --adult path/to/adult.csv
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { featureValues } from '../platform/dist/estimators/booster/binning.js';
import { fitBooster } from '../platform/dist/estimators/booster/fit.js';
import { coverTrees } from '../platform/dist/estimators/explain/covers.js';
import { TreeExplainer } from '../platform/dist/estimators/explain/tree-shap.js';
import { takeFeatureRows } from '../platform/dist/tables/features.js';
import { adult, columnsOf, writeSets } from './adult.mjs';
import { findPython, options, ROOT, report, summary } from './harness.mjs';

const settings = options({ adult: '', runs: 5, rows: 10_000, leaves: 31 });
if (settings.adult === '') throw new Error('give the UCI Adult table: --adult path/to/adult.csv');
const python = findPython(['lightgbm']);
if (python === undefined) console.error('no Python with lightgbm: Slipway alone');

const { train, test } = explainedRows();
const results = [];
for (const trees of [100, 300]) results.push(await measure(trees));
report('treeshap', {
  settings: { rows: settings.rows, leaves: settings.leaves, features: 14, threads: 1 },
  targets: { cpuAgainstLightgbm: 2 },
  results,
});

function explainedRows() {
  const parts = adult(settings.adult);
  const rows = Int32Array.from({ length: settings.rows }, (_, i) => i % parts.test.features.rows);
  return {
    train: parts.train,
    test: {
      ...parts.test,
      features: takeFeatureRows(parts.test.features, rows),
      target: Float64Array.from(rows, (row) => parts.test.target[row]),
    },
  };
}

async function measure(trees) {
  const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const rival = python === undefined ? undefined : await startRival(work, trees);
  const own = ownBooster(trees);
  const ensembles = rival === undefined ? { own } : { own, same: lightgbmTrees(work) };
  const seen = { own: [], same: [], lightgbm: [] };
  let last;
  for (let run = -1; run < settings.runs; run++) {
    for (const [kind, ensemble] of Object.entries(ensembles)) {
      const result = explainOnce(ensemble);
      if (kind === 'same') last = result;
      if (run >= 0) seen[kind].push(result);
    }
    const theirs = await rival?.explain();
    if (run >= 0 && theirs !== undefined) seen.lightgbm.push(theirs);
  }
  rival?.stop();
  const times = (kind) => ({
    wallSeconds: summary(seen[kind].map(({ wall }) => wall)),
    cpuSeconds: summary(seen[kind].map(({ cpu }) => cpu)),
  });
  const result = { trees, slipway: times('own') };
  if (rival !== undefined) {
    const lightgbm = { version: rival.version, ...times('lightgbm') };
    const same = times('same');
    const ratio = (ours) => ours.cpuSeconds.median / lightgbm.cpuSeconds.median;
    Object.assign(result, {
      slipwayOnLightgbmTrees: same,
      lightgbm,
      cpuRatios: { sameTrees: ratio(same), ownTrees: ratio(result.slipway) },
      maxAbsDelta: greatestDifference(last.explained, work),
    });
  }
  rmSync(work, { recursive: true });
  console.error(trees, JSON.stringify({ ratios: result.cpuRatios, delta: result.maxAbsDelta }));
  return result;
}

/** Laying out the trees is timed, too. */
function explainOnce({ ensemble, features }) {
  const started = performance.now();
  const before = process.cpuUsage();
  const explainer = new TreeExplainer(
    ensemble,
    features.map((_, i) => i),
  );
  const explained = explainer.explain(features, settings.rows);
  const used = process.cpuUsage(before);
  return { explained, wall: (performance.now() - started) / 1000, cpu: (used.user + used.system) / 1e6 };
}

function ownBooster(trees) {
  const { model } = fitBooster(train, { rounds: trees, leaves: settings.leaves }, { seed: 1 });
  const values = (set) =>
    model.features.map((declared, i) => featureValues(set.features.features[i], declared.categories));
  const covers = coverTrees(model.trees, values(train), train.features.rows);
  return { ensemble: { trees: model.trees, covers, base: model.base }, features: values(test) };
}

function lightgbmTrees(work) {
  const pairs = JSON.parse(readFileSync(join(work, 'model.json'), 'utf8')).map(({ tree_structure: root }) =>
    convert(root),
  );
  const trees = pairs.map(({ tree }) => tree);
  return {
    ensemble: { trees, covers: pairs.map(({ cover }) => cover), base: [0] },
    features: columnsOf(test),
  };
}

function convert(root) {
  const tree = { feature: [], threshold: [], missingLeft: [], left: [], right: [], value: [] };
  const cover = [];
  const add = (node) => {
    const at = cover.length;
    const leaf = node.left_child === undefined;
    cover.push(leaf ? node.leaf_count : node.internal_count);
    tree.feature.push(leaf ? -1 : node.split_feature);
    tree.threshold.push(leaf ? 0 : roundDown(node.threshold));
    const missing = leaf ? false : node.missing_type === 'NaN' ? node.default_left : 0 <= node.threshold;
    tree.missingLeft.push(missing ? 1 : 0);
    tree.value.push(leaf ? node.leaf_value : 0);
    tree.left.push(-1);
    tree.right.push(-1);
    if (leaf) return at;
    tree.left[at] = add(node.left_child);
    tree.right[at] = add(node.right_child);
    return at;
  };
  add(root);
  return { tree, cover };
}

/** The greatest float32 that is not above: x ≤ it decides float32 values as x ≤ threshold does. */
function roundDown(threshold) {
  const near = Math.fround(threshold);
  if (near <= threshold) return near;
  const bits = new Int32Array(Float32Array.of(near).buffer);
  bits[0] += near > 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0];
}

function greatestDifference({ values, base, columns }, work) {
  const theirs = new Float64Array(new Uint8Array(readFileSync(join(work, 'values'))).buffer);
  let greatest = 0;
  for (let row = 0; row < settings.rows; row++) {
    for (let c = 0; c <= columns; c++) {
      const own = c < columns ? values[row * columns + c] : base[0];
      greatest = Math.max(greatest, Math.abs(own - theirs[row * (columns + 1) + c]));
    }
  }
  return greatest;
}

async function startRival(work, trees) {
  writeSets(work, { train, test });
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const script = join(ROOT, 'bench/treeshap_competitor.py');
  const args = [script, work, String(train.features.features.length), String(trees), String(settings.leaves)];
  const child = spawn(python, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await answers.next()).value);
  const { lightgbm } = await next();
  return {
    version: lightgbm,
    explain: () => {
      child.stdin.write('explain\n');
      return next();
    },
    stop: () => child.stdin.end(),
  };
}
