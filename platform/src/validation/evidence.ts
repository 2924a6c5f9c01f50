import type { Finding, LedgerEntry, MetricEstimate, ReportDetail } from '../contracts/validations.ts';
import type { Metric, Truth } from '../estimators/metrics/types.ts';
import type { Table } from '../tables/table.ts';
import type { TestRows } from './test-rows.ts';
import type { ModelUnderTest, ValidationRequest } from './types.ts';

/** What every check sees. */
export interface Evidence {
  readonly request: ValidationRequest;
  readonly test: TestRows;
  /** Test rows whose label the model knows; `truth` and `predictions` are about these. */
  readonly table: Table;
  readonly truth: Truth;
  readonly predictions: Float32Array;
  /** The candidate's answers for all rows of `test.table`. */
  readonly allPredictions: Float32Array;
  /** The headline. */
  readonly metric: Metric;
  /** The candidate's metrics, the headline first where it is defined. */
  readonly metrics: readonly MetricEstimate[];
  /** Another model's answers for rows of `table` (all by default). */
  readonly predict: (model: ModelUnderTest, table: Table) => Promise<Float32Array>;
}

/**
 * How much a finding says, before the policy turns it into a severity: `fails` a bar, leaves a question open
 * (`insufficient`), `warns`, or is only noted.
 */
export type Weight = 'fails' | 'insufficient' | 'warns' | 'notes';

export type DraftFinding = Omit<Finding, 'severity'> & { readonly weight: Weight };

export interface CheckOutcome {
  readonly findings: readonly DraftFinding[];
  readonly ledger: readonly LedgerEntry[];
  readonly baselines?: readonly { name: string; metrics: MetricEstimate[] }[];
  readonly champion?: NonNullable<ReportDetail['champion']>;
}

export interface Check {
  readonly name: string;
  readonly run: (evidence: Evidence) => CheckOutcome | Promise<CheckOutcome>;
}

/** Null instead of a number that JSON does not have. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export function intervalOf({
  low,
  high,
}: {
  low: number;
  high: number;
}): { low: number; high: number } | null {
  return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : null;
}

/** A ledger line; what is not given is null. Effects are in the metric's units, positive = harm. */
export function ledgerEntry(
  entry: Pick<LedgerEntry, 'check' | 'subject' | 'metric' | 'rows' | 'outcome'> & Partial<LedgerEntry>,
): LedgerEntry {
  return { effect: null, interval: null, p: null, q: null, seed: null, ...entry };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 && share > 0 ? 2 : 1)} %`;
}

/** Four significant digits: enough to compare, few enough to read. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
