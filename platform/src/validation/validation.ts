import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Explanation } from '../contracts/explanations.ts';
import type { ReportDetail } from '../contracts/validations.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { EventLog } from '../ports/events.ts';
import type { Isolate } from '../ports/isolate.ts';
import type { Transactor } from '../ports/transaction.ts';
import type { ReportStore } from './ports.ts';
import type { ExplanationRequest, ValidationRequest, ValidationService } from './types.ts';
import './errors.ts';

export interface ValidationOptions {
  readonly store: ReportStore;
  readonly isolate: Isolate;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Folder for what the data engine spills; one subfolder per report, removed afterwards. */
  readonly workRoot: string;
}

const FINDINGS_NAMED_MAX = 5;

/** Judges in child processes, keeps reports, and stands at the gate. */
export function createValidation(options: ValidationOptions): ValidationService {
  const { store, isolate, events, clock, ids } = options;
  return {
    judge: async ({ testKey, ...request }, { signal, onProgress }) => {
      const reportId = ids();
      const opened = testKey === undefined ? 0 : await store.testOpenings(request.model, testKey);
      const workDir = join(options.workRoot, `validate-${reportId}`);
      await mkdir(workDir, { recursive: true });
      try {
        const input: ValidationRequest = {
          ...request,
          ...{ reportId, workDir, testOpened: opened + 1, createdAt: clock.now() },
        };
        return await isolate.run<ValidationRequest, ReportDetail, { message: string; fraction?: number }>(
          'validate',
          input,
          {
            ...(signal === undefined ? {} : { signal }),
            ...(onProgress === undefined ? {} : { onProgress }),
          },
        );
      } finally {
        await rm(workDir, { recursive: true, force: true });
      }
    },
    explain: async (input, { signal }) => {
      const workDir = join(options.workRoot, `explain-${ids()}`);
      await mkdir(workDir, { recursive: true });
      const request: ExplanationRequest = { ...input, workDir };
      return isolate
        .run<ExplanationRequest, Explanation>('explain', request, signal === undefined ? {} : { signal })
        .finally(() => rm(workDir, { recursive: true, force: true }));
    },
    publish: async (tx, report, { testKey }) => {
      await store.insert(tx, report);
      await store.recordOpening(tx, { model: report.model, testKey, reportId: report.id });
      const { model, modelDigest, verdict, blocking, warnings } = report;
      await events.append(tx, {
        type: 'report.created',
        subject: `validations/${report.id}`,
        data: { model, modelDigest, verdict, blocking, warnings },
      });
    },
    list: (query) => store.list(query),
    get: async (id) => {
      const report = await store.find(id);
      if (report !== undefined) return report;
      throw new SlipwayError('REPORT_NOT_FOUND', {
        message: `there is no report '${id.slice(0, 80)}'`,
        fix: 'List the reports of the model to find its id.',
      });
    },
    requirePass,
  };
}

/**
 * Lets a digest through only if this very report says so. The verdict is not taken on trust: crashed checks and blocking findings
 * in the report speak for themselves.
 *
 * @throws DIGEST_MISMATCH, VALIDATION_ERROR, GATE_REFUSED
 */
export function requirePass(report: ReportDetail, modelDigest: string): void {
  if (report.modelDigest !== modelDigest) {
    throw new SlipwayError('DIGEST_MISMATCH', {
      message: `report ${report.id} judged ${report.modelDigest.slice(0, 12)}, not ${modelDigest.slice(0, 12)}`,
      fix: 'Validate the model that is to be deployed.',
      details: { reportId: report.id, judged: report.modelDigest, asked: modelDigest },
    });
  }
  const crashed = report.ledger.filter(({ outcome }) => outcome === 'error');
  if (report.verdict === 'error' || crashed.length > 0) {
    throw new SlipwayError('VALIDATION_ERROR', {
      message: `a check could not be carried out: ${[...new Set(crashed.map(({ check }) => check))].join(', ') || 'unknown'}`,
      fix: 'Read the report; validate again once the cause is mended.',
      details: { reportId: report.id },
    });
  }
  const blocking = report.findings.filter(({ severity }) => severity === 'blocking');
  const forbidden = report.verdict === 'insufficient' && report.policy.insufficient === 'fail';
  const passes = report.verdict === 'pass' || report.verdict === 'insufficient';
  if (passes && !forbidden && blocking.length === 0) return;
  const named = blocking.slice(0, FINDINGS_NAMED_MAX).map(({ check, summary }) => `${check}: ${summary}`);
  const more = blocking.length > named.length ? `; and ${blocking.length - named.length} more` : '';
  throw new SlipwayError('GATE_REFUSED', {
    message: `${report.model} may not be deployed. ${named.join('; ') || `the verdict is ${report.verdict}`}${more}`,
    fix: 'Mend what blocks, or change the policy (--policy) if it asks for too much; nothing was registered or deployed.',
    details: { reportId: report.id, verdict: report.verdict, findings: blocking.map(({ check }) => check) },
  });
}
