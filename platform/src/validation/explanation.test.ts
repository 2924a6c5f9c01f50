import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import type { ModelSignature } from '../contracts/models.ts';
import type { SplitRule } from '../estimators/bundle.ts';
import { explainable } from '../estimators/explain/explainer.ts';
import { fitFamily } from '../estimators/families.ts';
import { testRowsOf, trainRowsOf } from '../estimators/split.ts';
import { createRng } from '../kernel/rng.ts';
import { type Coercions, coerceTable } from '../tables/coercion.ts';
import { type Table, type TableSchema, takeRows } from '../tables/table.ts';
import { explainModel } from './explanation.ts';

const CITIES = ['Athens', 'Bergen', 'Cork'];
const SCHEMA: TableSchema = {
  columns: [
    { name: 'age', type: 'number', missingTokens: [] },
    { name: 'joined', type: 'date', missingTokens: [] },
    { name: 'city', type: 'string', missingTokens: [] },
    { name: 'noise', type: 'number', missingTokens: [] },
    { name: 'amount', type: 'number', missingTokens: [] },
  ],
};
const plain = { missingTokens: [], dateFormat: 'iso' } as const;
const number = (column: string): Coercions[number] => ({
  ...{ column, type: 'number', ...plain },
  emits: [{ name: column, kind: 'numeric', part: 'value', origin: 0 }],
});
const COERCIONS: Coercions = [
  number('age'),
  {
    ...{ column: 'joined', type: 'date', ...plain },
    emits: [
      { name: 'joined:days', kind: 'numeric', part: 'elapsedDays', origin: 0 },
      { name: 'joined:month', kind: 'numeric', part: 'month', origin: 0 },
    ],
  },
  {
    ...{ column: 'city', type: 'string', ...plain },
    emits: [{ name: 'city', kind: 'categorical', part: 'value', origin: 0 }],
  },
  number('noise'),
];
const SPLIT: SplitRule = { method: 'hash', key: 'k', columns: ['age', 'noise'], testShare: 0.3 };
const DAY_MS = 86_400_000;

/** amount = 5 age + the month it joined + 4 in Cork. */
function people(rows: number): Table {
  const rng = createRng(4);
  const draw = (from: () => number) => Float64Array.from({ length: rows }, from);
  const age = draw(() => (rng.next() < 0.05 ? Number.NaN : rng.next()));
  const joined = draw(() => DAY_MS * (18_000 + rng.int(700)));
  const codes = Int32Array.from({ length: rows }, () => rng.int(3));
  const month = (ms: number) => new Date(ms).getUTCMonth();
  const amount = age.map((value, i) => 5 * (value || 0) + month(joined[i]!) + (codes[i] === 2 ? 4 : 0));
  return {
    rows,
    columns: [
      { name: 'age', type: 'number', values: age },
      { name: 'joined', type: 'date', values: joined },
      { name: 'city', type: 'string', codes, dictionary: CITIES },
      { name: 'noise', type: 'number', values: draw(() => rng.next()) },
      { name: 'amount', type: 'number', values: amount },
    ],
  };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-explanation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function writePart({ rows, columns }: Table): Promise<string> {
  const path = join(folder, 'rows.parquet');
  const lines = Array.from({ length: rows }, (_, row) =>
    JSON.stringify(
      Object.fromEntries(
        columns.map((column) => {
          if (column.type === 'string') return [column.name, column.dictionary[column.codes[row]!]];
          const value = column.values[row]!;
          return [column.name, column.type === 'date' ? new Date(value).toISOString().slice(0, 10) : value];
        }),
      ),
    ),
  );
  await writeFile(`${path}.json`, lines.join('\n'));
  const session = await createDuckdbEngine().open({ workDir: folder });
  await session.run(
    `COPY (SELECT * FROM read_json('${path}.json', format = 'newline_delimited')) TO '${path}' (FORMAT parquet)`,
  );
  await session.close();
  return path;
}

describe('an explanation', () => {
  it('ranks source columns on the test rows, and draws what their values do', async () => {
    const table = people(3000);
    const train = takeRows(table, trainRowsOf(table, SPLIT));
    const features = coerceTable(train, COERCIONS);
    const target = train.columns[4] as { values: Float64Array };
    const set = { features, target: target.values, task: 'regression', classes: 1 } as const;
    const { model } = fitFamily('booster', set, { rounds: 60 }, { seed: 1 });
    const signature: ModelSignature = {
      ...{ task: 'regression', target: 'amount', inputs: [], labels: [], numericLabels: false },
      positive: null,
    };
    const request = {
      candidate: { name: 'booster', onnxPath: '', signature, coercions: COERCIONS },
      ...{
        classes: [],
        partPath: await writePart(table),
        schema: SCHEMA,
        split: SPLIT,
        seed: 1,
        workDir: folder,
      },
    };
    const explained = await explainModel(request, explainable(model, features), {
      engine: createDuckdbEngine(),
    });
    expect(explained.rows).toBe(testRowsOf(table, SPLIT).length);
    // Two features of the date are one column.
    expect(explained.columns.map(({ column }) => column).slice(0, 3)).toEqual(['joined', 'city', 'age']);
    const [joined, , , noise] = explained.columns;
    expect(joined!.interval.low).toBeGreaterThan(0);
    expect(joined!.contribution).toBeGreaterThan(1);
    expect(noise!.importance).toBeLessThan(0.1);
    const drawn = new Map(explained.dependence.map((entry) => [entry.column, entry]));
    const age = drawn.get('age')!;
    expect(age.values.every((value, i) => i === 0 || value > age.values[i - 1]!)).toBe(true);
    expect(age.mean.at(-1)! - age.mean[0]!).toBeGreaterThan(3);
    expect(age.lines.every((line) => line.length === age.values.length)).toBe(true);
    const city = drawn.get('city')!;
    const at = (name: string) => city.mean[city.values.indexOf(name)]!;
    expect(at('Cork') - at('Athens')).toBeCloseTo(4, 0);
  });
});
