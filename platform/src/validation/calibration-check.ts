import type { Predictions, Truth } from '../estimators/metrics/types.ts';
import { normalUpper, Z95 } from '../estimators/statistics/distributions.ts';
import { meanOf, varianceOf } from '../estimators/statistics/means.ts';
import { benjaminiHochberg } from '../estimators/statistics/multiple-testing.ts';
import { type Check, type DraftFinding, finite, intervalOf, ledgerEntry, short } from './evidence.ts';

const CHECK = 'calibration';
const ALPHA = 0.05;
/** A slope between these changes probabilities too little to matter. */
const SLOPE_LOW = 0.8;
const SLOPE_HIGH = 1.25;
/** Points between mean probability and what happened. */
const GAP_MARGIN = 0.05;
/** Fewer rows say nothing about a slope. */
const ROWS_MIN = 100;
const PROBABILITY_MIN = 1e-6;
const NEWTON_STEPS_MAX = 50;

/**
 * Are probabilities what they say? Slope: the exponent b for which p^b, normalised, fits best (1 / temperature; Cox's slope
 * without the intercept): below 1 the model is too sure, above 1 too timid. Gap (two classes): mean probability against the share
 * that happened. Both significant (Benjamini-Hochberg) and large enough to matter; ECE goes with them.
 */
export const calibrationCheck: Check = {
  name: CHECK,
  run: ({ truth, predictions, metrics }) => {
    const rows = truth.target.length;
    if (truth.task === 'regression') return { findings: [], ledger: [] };
    const ece = metrics.find(({ metric }) => metric === 'ece');
    const entry = ledgerEntry({
      check: CHECK,
      subject: 'expected calibration error',
      metric: 'ece',
      rows,
      effect: ece?.value ?? null,
      interval: ece?.interval ?? null,
      outcome: rows < ROWS_MIN ? 'insufficient' : 'pass',
    });
    if (rows < ROWS_MIN) return { findings: [], ledger: [entry] };
    const tests = [
      slopeTest(truth, predictions),
      ...(truth.task === 'binary' ? [gapTest(truth, predictions)] : []),
    ];
    const q = benjaminiHochberg(tests.map(({ p }) => p));
    const judged = tests.map((test, i) => ({ ...test, q: q[i]!, fails: q[i]! <= ALPHA && test.matters }));
    return {
      findings: judged.filter(({ fails }) => fails).map((test) => findingOf(test, rows, ece?.value)),
      ledger: [
        entry,
        ...judged.map((test) =>
          ledgerEntry({
            check: CHECK,
            subject: test.subject,
            metric: test.metric,
            rows,
            effect: finite(test.value),
            interval: intervalOf(test),
            p: finite(test.p),
            q: finite(test.q),
            outcome: test.fails ? 'fail' : 'pass',
          }),
        ),
      ],
    };
  },
};

interface CalibrationTest {
  readonly subject: string;
  readonly metric: 'slope' | 'gap';
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
  /** Beyond what is tolerated. */
  readonly matters: boolean;
}

function findingOf(
  test: CalibrationTest & { readonly q: number },
  rows: number,
  ece: number | undefined,
): DraftFinding {
  const summary =
    test.metric === 'gap'
      ? `probabilities are ${(100 * Math.abs(test.value)).toFixed(1)} points too ${test.value > 0 ? 'high' : 'low'} on average`
      : `probabilities are too ${test.value < 1 ? 'sure' : 'timid'}: calibration slope ${short(test.value)}`;
  return {
    check: CHECK,
    weight: 'fails',
    summary,
    rows,
    effect: {
      metric: test.metric,
      value: test.metric === 'gap' ? test.value : 1 - test.value,
      interval:
        test.metric === 'gap'
          ? { low: test.low, high: test.high }
          : { low: 1 - test.high, high: 1 - test.low },
      margin: test.metric === 'gap' ? GAP_MARGIN : 1 - SLOPE_LOW,
    },
    adjustedP: test.q,
    ...(ece === undefined ? {} : { evidence: { ece } }),
  };
}

/** Maximum likelihood of b in p_y^b / Σ p_k^b by Newton's method (the likelihood is concave), against b = 1. */
export function slopeTest({ target, classes }: Truth, predictions: Predictions): CalibrationTest {
  const logs = Float64Array.from(predictions, (p) => Math.log(Math.max(PROBABILITY_MIN, p)));
  let slope = 1;
  let information = 0;
  for (let step = 0; step < NEWTON_STEPS_MAX; step++) {
    const found = slopeDerivatives({ target, classes, logs, slope });
    information = found.information;
    if (!(information > 0)) break;
    const change = Math.max(-0.5 * slope, Math.min(slope, found.gradient / information));
    slope += change;
    if (Math.abs(change) < 1e-9) break;
  }
  const error = 1 / Math.sqrt(information);
  const [low, high] = [slope - Z95 * error, slope + Z95 * error];
  return {
    subject: 'calibration slope against 1',
    metric: 'slope',
    value: slope,
    low,
    high,
    p: Math.min(1, 2 * normalUpper(Math.abs(slope - 1) / error)),
    matters: high < SLOPE_LOW || low > SLOPE_HIGH,
  };
}

function slopeDerivatives(at: {
  readonly target: Float64Array;
  readonly classes: number;
  readonly logs: Float64Array;
  readonly slope: number;
}): { gradient: number; information: number } {
  const { target, classes, logs, slope } = at;
  let gradient = 0;
  let information = 0;
  for (let row = 0; row < target.length; row++) {
    const start = row * classes;
    let peak = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) peak = Math.max(peak, logs[start + k]!);
    let sum = 0;
    let first = 0;
    let second = 0;
    for (let k = 0; k < classes; k++) {
      const log = logs[start + k]! - peak;
      const weight = Math.exp(slope * log);
      sum += weight;
      first += weight * log;
      second += weight * log * log;
    }
    const mean = first / sum;
    gradient += logs[start + target[row]!]! - peak - mean;
    information += second / sum - mean * mean;
  }
  return { gradient, information };
}

function gapTest({ target }: Truth, predictions: Predictions): CalibrationTest {
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < target.length; row++) {
    const gap = predictions[2 * row + 1]! - target[row]!;
    sum += gap;
    squares += gap * gap;
  }
  const moments = { rows: target.length, sum, squares };
  const value = meanOf(moments);
  const error = Math.sqrt(varianceOf(moments) / target.length);
  return {
    subject: 'mean probability against what happened',
    metric: 'gap',
    value,
    low: value - Z95 * error,
    high: value + Z95 * error,
    p: error > 0 ? Math.min(1, 2 * normalUpper(Math.abs(value) / error)) : value === 0 ? 1 : 0,
    matters: Math.abs(value) >= GAP_MARGIN,
  };
}
