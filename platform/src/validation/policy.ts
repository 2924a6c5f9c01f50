import type {
  Finding,
  LedgerEntry,
  MetricEstimate,
  Policy,
  Severity,
  Verdict,
} from '../contracts/validations.ts';
import { METRICS } from '../estimators/metrics/registry.ts';
import type { MetricName } from '../estimators/metrics/types.ts';
import { type CheckOutcome, type DraftFinding, ledgerEntry, short } from './evidence.ts';

const BLOCKING_DEFAULT = ['baseline', 'champion', 'leakage'];
const SEVERITY_ORDER: Readonly<Record<Severity, number>> = { blocking: 0, warning: 1, info: 2 };

/**
 * From what the checks found to what may happen. A crashed check makes the verdict `error`, whatever else was found; then
 * `fail` (a blocking finding), `insufficient` (a blocking check could not tell), `pass`.
 */
export function applyPolicy(
  drafts: readonly DraftFinding[],
  ledger: readonly LedgerEntry[],
  policy: Policy,
): { findings: Finding[]; verdict: Verdict } {
  const blocking = new Set([...(policy.blocking ?? BLOCKING_DEFAULT), 'policy']);
  const findings = drafts
    .map(({ weight, ...finding }) => ({
      ...finding,
      severity: severityOf(weight, blocking.has(finding.check), policy),
    }))
    .sort((a, b) => SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity]);
  const undecided = drafts.some(({ weight, check }) => weight === 'insufficient' && blocking.has(check));
  const verdict = ledger.some(({ outcome }) => outcome === 'error')
    ? 'error'
    : findings.some(({ severity }) => severity === 'blocking')
      ? 'fail'
      : undecided
        ? 'insufficient'
        : 'pass';
  return { findings, verdict };
}

function severityOf(weight: DraftFinding['weight'], blocks: boolean, policy: Policy): Severity {
  switch (weight) {
    case 'fails':
      return blocks ? 'blocking' : 'warning';
    case 'insufficient':
      return blocks && policy.insufficient === 'fail' ? 'blocking' : 'warning';
    case 'warns':
      return 'warning';
    case 'notes':
      return 'info';
  }
}

/** Thresholds of the policy, judged by the unfavourable end of each interval. A metric that is not there does not meet any. */
export function requireMetrics(
  metrics: readonly MetricEstimate[],
  policy: Policy,
  rows: number,
): CheckOutcome {
  const judged = Object.entries(policy.require ?? {}).map(([name, threshold]) => {
    const estimate = metrics.find(({ metric }) => metric === name);
    const least = METRICS[name as MetricName]?.direction !== 'minimise';
    const end =
      estimate?.interval == null ? estimate?.value : least ? estimate.interval.low : estimate.interval.high;
    const met = end !== undefined && (least ? end >= threshold : end <= threshold);
    return { name, threshold, estimate, least, end, met };
  });
  return {
    findings: judged
      .filter(({ met }) => !met)
      .map(
        ({ name, threshold, estimate, least, end }): DraftFinding => ({
          check: 'policy',
          weight: 'fails',
          summary:
            estimate === undefined || end === undefined
              ? `the policy asks for ${name}, which these test rows do not give`
              : `the policy asks for ${name} ${least ? '≥' : '≤'} ${threshold}; it is ${short(estimate.value)}, and may be ${short(end)}`,
        }),
      ),
    ledger: judged.map(({ name, threshold, estimate, least, met }) =>
      ledgerEntry({
        check: 'policy',
        subject: `${name} ${least ? '≥' : '≤'} ${threshold}`,
        metric: name,
        rows,
        effect: estimate?.value ?? null,
        interval: estimate?.interval ?? null,
        outcome: met ? 'pass' : 'fail',
      }),
    ),
  };
}
