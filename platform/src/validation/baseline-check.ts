import { pairedDifference } from '../estimators/metrics/intervals.ts';
import { normalUpper } from '../estimators/statistics/distributions.ts';
import {
  type Check,
  type CheckOutcome,
  type Evidence,
  finite,
  intervalOf,
  ledgerEntry,
  short,
} from './evidence.ts';
import { estimateMetrics } from './metrics.ts';
import type { ModelUnderTest } from './types.ts';

/** A gain over the constant smaller than this is worth nothing: when the interval is wider, the rows cannot tell. */
const USEFUL_GAIN_RATE = 0.1;
const USEFUL_GAIN_SHARE = 0.1;
/** Below this the intervals themselves cannot be trusted: a few rows ranked by luck look certain. */
const ROWS_MIN = 30;

/**
 * The candidate must beat a constant answer: the lower end of the paired 95 % interval above 0. Whether the linear model would do
 * as well is worth knowing, and does not block.
 */
export const baselineCheck: Check = {
  name: 'baseline',
  run: async (evidence) => {
    const outcomes: CheckOutcome[] = [];
    for (const baseline of evidence.request.baselines) {
      outcomes.push(compare(evidence, baseline, await evidence.predict(baseline, evidence.table)));
    }
    return {
      findings: outcomes.flatMap(({ findings }) => findings),
      ledger: outcomes.flatMap(({ ledger }) => ledger),
      baselines: outcomes.flatMap(({ baselines }) => baselines ?? []),
    };
  },
};

function compare(evidence: Evidence, baseline: ModelUnderTest, answers: Float32Array): CheckOutcome {
  const { truth, predictions, metric } = evidence;
  const found = pairedDifference(metric, truth, answers, predictions);
  const outcome = judge(evidence, found, answers);
  const isConstant = baseline.name === 'constant';
  const scored = { truth, predictions: answers, all: { truth, predictions: answers } };
  const harm = { low: -found.high, high: -found.low };
  const entry = ledgerEntry({
    check: 'baseline',
    subject: `candidate against ${baseline.name}`,
    metric: metric.name,
    rows: truth.target.length,
    effect: finite(-found.difference),
    interval: intervalOf(harm),
    p: finite(normalUpper(found.difference / found.standardError)),
    outcome,
  });
  const findings = isConstant
    ? constantFindings(evidence, outcome, found)
    : otherFindings(evidence, baseline.name, found);
  return {
    findings,
    ledger: [entry],
    baselines: [{ name: baseline.name, metrics: estimateMetrics(scored, metric, 'quick') }],
  };
}

type Difference = ReturnType<typeof pairedDifference>;

function judge(
  evidence: Evidence,
  { low, high }: Difference,
  answers: Float32Array,
): 'pass' | 'fail' | 'insufficient' {
  const { metric, truth } = evidence;
  if (truth.target.length < ROWS_MIN || !Number.isFinite(low) || !Number.isFinite(high))
    return 'insufficient';
  if (low > 0) return 'pass';
  const useful =
    metric.direction === 'maximise' ? USEFUL_GAIN_RATE : USEFUL_GAIN_SHARE * metric.value(truth, answers);
  return high > 0 && (high - low) / 2 > useful ? 'insufficient' : 'fail';
}

function constantFindings(
  { metric, truth }: Evidence,
  outcome: 'pass' | 'fail' | 'insufficient',
  found: Difference,
): CheckOutcome['findings'] {
  if (outcome === 'pass') return [];
  const interval = intervalOf({ low: -found.high, high: -found.low });
  const effect =
    interval === null
      ? {}
      : { effect: { metric: metric.name, value: -found.difference, interval, margin: 0 } };
  const rows = truth.target.length;
  return [
    outcome === 'fail'
      ? {
          check: 'baseline',
          weight: 'fails',
          summary: `the model is not better than always giving the same answer (${metric.title}, ${rows} test rows)`,
          rows,
          ...effect,
        }
      : {
          check: 'baseline',
          weight: 'insufficient',
          summary: `${rows} test rows are too few to tell whether the model is better than always giving the same answer`,
          rows,
          ...effect,
        },
  ];
}

function otherFindings(
  { metric, truth }: Evidence,
  name: string,
  found: Difference,
): CheckOutcome['findings'] {
  const rows = truth.target.length;
  if (found.high < 0) {
    const effect = {
      metric: metric.name,
      value: -found.difference,
      interval: { low: -found.high, high: -found.low },
      margin: 0,
    };
    return [
      {
        check: 'baseline',
        weight: 'warns',
        summary: `the ${name} baseline is better by ${short(-found.difference)} ${metric.name}`,
        rows,
        effect,
      },
    ];
  }
  // Equal to the last digit: the candidate is that baseline.
  const same = found.difference === 0 && found.standardError === 0;
  if (found.low > 0 || same || !Number.isFinite(found.low)) return [];
  return [
    {
      check: 'baseline',
      weight: 'notes',
      summary: `the simpler ${name} baseline cannot be told apart from the model on ${rows} test rows`,
      rows,
    },
  ];
}
