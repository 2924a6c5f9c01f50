import type { ReportDetail } from '../contracts/validations.ts';
import { pairedDifference } from '../estimators/metrics/intervals.ts';
import type { Truth } from '../estimators/metrics/types.ts';
import { testRowsOf } from '../estimators/split.ts';
import { normalUpper } from '../estimators/statistics/distributions.ts';
import { findColumn, type Table, takeRows } from '../tables/table.ts';
import {
  type Check,
  type CheckOutcome,
  type Evidence,
  finite,
  intervalOf,
  ledgerEntry,
  short,
} from './evidence.ts';
import { takePredictions } from './predictions.ts';
import type { ValidationRequest } from './types.ts';

type Champion = NonNullable<ValidationRequest['champion']>;

const ROWS_MIN = 100;
const MARGIN_RATE = 0.005;
const MARGIN_LOSS_SHARE = 0.01;

/**
 * May the candidate replace the version in service? On rows that neither was trained on, paired: the lower end of the 95 % interval
 * of the difference must lie above the margin (−.005 for metrics to maximise, −1 % of the champion's loss otherwise).
 *
 * Insufficient: fewer than 100 such rows, or an interval so wide that not even an equal model could show it is not worse, unless
 * it is worse for certain.
 */
export const championCheck: Check = {
  name: 'champion',
  run: async (evidence) => {
    const { champion } = evidence.request;
    if (champion === undefined) return { findings: [], ledger: [] };
    const shared = sharedRows(evidence, champion);
    if (typeof shared === 'string') return notComparable(evidence, champion, 0, shared);
    if (shared.length < ROWS_MIN) {
      const why = `only ${shared.length} rows are new to both it and version ${champion.version}; ${ROWS_MIN} are needed`;
      return notComparable(evidence, champion, shared.length, why);
    }
    return compare(evidence, champion, shared);
  },
};

/** Rows of the evidence that the champion was not trained on either; or why that cannot be known. */
function sharedRows(evidence: Evidence, champion: Champion): Int32Array | string {
  const { table, request, truth } = evidence;
  const { split } = champion;
  const needed = [...champion.coercions.map(({ column }) => column), ...split.columns];
  const missing = needed.filter((name) => findColumn(table, name) === undefined);
  if (missing.length > 0) return `the data no longer has ${missing.map((name) => `'${name}'`).join(', ')}`;
  if (truth.task !== 'regression') {
    const labels = new Set(champion.signature.labels);
    const known = request.candidate.signature.labels.filter((label) => labels.has(label));
    if (truth.task === 'binary' && known.length < 2) return 'it answers other classes';
  }
  if (split.method !== 'file') return testRowsOf(table, split);
  // It was trained on all rows of its snapshot; only a separate test file holds rows that it was not.
  return request.testPart === undefined
    ? 'it was trained on all of its rows and judged on a file; give a test file again'
    : Int32Array.from({ length: table.rows }, (_, i) => i);
}

function notComparable(evidence: Evidence, champion: Champion, rows: number, why: string): CheckOutcome {
  const { metric } = evidence;
  const entry = ledgerEntry({
    check: 'champion',
    subject: `candidate against version ${champion.version}`,
    metric: metric.name,
    rows,
    outcome: 'insufficient',
  });
  const margin = marginOf(evidence, undefined);
  return {
    findings: [
      {
        check: 'champion',
        weight: 'insufficient',
        summary: `whether the model is worse than version ${champion.version} in service cannot be told: ${why}`,
        rows,
      },
    ],
    ledger: [entry],
    champion: {
      ...{ version: champion.version, rows, metric: metric.name, margin },
      ...{ difference: null, interval: null, outcome: 'insufficient' },
    },
  };
}

async function compare(evidence: Evidence, champion: Champion, shared: Int32Array): Promise<CheckOutcome> {
  const { metric, request } = evidence;
  const rows = comparableRows(evidence, champion, shared);
  const part: Table = takeRows(evidence.table, rows);
  const truth: Truth = {
    ...evidence.truth,
    target: Float64Array.from(rows, (row) => evidence.truth.target[row]!),
  };
  const outputs = Math.max(1, request.candidate.signature.labels.length);
  const own = takePredictions(evidence.predictions, outputs, rows);
  const theirs = inOrderOf(
    request.candidate.signature.labels,
    champion,
    await evidence.predict(champion, part),
  );
  const found = pairedDifference(metric, truth, theirs, own);
  const margin = marginOf(evidence, metric.value(truth, theirs));
  const outcome = judge(found, margin, rows.length);
  return outcomeOf(evidence, champion, { rows: rows.length, found, margin, outcome });
}

interface Compared {
  readonly rows: number;
  readonly found: ReturnType<typeof pairedDifference>;
  readonly margin: number;
  readonly outcome: NonNullable<ReportDetail['champion']>['outcome'];
}

function judge({ low, high }: Compared['found'], margin: number, rows: number): Compared['outcome'] {
  if (rows < ROWS_MIN || !Number.isFinite(low) || !Number.isFinite(high)) return 'insufficient';
  if (low > -margin) return 'not-worse';
  const couldDecide = (high - low) / 2 <= margin;
  return couldDecide || high < 0 ? 'worse' : 'insufficient';
}

function outcomeOf(evidence: Evidence, champion: Champion, compared: Compared): CheckOutcome {
  const { metric } = evidence;
  const { rows, found, margin, outcome } = compared;
  const harm = intervalOf({ low: -found.high, high: -found.low });
  const entry = ledgerEntry({
    check: 'champion',
    subject: `candidate against version ${champion.version}`,
    metric: metric.name,
    rows,
    effect: finite(-found.difference),
    interval: harm,
    // Of "worse by the margin or more": small when the candidate is shown not to be worse.
    p: finite(normalUpper((found.difference + margin) / found.standardError)),
    outcome: outcome === 'not-worse' ? 'pass' : outcome === 'worse' ? 'fail' : 'insufficient',
  });
  const against = `version ${champion.version} in service`;
  const measured = `${metric.name} ${found.difference >= 0 ? '+' : '−'}${short(Math.abs(found.difference))}, at worst ${short(found.low)}; margin −${short(margin)}; ${rows} rows`;
  const finding = {
    check: 'champion',
    rows,
    ...(harm === null
      ? {}
      : { effect: { metric: metric.name, value: -found.difference, interval: harm, margin } }),
  };
  return {
    findings:
      outcome === 'not-worse'
        ? []
        : outcome === 'worse'
          ? [
              {
                ...finding,
                weight: 'fails',
                summary: `the model is worse than ${against}, or cannot be shown not to be (${measured})`,
              },
            ]
          : [
              {
                ...finding,
                weight: 'insufficient',
                summary: `whether the model is worse than ${against} cannot be told (${measured})`,
              },
            ],
    ledger: [entry],
    champion: {
      ...{ version: champion.version, rows, metric: metric.name, margin, outcome },
      difference: finite(found.difference),
      interval: intervalOf(found),
    },
  };
}

function marginOf({ metric, request }: Evidence, loss: number | undefined): number {
  const { championMargin } = request.policy;
  if (metric.direction === 'maximise') return championMargin ?? MARGIN_RATE;
  return (championMargin ?? MARGIN_LOSS_SHARE) * (loss ?? 1);
}

/** Rows whose label both know: nobody can be asked for a class that was not there. */
function comparableRows({ truth, request }: Evidence, champion: Champion, shared: Int32Array): Int32Array {
  if (truth.task === 'regression') return shared;
  const labels = new Set(champion.signature.labels);
  const both = request.candidate.signature.labels.map((label) => labels.has(label));
  return shared.filter((row) => both[truth.target[row]!]);
}

/** The champion's probabilities in the candidate's order of classes; 0 for a class it does not know. */
function inOrderOf(labels: readonly string[], champion: Champion, answers: Float32Array): Float32Array {
  const theirs = champion.signature.labels;
  if (
    labels.length === 0 ||
    labels.every((label, k) => theirs[k] === label && theirs.length === labels.length)
  ) {
    return answers;
  }
  const from = labels.map((label) => theirs.indexOf(label));
  const rows = answers.length / theirs.length;
  const mapped = new Float32Array(rows * labels.length);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < labels.length; k++) {
      mapped[row * labels.length + k] = from[k] === -1 ? 0 : answers[row * theirs.length + from[k]!]!;
    }
  }
  return mapped;
}
