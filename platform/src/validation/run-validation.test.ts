import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import { createOnnxRuntime } from '../adapters/runtime-onnx/index.ts';
import type { ModelSignature } from '../contracts/models.ts';
import type { SplitRule } from '../estimators/bundle.ts';
import { fitFamily } from '../estimators/families.ts';
import { exportOnnx } from '../estimators/onnx/export.ts';
import { trainRowsOf } from '../estimators/split.ts';
import type { Task, TrainingSet } from '../estimators/types.ts';
import { createRng } from '../kernel/rng.ts';
import { type Coercions, coerceTable } from '../tables/coercion.ts';
import { type Column, type Table, type TableSchema, takeRows } from '../tables/table.ts';
import { runValidation } from './run-validation.ts';
import type { ModelUnderTest, ValidationRequest } from './types.ts';

// Real files, the real data engine, real exported graphs.
const CITIES = ['Athens', 'Bergen', 'Cork', 'Delft'];
const SCHEMA: TableSchema = {
  columns: [
    { name: 'age', type: 'number', missingTokens: [] },
    { name: 'city', type: 'string', missingTokens: [] },
    { name: 'y', type: 'string', missingTokens: [] },
    { name: 'amount', type: 'number', missingTokens: [] },
  ],
};
const COERCIONS: Coercions = [
  {
    column: 'age',
    type: 'number',
    missingTokens: [],
    dateFormat: 'iso',
    emits: [{ name: 'age', kind: 'numeric', part: 'value', origin: 0 }],
  },
  {
    column: 'city',
    type: 'string',
    missingTokens: [],
    dateFormat: 'iso',
    emits: [{ name: 'city', kind: 'categorical', part: 'value', origin: 0 }],
  },
];
const SPLIT: SplitRule = { method: 'hash', key: 'k', columns: ['age', 'city'], testShare: 0.4 };
const ROWS = 3000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-validation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Linear in age, but noise in Cork: a slice in which any model errs. */
function people(rows: number, seed: number): Table {
  const rng = createRng(seed);
  const age = Float64Array.from({ length: rows }, () =>
    rng.next() < 0.03 ? Number.NaN : 10 * rng.next() - 5,
  );
  const codes = Int32Array.from({ length: rows }, () => rng.int(4));
  const label = (row: number) => {
    if (rng.next() < 0.002) return 2;
    const chance = codes[row] === 2 ? 0.5 : 1 / (1 + Math.exp(-2 * (age[row] || 0)));
    return rng.next() < chance ? 1 : 0;
  };
  const y = Int32Array.from({ length: rows }, (_, row) => label(row));
  const amount = Float64Array.from(age, (value, row) => 3 * (value || 0) + codes[row]! + rng.next());
  const columns: Column[] = [
    { name: 'age', type: 'number', values: age },
    { name: 'city', type: 'string', codes, dictionary: CITIES },
    { name: 'y', type: 'string', codes: y, dictionary: ['no', 'yes', 'rare'] },
    { name: 'amount', type: 'number', values: amount },
  ];
  return { rows, columns };
}

async function writePart(table: Table, name: string): Promise<string> {
  const path = join(folder, name);
  const json = `${path}.json`;
  const lines = Array.from({ length: table.rows }, (_, row) =>
    JSON.stringify(
      Object.fromEntries(
        table.columns.map((column) => [
          column.name,
          column.type === 'string' ? (column.dictionary[column.codes[row]!] ?? null) : column.values[row],
        ]),
      ),
    ),
  );
  await writeFile(json, lines.join('\n'));
  const session = await createDuckdbEngine().open({ workDir: folder });
  await session.run(
    `COPY (SELECT * FROM read_json('${json}', format = 'newline_delimited')) TO '${path}' (FORMAT parquet)`,
  );
  await session.close();
  return path;
}

function signatureOf(task: Task): ModelSignature {
  const labels = task === 'regression' ? [] : ['no', 'yes'];
  const target = task === 'regression' ? 'amount' : 'y';
  return { task, target, inputs: [], labels, numericLabels: false, positive: labels[1] ?? null };
}

async function fitted(
  table: Table,
  family: 'linear' | 'constant',
  task: Task,
  name: string,
): Promise<ModelUnderTest> {
  const signature = signatureOf(task);
  const target = table.columns.find((column) => column.name === signature.target)!;
  const usable = Int32Array.from(trainRowsOf(table, SPLIT)).filter(
    (row) => target.type !== 'string' || target.codes[row]! < 2,
  );
  const part = takeRows(table, usable);
  const column = part.columns.find((candidate) => candidate.name === signature.target)!;
  const values = column.type === 'string' ? Float64Array.from(column.codes) : column.values;
  const features = coerceTable(part, COERCIONS);
  const training: TrainingSet = { features, target: values, task, classes: task === 'regression' ? 1 : 2 };
  const { model } = fitFamily(family, training, {}, { seed: 1 });
  const onnxPath = join(folder, `${name}.onnx`);
  await writeFile(
    onnxPath,
    exportOnnx(model, { task, labels: signature.labels, features: features.features }),
  );
  return { name, onnxPath, signature, coercions: COERCIONS };
}

async function requestFor(
  task: Task,
  table: Table,
  changes: Partial<ValidationRequest> = {},
): Promise<ValidationRequest> {
  return {
    ...{ reportId: 'a'.repeat(32), model: 'people', modelDigest: 'b'.repeat(64), workDir: folder },
    candidate: await fitted(table, 'linear', task, `linear-${task}`),
    baselines: [await fitted(table, 'constant', task, 'constant')],
    partPath: await writePart(table, `${task}.parquet`),
    ...{
      schema: SCHEMA,
      split: SPLIT,
      snapshotId: 'c'.repeat(64),
      metric: task === 'regression' ? 'rmse' : 'auc',
    },
    ...{ policy: {}, guards: [], leaks: 'exclude', testOpened: 1, seed: 7, createdAt: 1_700_000_000_000 },
    classes:
      task === 'regression'
        ? []
        : [
            { label: 'no', rows: 1500, fitted: true },
            { label: 'yes', rows: 1500, fitted: true },
            { label: 'rare', rows: 6, fitted: false },
          ],
    ...changes,
  };
}

const ports = { engine: createDuckdbEngine(), runtime: createOnnxRuntime() };

describe('a validation of two classes', () => {
  let request: ValidationRequest;
  beforeAll(async () => {
    request = await requestFor('binary', people(ROWS, 1));
  });

  it('passes an honest model and says where it errs, what it cannot answer, and how sure that is', async () => {
    const report = await runValidation(request, ports);
    expect(report.verdict).toBe('pass');
    expect(report.metrics.map(({ metric }) => metric)).toEqual([
      'auc',
      'prAuc',
      'logLoss',
      'accuracy',
      'brier',
      'ece',
    ]);
    for (const { value, interval } of report.metrics) {
      expect(interval!.low).toBeLessThanOrEqual(value);
      expect(interval!.high).toBeGreaterThanOrEqual(value);
    }
    const slice = report.findings.find(({ check }) => check === 'weak-slice')!;
    expect(slice).toMatchObject({ severity: 'warning', columns: ['city'] });
    expect(slice.summary).toContain('city = Cork');
    const rare = report.findings.find(({ check }) => check === 'class-coverage')!;
    expect(rare.summary).toContain("'rare' (6)");
    expect(report.testRows / ROWS).toBeCloseTo(SPLIT.testShare, 1);
    expect(report.curves.confusion!.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(
      report.testRows,
    );
    expect(report.tests).toBe(report.ledger.length);
  });

  it('gives the same bytes again, but for the seconds it took', async () => {
    const [once, again] = [await runValidation(request, ports), await runValidation(request, ports)];
    expect(JSON.stringify({ ...again, seconds: 0 })).toBe(JSON.stringify({ ...once, seconds: 0 }));
    expect(JSON.stringify(once)).not.toContain('null,null,null,null');
  });

  it('blocks a model that is no better than a constant', async () => {
    const report = await runValidation(
      { ...request, candidate: { ...request.baselines[0]!, name: 'candidate' } },
      ports,
    );
    expect(report).toMatchObject({ verdict: 'fail', blocking: 1 });
    expect(report.findings[0]).toMatchObject({ check: 'baseline', severity: 'blocking' });
  });

  it('replaces a champion with an equal, refuses to replace it with a constant', async () => {
    const champion = { ...request.candidate, version: 4, split: SPLIT, snapshotId: 'd' };
    const equal = await runValidation({ ...request, champion }, ports);
    expect(equal).toMatchObject({ verdict: 'pass', champion: { outcome: 'not-worse', version: 4 } });
    const worse = await runValidation({ ...request, champion, candidate: request.baselines[0]! }, ports);
    expect(worse.champion!.outcome).toBe('worse');
    expect(
      worse.findings.filter(({ severity }) => severity === 'blocking').map(({ check }) => check),
    ).toContain('champion');
  });

  it('never passes when a check crashes', async () => {
    const broken = join(folder, 'broken.onnx');
    await writeFile(broken, 'not a graph');
    const champion = { ...request.candidate, onnxPath: broken, version: 4, split: SPLIT, snapshotId: 'd' };
    const report = await runValidation({ ...request, champion }, ports);
    expect(report.verdict).toBe('error');
    expect(report.ledger.find(({ outcome }) => outcome === 'error')).toMatchObject({ check: 'champion' });
    expect(report.metrics[0]!.metric).toBe('auc');
  });

  it("judges all rows of the user's own test file, and counts rows that were trained on", async () => {
    const fresh = people(500, 99);
    const trained = takeRows(
      people(ROWS, 1),
      Array.from({ length: 50 }, (_, row) => row),
    );
    const both: Table = {
      rows: 550,
      columns: fresh.columns.map((column, c): Column => {
        const other = trained.columns[c]!;
        if (column.type === 'string' && other.type === 'string') {
          return { ...column, codes: Int32Array.from([...column.codes, ...other.codes]) };
        }
        const values =
          column.type === 'string' || other.type === 'string' ? [] : [...column.values, ...other.values];
        return { ...column, values: Float64Array.from(values) } as Column;
      }),
    };
    const testPart = {
      partPath: await writePart(both, 'test.parquet'),
      schema: SCHEMA,
      description: 'mine v1',
    };
    const split: SplitRule = { method: 'file', key: '', columns: [], testShare: 0 };
    const report = await runValidation({ ...request, split, testPart }, ports);
    expect(report).toMatchObject({ testRows: 550, testSource: 'mine v1' });
    const leak = report.findings.find(({ check }) => check === 'leakage')!;
    expect(leak.rows).toBeGreaterThanOrEqual(50);
  });

  it('refuses a test file without the columns or the labels, and says which', async () => {
    const table = people(100, 5);
    const narrow = { ...table, columns: table.columns.slice(1) };
    const schema = { columns: SCHEMA.columns.slice(1) };
    const testPart = { partPath: await writePart(narrow, 'narrow.parquet'), schema, description: 'mine v2' };
    await expect(runValidation({ ...request, testPart }, ports)).rejects.toMatchObject({
      code: 'TEST_COLUMNS_MISSING',
      message: "mine v2 lacks 'age'",
    });
    const labels = { ...request.candidate.signature, labels: ['0', '1'] };
    const candidate = { ...request.candidate, signature: labels };
    await expect(runValidation({ ...request, candidate, classes: [] }, ports)).rejects.toMatchObject({
      code: 'TEST_ROWS_UNUSABLE',
      message: expect.stringContaining("'no'"),
    });
  });
});

describe('a validation of a regression', () => {
  it('has its metrics, its residuals, and thresholds judged by the unfavourable end', async () => {
    const request = await requestFor('regression', people(ROWS, 2), {
      policy: { require: { rmse: 2, r2: 0.9999, auc: 0.5 } },
    });
    const report = await runValidation(request, ports);
    expect(report.metrics.map(({ metric }) => metric)).toEqual(['rmse', 'mae', 'r2']);
    expect(report.curves.residuals).toHaveLength(200);
    expect(report.verdict).toBe('fail');
    const named = report.findings.filter(({ check }) => check === 'policy').map(({ summary }) => summary);
    expect(named).toHaveLength(2);
    expect(named.join()).toContain('r2 ≥ 0.9999');
    expect(named.join()).toContain('auc, which these test rows do not give');
  });

  it('on a single usable row decides nothing', async () => {
    const table = takeRows(people(200, 3), [0]);
    const request = await requestFor('regression', people(ROWS, 2));
    const testPart = {
      partPath: await writePart(table, 'one.parquet'),
      schema: SCHEMA,
      description: 'one row',
    };
    const report = await runValidation({ ...request, testPart }, ports);
    expect(report.verdict).toBe('insufficient');
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
