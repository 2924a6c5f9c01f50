import type { LedgerEntry, ReportDetail } from '../contracts/validations.ts';
import { metricOf } from '../estimators/metrics/registry.ts';
import type { Truth } from '../estimators/metrics/types.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import type { Engine } from '../ports/engine.ts';
import type { GraphRuntime } from '../ports/inference.ts';
import { takeRows } from '../tables/table.ts';
import { baselineCheck } from './baseline-check.ts';
import { calibrationCheck } from './calibration-check.ts';
import { championCheck } from './champion-check.ts';
import { coverageCheck } from './coverage-check.ts';
import { type CurveRows, drawCurves } from './curves.ts';
import { type Check, type CheckOutcome, type DraftFinding, type Evidence, ledgerEntry } from './evidence.ts';
import { leakageCheck } from './leakage-check.ts';
import { estimateMetrics } from './metrics.ts';
import { applyPolicy, requireMetrics } from './policy.ts';
import { predictTable, takePredictions } from './predictions.ts';
import { sliceCheck } from './slice-check.ts';
import { readTestRows } from './test-rows.ts';
import type { ValidationRequest } from './types.ts';

export interface ValidationPorts {
  readonly engine: Engine;
  readonly runtime: GraphRuntime;
  readonly onProgress?: (progress: { message: string; fraction?: number }) => void;
  readonly clock?: Clock;
}

const CHECKS: readonly Check[] = [
  baselineCheck,
  championCheck,
  leakageCheck,
  coverageCheck,
  calibrationCheck,
  sliceCheck,
];

/**
 * Judges exported graphs on test rows. The same request gives the same report but for `seconds`: all randomness is seeded.
 * A check that crashes is a line of the ledger with outcome `error`, and the verdict is `error`; it never passes.
 *
 * @throws TEST_COLUMNS_MISSING, TEST_ROWS_UNUSABLE, MODEL_UNREADABLE when there is nothing to judge or nothing to judge it on
 */
export async function runValidation(
  request: ValidationRequest,
  ports: ValidationPorts,
): Promise<ReportDetail> {
  const clock = ports.clock ?? systemClock;
  const started = clock.elapsed();
  const say = ports.onProgress ?? (() => undefined);
  say({ message: 'reading the test rows', fraction: 0 });
  const evidence = await gather(request, ports);
  const outcomes: CheckOutcome[] = [];
  for (const [i, check] of CHECKS.entries()) {
    say({ message: `checking: ${check.name}`, fraction: 0.3 + (0.6 * i) / CHECKS.length });
    outcomes.push(await carryOut(check, evidence));
  }
  say({ message: 'writing the report', fraction: 0.9 });
  const report = assemble(evidence, outcomes);
  return { ...report, seconds: (clock.elapsed() - started) / 1000 };
}

async function gather(request: ValidationRequest, { engine, runtime }: ValidationPorts): Promise<Evidence> {
  const session = await engine.open({ workDir: request.workDir });
  const test = await readTestRows(session, request).finally(() => session.close());
  const allPredictions = await predictTable(request.candidate, test.table, runtime);
  const everyRow = test.known.length === test.table.rows;
  const outputs = Math.max(1, request.candidate.signature.labels.length);
  const truth: Truth = everyRow
    ? test.truth
    : { ...test.truth, target: Float64Array.from(test.known, (row) => test.truth.target[row]!) };
  const predictions = everyRow ? allPredictions : takePredictions(allPredictions, outputs, test.known);
  const metric = metricOf(request.metric);
  const all = { truth: test.truth, predictions: allPredictions };
  return {
    request,
    test,
    metrics: estimateMetrics({ truth, predictions, all }, metric),
    table: everyRow ? test.table : takeRows(test.table, test.known),
    truth,
    allPredictions,
    predictions,
    metric,
    predict: (model, table) => predictTable(model, table, runtime),
  };
}

async function carryOut(check: Check, evidence: Evidence): Promise<CheckOutcome> {
  try {
    return await check.run(evidence);
  } catch (error) {
    const { code, message } = toSlipwayError(error);
    return {
      findings: [{ check: check.name, weight: 'fails', summary: `the check crashed (${code}): ${message}` }],
      ledger: [
        ledgerEntry({
          check: check.name,
          subject: `crashed: ${message}`.slice(0, 300),
          metric: evidence.metric.name,
          rows: evidence.table.rows,
          outcome: 'error',
        }),
      ],
    };
  }
}

function assemble(evidence: Evidence, outcomes: readonly CheckOutcome[]): Omit<ReportDetail, 'seconds'> {
  const { request, test, metrics } = evidence;
  const rows: CurveRows = {
    truth: evidence.truth,
    predictions: evidence.predictions,
    all: { truth: test.truth, predictions: evidence.allPredictions },
    labels: request.candidate.signature.labels,
  };
  const required = requireMetrics(metrics, request.policy, evidence.table.rows);
  const headline = headlineOf(evidence);
  const judged = [...outcomes, required, headline];
  const ledger = judged.flatMap(({ ledger: lines }) => lines);
  const drafts = judged.flatMap(({ findings: found }) => found);
  const { findings, verdict } = applyPolicy(drafts, ledger, request.policy);
  return {
    id: request.reportId,
    model: request.model,
    modelDigest: request.modelDigest,
    version: null,
    verdict,
    blocking: findings.filter(({ severity }) => severity === 'blocking').length,
    warnings: findings.filter(({ severity }) => severity === 'warning').length,
    tests: ledger.length,
    task: evidence.truth.task,
    metric: metrics[0]!,
    createdAt: request.createdAt,
    findings,
    metrics: [...metrics],
    baselines: outcomes.flatMap(({ baselines }) => [...(baselines ?? [])]),
    curves: drawCurves(rows),
    ledger,
    policy: request.policy,
    testRows: test.table.rows,
    testSource: test.source,
    testOpened: request.testOpened,
    champion: outcomes.find(({ champion }) => champion !== undefined)?.champion ?? null,
  };
}

/** The headline metric may not exist on these rows (one class only): then nothing is known about what matters most. */
function headlineOf({ metrics, metric, truth }: Evidence): {
  findings: DraftFinding[];
  ledger: LedgerEntry[];
} {
  if (metrics.length === 0) {
    throw new SlipwayError('TEST_ROWS_UNUSABLE', {
      message: `no metric is defined on the ${truth.target.length} test rows`,
      fix: 'Give more test rows, with more than one value of the target.',
    });
  }
  if (metrics[0]!.metric === metric.name) return { findings: [], ledger: [] };
  const rows = truth.target.length;
  const summary = `${metric.name} is not defined on the ${rows} test rows: they hold too few different targets`;
  return {
    findings: [{ check: 'baseline', weight: 'insufficient', summary, rows }],
    ledger: [
      ledgerEntry({
        check: 'baseline',
        subject: summary,
        metric: metric.name,
        rows,
        outcome: 'insufficient',
      }),
    ],
  };
}
