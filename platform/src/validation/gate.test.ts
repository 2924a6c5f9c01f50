import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqlStores, type SqlStores } from '../adapters/sql/index.ts';
import type { Policy, ReportDetail } from '../contracts/validations.ts';
import { systemClock } from '../kernel/clock.ts';
import { createIdSource } from '../kernel/ids.ts';
import type { Isolate } from '../ports/isolate.ts';
import { type DraftFinding, ledgerEntry, type Weight } from './evidence.ts';
import { applyPolicy, requireMetrics } from './policy.ts';
import type { ValidationRequest } from './types.ts';
import { createValidation, requirePass } from './validation.ts';

const DIGEST = 'd'.repeat(64);

function draft(check: string, weight: Weight): DraftFinding {
  return { check, weight, summary: `${check} ${weight}` };
}

function verdictOf(drafts: readonly DraftFinding[], policy: Policy = {}, crashed = false): string {
  const outcome = crashed ? 'error' : 'pass';
  const ledger = [ledgerEntry({ check: 'x', subject: 's', metric: 'auc', rows: 1, outcome })];
  return applyPolicy(drafts, ledger, policy).verdict;
}

function reportOf(changes: Partial<ReportDetail> = {}): ReportDetail {
  return {
    ...{
      id: 'a'.repeat(32),
      model: 'adult',
      modelDigest: DIGEST,
      version: null,
      verdict: 'pass',
      blocking: 0,
      warnings: 0,
    },
    ...{
      tests: 1,
      task: 'binary',
      metric: { metric: 'auc', value: 0.9, interval: null },
      createdAt: 1,
      findings: [],
    },
    ...{
      metrics: [],
      baselines: [],
      curves: {},
      policy: {},
      testRows: 100,
      testSource: 'held out',
      testOpened: 1,
    },
    ...{ champion: null, seconds: 1 },
    ledger: [ledgerEntry({ check: 'x', subject: 's', metric: 'auc', rows: 1, outcome: 'pass' })],
    ...changes,
  } as ReportDetail;
}

describe('the verdict', () => {
  it.each<[string, readonly DraftFinding[], Policy, boolean, string]>([
    ['nothing found', [], {}, false, 'pass'],
    ['a warning', [draft('weak-slice', 'fails'), draft('leakage', 'warns')], {}, false, 'pass'],
    ['a blocking check fails', [draft('baseline', 'fails')], {}, false, 'fail'],
    [
      'a check the policy makes blocking',
      [draft('weak-slice', 'fails')],
      { blocking: ['weak-slice'] },
      false,
      'fail',
    ],
    ['a check the policy does not block on', [draft('baseline', 'fails')], { blocking: [] }, false, 'pass'],
    ['too little evidence', [draft('champion', 'insufficient')], {}, false, 'insufficient'],
    [
      'too little evidence, forbidden',
      [draft('champion', 'insufficient')],
      { insufficient: 'fail' },
      false,
      'fail',
    ],
    [
      'too little evidence about what does not block',
      [draft('calibration', 'insufficient')],
      {},
      false,
      'pass',
    ],
    ['a threshold is missed whatever blocks', [draft('policy', 'fails')], { blocking: [] }, false, 'fail'],
    ['a crash, whatever else', [draft('baseline', 'fails')], { blocking: [] }, true, 'error'],
  ])('%s', (_, drafts, policy, crashed, wanted) => {
    expect(verdictOf(drafts, policy, crashed)).toBe(wanted);
  });

  it('puts what blocks first', () => {
    const drafts = [draft('weak-slice', 'fails'), draft('x', 'notes'), draft('baseline', 'fails')];
    expect(applyPolicy(drafts, [], {}).findings.map(({ severity }) => severity)).toEqual([
      'blocking',
      'warning',
      'info',
    ]);
  });

  it('judges thresholds by the unfavourable end: the low one of a score, the high one of a loss', () => {
    const metrics = [
      { metric: 'auc', value: 0.91, interval: { low: 0.89, high: 0.93 } },
      { metric: 'logLoss', value: 0.3, interval: { low: 0.28, high: 0.32 } },
    ];
    const missed = (require: Record<string, number>) =>
      requireMetrics(metrics, { require }, 100).findings.length;
    expect([missed({ auc: 0.9 }), missed({ auc: 0.89 })]).toEqual([1, 0]);
    expect([missed({ logLoss: 0.31 }), missed({ logLoss: 0.32 })]).toEqual([1, 0]);
  });
});

describe('the gate', () => {
  it('lets pass and insufficient through, for the judged digest only', () => {
    expect(() => requirePass(reportOf(), DIGEST)).not.toThrow();
    expect(() => requirePass(reportOf({ verdict: 'insufficient' }), DIGEST)).not.toThrow();
    expect(() => requirePass(reportOf(), 'e'.repeat(64))).toThrowError(
      expect.objectContaining({ code: 'DIGEST_MISMATCH' }),
    );
  });

  it('refuses with the blocking findings in words', () => {
    const findings = [
      { check: 'champion', severity: 'blocking', summary: 'the model is worse than version 3' },
    ] as const;
    expect(() => requirePass(reportOf({ verdict: 'fail', findings: [...findings] }), DIGEST)).toThrowError(
      expect.objectContaining({
        code: 'GATE_REFUSED',
        message: expect.stringContaining('worse than version 3'),
      }),
    );
  });

  it('does not take an edited verdict on trust', () => {
    const findings = [{ check: 'leakage', severity: 'blocking', summary: 'leak' }] as const;
    expect(() => requirePass(reportOf({ findings: [...findings] }), DIGEST)).toThrowError(/leak/);
    const ledger = [ledgerEntry({ check: 'x', subject: 's', metric: 'auc', rows: 1, outcome: 'error' })];
    expect(() => requirePass(reportOf({ ledger }), DIGEST)).toThrowError(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    );
    const policy: Policy = { insufficient: 'fail' };
    expect(() => requirePass(reportOf({ verdict: 'insufficient', policy }), DIGEST)).toThrowError(
      expect.objectContaining({ code: 'GATE_REFUSED', spec: expect.objectContaining({ exit: 6 }) }),
    );
  });
});

describe('the service', () => {
  let folder: string;
  let stores: SqlStores;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-reports-'));
    const location = { kind: 'sqlite', path: join(folder, 'test.db') } as const;
    stores = await openSqlStores(location, { clock: systemClock, project: 'default' });
  });
  afterAll(async () => {
    await stores.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Answers as the child would: with a report about the request it was given. */
  const isolate: Isolate = {
    run: async <I, O>(_task: string, input: I): Promise<O> => {
      const { reportId, testOpened, createdAt } = input as unknown as ValidationRequest;
      return reportOf({ id: reportId, testOpened, createdAt }) as unknown as O;
    },
  };

  it('keeps reports, and counts how often a test part was opened', async () => {
    const { transactor, events, reports: store } = stores;
    const base = { transactor, events, clock: systemClock, ids: createIdSource(systemClock) };
    const validation = createValidation({ ...base, store, isolate, workRoot: folder });
    const request = { model: 'adult', modelDigest: DIGEST, testKey: 'part' } as Parameters<
      typeof validation.judge
    >[0];
    const opened: number[] = [];
    for (let i = 0; i < 3; i++) {
      const report = await validation.judge(request, {});
      await transactor.transaction((tx) => validation.publish(tx, report, { testKey: 'part' }));
      opened.push(report.testOpened);
      expect(await validation.get(report.id)).toEqual(report);
    }
    expect(opened).toEqual([1, 2, 3]);
    expect((await validation.list({ model: 'adult' })).items).toHaveLength(3);
    const told = await events.recent({ limit: 10, type: 'report.created' });
    expect(told).toHaveLength(3);
    await expect(validation.get('nope')).rejects.toMatchObject({ code: 'REPORT_NOT_FOUND' });
  });
});
