// Weak slices: false findings where nothing is wrong, and recall where something is. In the same run and on the same rows a
// naive rule: every slice whose mean loss is 5 % (relative) above that of all rows is an issue, without any test, as scanners
// that look for performance bias do by default.
//
//   node bench/slices.mjs --sets 500
import { createRng } from '../platform/dist/kernel/rng.js';
import { findWeakSlices } from '../platform/dist/validation/slice-check.js';
import { sliceColumns } from '../platform/dist/validation/slice-columns.js';
import { enumerateSlices, maskOf } from '../platform/dist/validation/slice-search.js';
import { options, report, summary } from './harness.mjs';

const settings = options({ sets: 500 });
const CATEGORICAL = 10;
const NUMERIC = 5;
const NAMES = [
  ...Array.from({ length: CATEGORICAL }, (_, j) => `c${j}`),
  ...Array.from({ length: NUMERIC }, (_, j) => `x${j}`),
];
const LEVELS = ['a', 'b', 'c', 'd', 'e'];
const ERROR_RATE = 0.15;

const results = [];
for (const rows of [500, 1000, 5000]) {
  results.push(measure({ case: 'null, classes', rows, planted: undefined, kind: 'accuracy' }));
  results.push(measure({ case: 'null, skewed absolute errors', rows, planted: undefined, kind: 'mae' }));
}
for (const drop of [0.1, 0.2]) {
  for (const planted of ['category', 'range', 'pair']) {
    results.push(
      measure({
        case: `planted −${100 * drop} points: ${planted}`,
        rows: 1000,
        planted,
        drop,
        kind: 'accuracy',
      }),
    );
  }
}
const speed = timeOf(100_000, 50);
report('slices', {
  settings: {
    ...settings,
    categorical: CATEGORICAL,
    levels: LEVELS.length,
    numeric: NUMERIC,
    errorRate: ERROR_RATE,
  },
  targets: { anyIssueOnNull: 0.05, recallOfMinus20: 0.95, secondsOf100kTimes50: 10 },
  results,
  secondsOf100kTimes50: speed,
});

function measure(setup) {
  let any = 0;
  let findings = 0;
  let naiveAny = 0;
  let naive = 0;
  let found = 0;
  const jaccards = [];
  for (let set = 0; set < settings.sets; set++) {
    const { table, losses, mask } = generate(setup, 7919 * set + setup.rows);
    const outcome = findWeakSlices(table, NAMES, { rowLosses: { metric: setup.kind, losses }, seed: set });
    any += outcome.findings.length > 0 ? 1 : 0;
    findings += outcome.findings.length;
    const issues = naiveIssues(table, losses);
    naiveAny += issues > 0 ? 1 : 0;
    naive += issues;
    if (mask === undefined) continue;
    const best = Math.max(0, ...slicesOf(table, outcome).map((other) => jaccardOf(mask, other)));
    jaccards.push(best);
    if (best >= 0.5) found++;
  }
  const share = (count) => count / settings.sets;
  const result = {
    case: setup.case,
    rows: setup.rows,
    anyIssue: share(any),
    findingsPerSet: share(findings),
    naive5Percent: { anyIssue: share(naiveAny), findingsPerSet: share(naive) },
    ...(setup.planted === undefined ? {} : { recall: share(found), jaccard: summary(jaccards) }),
  };
  console.error(JSON.stringify(result));
  return result;
}

/** Rows of each finding, by the names in its ledger line. */
function slicesOf(table, outcome) {
  return outcome.findings.map(({ summary: text }) =>
    conditionMask(table, /^where (.*) \([\d.]+ % of the test rows\)/.exec(text)[1]),
  );
}

function conditionMask(table, text) {
  const mask = new Uint8Array(table.rows).fill(1);
  for (const condition of text.split(' and ')) {
    const value = /^(\w+) = (\w+)$/.exec(condition);
    const range = /^(?:(\S+) < )?(\w+)(?: (≤|>) (\S+))?$/.exec(condition);
    const column = table.columns.find(({ name }) => name === (value?.[1] ?? range[2]));
    for (let row = 0; row < table.rows; row++) {
      const inside = value
        ? column.dictionary[column.codes[row]] === value[2]
        : !(range[1] !== undefined && !(column.values[row] > Number(range[1]))) &&
          !(range[3] === '≤' && !(column.values[row] <= Number(range[4]))) &&
          !(range[3] === '>' && !(column.values[row] > Number(range[4])));
      if (!inside) mask[row] = 0;
    }
  }
  return mask;
}

function generate({ rows, planted, drop = 0, kind }, seed) {
  const rng = createRng(seed);
  const columns = [
    ...Array.from({ length: CATEGORICAL }, (_, j) => ({
      name: `c${j}`,
      type: 'string',
      codes: Int32Array.from({ length: rows }, () =>
        j < 8 ? rng.int(LEVELS.length) : rng.next() < 0.45 ? 0 : 1,
      ),
      dictionary: LEVELS,
    })),
    ...Array.from({ length: NUMERIC }, (_, j) => ({
      name: `x${j}`,
      type: 'number',
      values: Float64Array.from({ length: rows }, () => rng.next()),
    })),
  ];
  const mask = planted === undefined ? undefined : new Uint8Array(rows);
  const losses = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (mask !== undefined) mask[row] = inPlanted(columns, row, planted) ? 1 : 0;
    const rate = ERROR_RATE + (mask?.[row] === 1 ? drop : 0);
    losses[row] = kind === 'mae' ? Math.exp(1.2 * gaussian(rng)) : rng.next() < rate ? 1 : 0;
  }
  return { table: { rows, columns }, losses, mask };
}

/** A fifth of the rows each: one category, a range no quintile has, one value of each of two columns. */
function inPlanted(columns, row, planted) {
  if (planted === 'category') return columns[3].codes[row] === 2;
  if (planted === 'range')
    return columns[CATEGORICAL + 1].values[row] > 0.3 && columns[CATEGORICAL + 1].values[row] <= 0.5;
  return columns[8].codes[row] === 0 && columns[9].codes[row] === 0;
}

function naiveIssues(table, losses) {
  const overall = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return enumerateSlices(sliceColumns(table, NAMES, 5)).filter((slice) => {
    if (slice.terms[0].from !== slice.terms[0].to) return false;
    const mask = maskOf(slice);
    let rows = 0;
    let sum = 0;
    for (let row = 0; row < losses.length; row++) {
      rows += mask[row];
      sum += mask[row] * losses[row];
    }
    return sum / rows > 1.05 * overall;
  }).length;
}

function timeOf(rows, width) {
  const rng = createRng(1);
  const columns = Array.from({ length: width }, (_, j) =>
    j % 2 === 0
      ? {
          name: `c${j}`,
          type: 'string',
          codes: Int32Array.from({ length: rows }, () => rng.int(5)),
          dictionary: LEVELS,
        }
      : { name: `c${j}`, type: 'number', values: Float64Array.from({ length: rows }, () => rng.next()) },
  );
  const losses = Float64Array.from({ length: rows }, () => (rng.next() < 0.15 ? 1 : 0));
  const names = columns.map(({ name }) => name);
  const times = [];
  for (let run = 0; run < 3; run++) {
    const started = performance.now();
    findWeakSlices({ rows, columns }, names, { rowLosses: { metric: 'accuracy', losses }, seed: run });
    times.push((performance.now() - started) / 1000);
  }
  return summary(times);
}

function jaccardOf(a, b) {
  let both = 0;
  let either = 0;
  for (let row = 0; row < a.length; row++) {
    both += a[row] & b[row];
    either += a[row] | b[row];
  }
  return both / either;
}

function gaussian(rng) {
  return Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
}
