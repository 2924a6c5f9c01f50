// Families on public tables in the same ten stratified folds as scikit-learn's: AUC out of fold by fold. Folds are recorded by a hash, so that
// anybody can draw them again. The tables are not part of the project.
//
//   SLIPWAY_BENCH_PYTHON=venv/bin/python node bench/tables.mjs --data folder/with/csv
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fitFamily } from '../platform/dist/estimators/families.js';
import { METRICS } from '../platform/dist/estimators/metrics/registry.js';
import { predictModel } from '../platform/dist/estimators/predict.js';
import { createRng } from '../platform/dist/kernel/rng.js';
import { takeFeatureRows } from '../platform/dist/tables/features.js';
import { findPython, options, report } from './harness.mjs';

const settings = options({ data: '', folds: 10, seed: 1 });
const TABLES = [
  ['kc1', 'Class', 'true'],
  ['phoneme', 'Class', '1'],
  ['blood_transfusion', 'op', '1'],
  ['german_credit', 'credit_risk', 'bad'],
];
const BOOSTER = { rounds: 100, leaves: 31, learningRate: 0.1, leafRowsMin: 20 };
const FAMILIES = {
  forest: ['forest', { rounds: 300 }],
  extraTrees: ['forest', { rounds: 300, randomThresholds: 1 }],
  booster: ['booster', BOOSTER],
  smallBooster: [
    'booster',
    { rounds: 150, leaves: 4, learningRate: 0.05, leafRowsMin: 10, featureFraction: 0.5, rowFraction: 0.8 },
  ],
  linear: ['linear', { lambda: 1e-2 }],
};

/** Quoted fields without line ends inside: what these tables have. */
function readTable(path) {
  const [header, ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const cells = (line) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell.replace(/^"|"$/g, '').trim());
  const names = cells(header).slice(0, header.split(',').length);
  const rows = lines.map((line) => cells(line).slice(0, names.length));
  return { names, rows };
}

function setOf({ names, rows }, target, positive) {
  const at = names.indexOf(target);
  const labels = [...new Set(rows.map((row) => row[at]))].sort();
  const yes = labels.includes(positive) ? positive : labels[0];
  const features = names.flatMap((name, column) => {
    if (column === at) return [];
    const texts = rows.map((row) => row[column]);
    const numbers = texts.map((text) => (text === '' || text === 'NA' ? Number.NaN : Number(text)));
    if (texts.every((text, i) => text === '' || text === 'NA' || !Number.isNaN(numbers[i])))
      return [{ kind: 'numeric', name, values: Float32Array.from(numbers) }];
    const categories = [...new Set(texts)].filter((text) => text !== '').sort();
    const place = new Map(categories.map((text, i) => [text, i]));
    return [
      {
        kind: 'categorical',
        name,
        categories,
        codes: Int32Array.from(texts, (text) => place.get(text) ?? -1),
      },
    ];
  });
  return {
    features: { rows: rows.length, features },
    target: Float64Array.from(rows, (row) => (row[at] === yes ? 1 : 0)),
  };
}

/** Rows shuffled within each class, dealt out in turn. */
function foldsOf(target) {
  const rng = createRng(settings.seed);
  const fold = new Int32Array(target.length);
  for (const label of [0, 1]) {
    const rows = [...target.keys()].filter((row) => target[row] === label);
    for (let i = rows.length - 1; i > 0; i--) {
      const j = rng.int(i + 1);
      [rows[i], rows[j]] = [rows[j], rows[i]];
    }
    rows.forEach((row, i) => {
      fold[row] = i % settings.folds;
    });
  }
  return fold;
}

const subset = ({ features, target }, rows) => ({
  features: takeFeatureRows(features, rows),
  target: Float64Array.from(rows, (row) => target[row]),
  task: 'binary',
  classes: 2,
});
const rowsWhere = (fold, wanted) => Int32Array.from([...fold.keys()].filter((row) => wanted(fold[row])));

function auc(target, probabilities) {
  return METRICS.auc.value({ target, task: 'binary', classes: 2 }, probabilities);
}

const python = findPython(['sklearn']);
const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const tables = [];
for (const [name, target, positive] of TABLES) {
  const path = join(settings.data, `${name}.csv`);
  if (!existsSync(path)) {
    console.error(`${name}: ${path} is not there`);
    continue;
  }
  const set = setOf(readTable(path), target, positive);
  const fold = foldsOf(set.target);
  const result = {
    table: name,
    rows: set.target.length,
    features: set.features.features.length,
    folds: createHash('sha256').update(Buffer.from(fold.buffer)).digest('hex').slice(0, 16),
    auc: {},
  };
  for (const [label, [family, params]] of Object.entries(FAMILIES)) {
    const scores = [];
    const began = process.cpuUsage();
    for (let k = 0; k < settings.folds; k++) {
      const train = subset(
        set,
        rowsWhere(fold, (f) => f !== k),
      );
      const valid = subset(
        set,
        rowsWhere(fold, (f) => f === k),
      );
      const { model } = fitFamily(family, train, params, { seed: 7 + k });
      scores.push(auc(valid.target, predictModel(model, valid.features)));
    }
    const used = process.cpuUsage(began);
    result.auc[label] = told(scores, (used.user + used.system) / 1e6);
  }
  if (python !== undefined) {
    const input = join(work, `${name}.json`);
    const features = set.features.features.map((feature) =>
      feature.kind === 'numeric'
        ? { values: [...feature.values].map((v) => (Number.isNaN(v) ? null : v)) }
        : { codes: [...feature.codes], categories: feature.categories.length },
    );
    writeFileSync(
      input,
      JSON.stringify({ features, target: [...set.target], fold: [...fold], folds: settings.folds }),
    );
    const out = execFileSync(
      python,
      [fileURLToPath(new URL('tables_competitor.py', import.meta.url)), input],
      { encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1' }, maxBuffer: 1 << 26 },
    );
    for (const [label, { scores, seconds }] of Object.entries(JSON.parse(out)))
      result.auc[label] = told(scores, seconds);
  }
  console.error(
    name,
    Object.entries(result.auc)
      .map(([label, { mean }]) => `${label} ${mean.toFixed(4)}`)
      .join('  '),
  );
  tables.push(result);
}
rmSync(work, { recursive: true });

function told(scores, cpuSeconds) {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const spread = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1));
  return { mean, spread, folds: scores, cpuSeconds };
}

report('tables', {
  what: 'AUC over ten stratified folds; defaults, no search. CPU seconds of all ten fits with prediction, one thread',
  families: FAMILIES,
  tables,
});
