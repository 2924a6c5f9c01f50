// The main job as a user runs it: `launch` on 80 % of a table, scored through /invocations on the other 20 %,
// beside scikit-learn's HistGradientBoosting (defaults) on the same split where Python has it.
//
//   node bench/launch.mjs --data path/to/adult.csv --target income --positive ">50K" --runs 3
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPython, options, ROOT, report, summary } from './harness.mjs';

const settings = options({ data: '', target: 'income', positive: '>50K', runs: 3, budget: '30s', seed: 7 });
if (settings.data === '') {
  console.error('skipped: give --data a CSV file such as UCI Adult (header in the first line)');
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const lines = readFileSync(settings.data, 'utf8').trimEnd().split(/\r?\n/);
const header = lines[0].split(',');
const target = header.indexOf(settings.target);
const { train, test } = split(lines.slice(1), settings.seed);
const trainFile = join(work, 'train.csv');
writeFileSync(trainFile, `${[lines[0], ...train].join('\n')}\n`);
writeFileSync(join(work, 'test.csv'), `${[lines[0], ...test].join('\n')}\n`);

const runs = [];
for (let run = 0; run < settings.runs; run++) runs.push(await launchOnce(run));
const python = findPython(['sklearn', 'pandas']);
const competitor =
  python === undefined
    ? null
    : JSON.parse(
        execFileSync(python, ['-c', PYTHON(), work, settings.target, settings.positive], {
          encoding: 'utf8',
        }),
      );
report('launch', {
  data: { rows: lines.length - 1, trainRows: train.length, testRows: test.length, seed: settings.seed },
  budget: settings.budget,
  auc: summary(runs.map((entry) => entry.auc)),
  firstModelSeconds: summary(runs.map((entry) => entry.firstModelSeconds)),
  seconds: summary(runs.map((entry) => entry.seconds)),
  idleResidentMegabytes: summary(runs.map((entry) => entry.residentMegabytes)),
  histGradientBoosting: competitor ?? 'skipped: no Python with scikit-learn and pandas',
  aucDifference: competitor === null ? null : summary(runs.map((entry) => entry.auc - competitor.auc)),
});
rmSync(work, { recursive: true, force: true });

/** A keyed shuffle, so that the split is the same in every run and language-independent. */
function split(rows, seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  const shuffled = [...rows];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
  }
  const cut = Math.floor(shuffled.length * 0.8);
  return { train: shuffled.slice(0, cut), test: shuffled.slice(cut) };
}

async function launchOnce(run) {
  const home = join(work, `home-${run}`);
  const port = await freePort();
  const slipway = (...args) => [join(ROOT, 'bin/slipway.js'), ...args, '--home', home];
  const output = await collect(
    slipway(
      'launch',
      trainFile,
      '--target',
      settings.target,
      '--positive',
      settings.positive,
      '--name',
      'bench',
      '--budget',
      settings.budget,
      '--port',
      String(port),
      '--json',
    ),
  );
  const result = JSON.parse(output.trim().split('\n').at(-1));
  if (!result.ok) throw new Error(`the launch failed: ${JSON.stringify(result.error)}`);
  const auc = await score(`http://127.0.0.1:${port}/models/bench/invocations`);
  await sleep(5000);
  const { pid } = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8'));
  const residentMegabytes = residentOf(pid);
  await collect(slipway('stop'));
  const best = result.leaderboard[0];
  console.error(
    `run ${run}: AUC ${auc.toFixed(5)}, first model ${result.firstModelSeconds} s, all ${result.seconds} s, idle ${residentMegabytes.toFixed(0)} MB, ${best?.candidate}`,
  );
  return { auc, firstModelSeconds: result.firstModelSeconds, seconds: result.seconds, residentMegabytes };
}

async function score(url) {
  const columns = header.filter((_, index) => index !== target);
  const scores = [];
  const truth = [];
  for (let start = 0; start < test.length; start += 1000) {
    const rows = test.slice(start, start + 1000).map((line) => line.split(','));
    const data = rows.map((fields) =>
      fields.filter((_, index) => index !== target).map((text) => (text === '?' ? null : text)),
    );
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dataframe_split: { columns, data }, params: { probabilities: true } }),
    });
    if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`);
    const { predictions } = await reply.json();
    for (const [index, prediction] of predictions.entries()) {
      scores.push(prediction.probabilities[settings.positive]);
      truth.push(rows[index][target] === settings.positive ? 1 : 0);
    }
  }
  return auc(truth, scores);
}

function auc(truth, scores) {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let rankSum = 0;
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && scores[order[j]] === scores[order[i]]) j++;
    for (let k = i; k < j; k++) if (truth[order[k]] === 1) rankSum += (i + j + 1) / 2;
    i = j;
  }
  const positives = truth.reduce((sum, value) => sum + value, 0);
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (truth.length - positives));
}

function collect(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function residentOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

function PYTHON() {
  return `
import json, sys, pandas as pd, sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
work, target, positive = sys.argv[1:]
train, test = (pd.read_csv(f"{work}/{part}.csv", na_values=["?"]) for part in ("train", "test"))
features = [c for c in train.columns if c != target]
for c in features:
    if not pd.api.types.is_numeric_dtype(train[c]):
        levels = pd.CategoricalDtype(sorted(train[c].dropna().unique()))
        train[c], test[c] = train[c].astype(levels), test[c].astype(levels)
model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
model.fit(train[features], train[target])
p = model.predict_proba(test[features])[:, list(model.classes_).index(positive)]
print(json.dumps({"auc": roc_auc_score(test[target] == positive, p), "sklearn": sklearn.__version__}))
`;
}
