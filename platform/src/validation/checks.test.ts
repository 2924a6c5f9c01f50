import { describe, expect, it } from 'vitest';
import type { Policy } from '../contracts/validations.ts';
import { metricOf } from '../estimators/metrics/registry.ts';
import type { Truth } from '../estimators/metrics/types.ts';
import { createRng } from '../kernel/rng.ts';
import type { Coercions } from '../tables/coercion.ts';
import type { Table } from '../tables/table.ts';
import { baselineCheck } from './baseline-check.ts';
import { calibrationCheck, slopeTest } from './calibration-check.ts';
import { championCheck } from './champion-check.ts';
import { coverageCheck } from './coverage-check.ts';
import type { Evidence } from './evidence.ts';
import { leakageCheck } from './leakage-check.ts';
import { estimateMetrics } from './metrics.ts';
import { readTruth } from './truth.ts';
import type { ModelUnderTest, ValidationRequest } from './types.ts';

const LABELS = ['no', 'yes'];
const COERCIONS: Coercions = [
  {
    column: 'x',
    type: 'number',
    missingTokens: [],
    dateFormat: 'iso',
    emits: [{ name: 'x', kind: 'numeric', part: 'value', origin: 0 }],
  },
];

function model(name: string, labels = LABELS): ModelUnderTest {
  const signature = {
    task: 'binary',
    target: 'y',
    inputs: [],
    labels,
    numericLabels: false,
    positive: 'yes',
  } as const;
  return { name, onnxPath: '', coercions: COERCIONS, signature: { ...signature, inputs: [] } };
}

const HASH = { method: 'hash', key: 'k', columns: ['x'], testShare: 0.5 } as const;

/** Binary rows whose chances are known; `answers` says what each model answers for a chance. */
function evidenceOf(options: {
  readonly rows: number;
  readonly seed?: number;
  readonly own: (chance: number, noise: number) => number;
  readonly others?: Readonly<Record<string, (chance: number, noise: number) => number>>;
  readonly request?: Partial<ValidationRequest>;
  readonly policy?: Policy;
}): Evidence {
  const rng = createRng(options.seed ?? 1);
  const { rows } = options;
  const chances = Float64Array.from({ length: rows }, () => rng.next());
  const noises = Float64Array.from({ length: rows }, () => rng.next() - 0.5);
  const target = chances.map((chance) => (rng.next() < chance ? 1 : 0));
  const answersOf = (answer: (chance: number, noise: number) => number, order: ArrayLike<number>) => {
    const predictions = new Float32Array(2 * order.length);
    for (let i = 0; i < order.length; i++) {
      const p = Math.min(1, Math.max(0, answer(order[i]!, noises[chances.indexOf(order[i]!)]!)));
      predictions.set([1 - p, p], 2 * i);
    }
    return predictions;
  };
  const table: Table = { rows, columns: [{ name: 'x', type: 'number', values: chances }] };
  const truth: Truth = { task: 'binary', classes: 2, target };
  const predictions = answersOf(options.own, chances);
  const request: ValidationRequest = {
    ...{
      reportId: 'r',
      model: 'm',
      modelDigest: 'd',
      partPath: '',
      workDir: '',
      snapshotId: 's',
      metric: 'auc',
    },
    ...{ candidate: model('booster'), baselines: [], schema: { columns: [] }, split: HASH, leaks: 'exclude' },
    ...{ policy: options.policy ?? {}, guards: [], classes: [], testOpened: 1, seed: 1, createdAt: 0 },
    ...options.request,
  };
  const unused = { missing: 0, unreadable: 0, unfitted: new Map(), unknown: new Map() };
  const known = Int32Array.from({ length: rows }, (_, i) => i);
  return {
    ...{ request, table, truth, predictions, allPredictions: predictions, metric: metricOf('auc') },
    test: { table, truth, known, unused, duplicates: null, source: '' },
    metrics: estimateMetrics({ truth, predictions, all: { truth, predictions } }, metricOf('auc')),
    predict: async ({ name }, part) => {
      const column = part.columns[0]!;
      return answersOf(options.others![name]!, column.type === 'string' ? [] : column.values);
    },
  };
}

const honest = (chance: number) => chance;

describe('baseline', () => {
  const run = (rows: number, own: (chance: number, noise: number) => number) =>
    baselineCheck.run(
      evidenceOf({
        rows,
        own,
        others: { constant: () => 0.5, linear: (chance) => chance },
        request: { baselines: [model('constant'), model('linear')] },
      }),
    );

  it('lets a model through that ranks, and notes that the linear one does as well', async () => {
    const { findings, ledger, baselines } = await run(1000, (chance) => chance ** 1.001);
    expect(ledger[0]).toMatchObject({ check: 'baseline', outcome: 'pass' });
    expect(ledger[0]!.interval!.high).toBeLessThan(0);
    expect(findings.map(({ weight }) => weight)).not.toContain('fails');
    expect(baselines!.map(({ name }) => name)).toEqual(['constant', 'linear']);
  });

  it('fails a model that is noise, and warns that the linear one is better', async () => {
    const { findings } = await run(3000, (_, noise) => 0.5 + noise);
    expect(findings.map(({ weight }) => weight)).toEqual(['fails', 'warns']);
    expect(findings[0]!.effect!.interval.high).toBeGreaterThan(0);
  });

  it('cannot tell on a handful of rows', async () => {
    const { findings, ledger } = await run(12, (chance, noise) => 0.5 + noise + 0.3 * (chance - 0.5));
    expect(ledger[0]!.outcome).toBe('insufficient');
    expect(findings[0]).toMatchObject({ weight: 'insufficient' });
  });
});

describe('champion', () => {
  const run = (options: {
    rows: number;
    own?: (chance: number, noise: number) => number;
    theirs?: (chance: number, noise: number) => number;
    champion?: Partial<NonNullable<ValidationRequest['champion']>>;
    labels?: string[];
  }) => {
    const champion = {
      ...model('v3', options.labels),
      version: 3,
      split: HASH,
      snapshotId: 's',
      ...options.champion,
    };
    return championCheck.run(
      evidenceOf({
        rows: options.rows,
        own: options.own ?? honest,
        others: { v3: options.theirs ?? honest },
        request: { champion },
      }),
    );
  };

  it('lets the same model through, whatever the number of rows beyond the least', async () => {
    const { champion, findings } = await run({ rows: 400 });
    expect(champion).toMatchObject({ outcome: 'not-worse', difference: 0, version: 3, margin: 0.005 });
    expect(findings).toEqual([]);
  });

  it('compares only rows that neither was trained on', async () => {
    const { champion } = await run({ rows: 2000 });
    expect(champion!.rows).toBeGreaterThan(900);
    expect(champion!.rows).toBeLessThan(1100);
  });

  it('refuses a model that is worse, and one that cannot be shown not to be', async () => {
    const worse = await run({ rows: 4000, own: (chance, noise) => chance + noise });
    expect(worse.champion!.outcome).toBe('worse');
    expect(worse.findings[0]).toMatchObject({ check: 'champion', weight: 'fails' });
    const slightly = await run({ rows: 30_000, own: (chance, noise) => chance + 0.17 * noise });
    expect(slightly.champion!.difference).toBeGreaterThan(-0.005);
    expect(slightly.champion!.interval!.low).toBeLessThan(-0.005);
    expect(slightly.champion!.outcome).toBe('worse');
  });

  it('cannot tell on few rows, nor with an interval in which nothing could be shown', async () => {
    expect((await run({ rows: 150 })).champion).toMatchObject({ outcome: 'insufficient', difference: null });
    const wide = await run({
      rows: 400,
      own: (chance, noise) => chance + noise / 2,
      theirs: (c, noise) => c - noise / 2,
    });
    expect(wide.champion!.outcome).toBe('insufficient');
    expect(wide.findings[0]).toMatchObject({ weight: 'insufficient' });
  });

  it('says why when there is nothing to compare', async () => {
    const gone = await run({ rows: 400, champion: { split: { ...HASH, columns: ['gone'] } } });
    expect(gone.findings[0]!.summary).toContain("no longer has 'gone'");
    const file = await run({ rows: 400, champion: { split: { ...HASH, method: 'file', columns: [] } } });
    expect(file.findings[0]!.summary).toContain('give a test file again');
    const other = await run({ rows: 400, labels: ['no', 'maybe'] });
    expect(other.findings[0]!.summary).toContain('other classes');
    for (const { champion } of [gone, file, other]) expect(champion!.outcome).toBe('insufficient');
  });

  it("maps the champion's classes to the candidate's order", async () => {
    const turned = await run({ rows: 1000, labels: ['yes', 'no'], theirs: (chance) => 1 - chance });
    expect(turned.champion).toMatchObject({ outcome: 'not-worse', difference: 0 });
  });
});

describe('calibration', () => {
  const run = (own: (chance: number) => number, rows = 4000) =>
    calibrationCheck.run(evidenceOf({ rows, own }));
  const sharpened = (temperature: number) => (chance: number) => {
    const odds = (chance / (1 - chance)) ** (1 / temperature);
    return odds / (1 + odds);
  };

  it('has nothing to say about honest probabilities', async () => {
    let found = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const outcome = await calibrationCheck.run(evidenceOf({ rows: 500, seed, own: honest }));
      found += outcome.findings.length;
    }
    expect(found).toBe(0);
  });

  it('finds temperatures of one half and of two, and which way they err', async () => {
    expect((await run(sharpened(0.5))).findings[0]!.summary).toContain('too sure');
    expect((await run(sharpened(2))).findings[0]!.summary).toContain('too timid');
  });

  it('measures the slope as 1 / temperature', () => {
    const { truth, predictions } = evidenceOf({ rows: 20_000, own: sharpened(2) });
    const slope = slopeTest(truth, predictions);
    expect(slope.low).toBeLessThan(2);
    expect(slope.high).toBeGreaterThan(2);
  });

  it('finds probabilities that are too high on average', async () => {
    const { findings } = await run((chance) => Math.min(1, chance + 0.15));
    expect(findings.some(({ summary }) => summary.includes('too high on average'))).toBe(true);
  });

  it('does not judge a handful of rows', async () => {
    const { findings, ledger } = await run(sharpened(0.5), 50);
    expect(findings).toEqual([]);
    expect(ledger[0]!.outcome).toBe('insufficient');
  });
});

describe('leakage', () => {
  const guard = {
    guard: 'leak',
    severity: 'warning',
    columns: ['total'],
    summary: "'total' contains the target",
  } as const;

  it('warns of a column that was left out, and fails a model that uses it', async () => {
    const run = (action: 'excluded' | 'kept') =>
      leakageCheck.run(
        evidenceOf({
          rows: 10,
          own: honest,
          request: { guards: [{ ...guard, columns: ['total'], action }] },
        }),
      );
    expect((await run('excluded')).findings[0]).toMatchObject({ weight: 'warns', columns: ['total'] });
    expect((await run('kept')).findings[0]).toMatchObject({ weight: 'fails' });
  });

  it('counts test rows that were trained on', async () => {
    const evidence = evidenceOf({ rows: 100, own: honest });
    const { findings, ledger } = await leakageCheck.run({
      ...evidence,
      test: { ...evidence.test, duplicates: 7 },
    });
    expect(findings[0]).toMatchObject({ weight: 'warns', rows: 7, share: 0.07 });
    expect(ledger[0]!.outcome).toBe('fail');
  });
});

describe('classes', () => {
  const column = (texts: readonly string[]) => {
    const dictionary = [...new Set(texts.filter((text) => text !== ''))];
    return {
      name: 'y',
      type: 'string',
      codes: Int32Array.from(texts, (text) => dictionary.indexOf(text)),
      dictionary,
    } as const;
  };
  const classes = [
    { label: 'no', rows: 100, fitted: true },
    { label: 'yes', rows: 50, fitted: true },
    { label: 'rare', rows: 3, fitted: false },
  ];

  it('are told apart into known, too rare, never seen and missing', () => {
    const { truth, rows, unused } = readTruth(column(['no', 'rare', '', 'yes ', 'new', 'yes']), {
      candidate: model('m'),
      classes,
    });
    expect([...rows]).toEqual([0, 1, 3, 4, 5]);
    expect([...truth.target]).toEqual([0, 2, 1, 2, 1]);
    expect(unused).toMatchObject({
      missing: 1,
      unfitted: new Map([['rare', 1]]),
      unknown: new Map([['new', 1]]),
    });
  });

  it('are found under another spelling of the same number or boolean', () => {
    const numeric = {
      ...model('m'),
      signature: { ...model('m').signature, labels: ['0', '1'], numericLabels: true },
    };
    const read = readTruth(column(['0', '1.0', '01']), { candidate: numeric, classes: [] });
    expect([...read.truth.target]).toEqual([0, 1, 1]);
    const booleans = { ...model('m'), signature: { ...model('m').signature, labels: ['false', 'true'] } };
    expect([
      ...readTruth(column(['True', 'FALSE', 'no']), { candidate: booleans, classes: [] }).truth.target,
    ]).toEqual([1, 0, 0]);
  });

  it('that cannot be answered are warned of, with their rows', async () => {
    const evidence = evidenceOf({ rows: 100, own: honest, request: { classes } });
    const unused = {
      missing: 2,
      unreadable: 0,
      unfitted: new Map([['rare', 1]]),
      unknown: new Map([['new', 4]]),
    };
    const { findings } = await coverageCheck.run({ ...evidence, test: { ...evidence.test, unused } });
    expect(findings.map(({ weight, rows }) => [weight, rows])).toEqual([
      ['warns', 1],
      ['warns', 4],
      ['notes', 2],
    ]);
    expect(findings[0]!.summary).toContain("'rare' (3)");
  });
});
