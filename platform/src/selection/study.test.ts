import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import { createOnnxRuntime } from '../adapters/runtime-onnx/index.ts';
import { systemClock } from '../kernel/clock.ts';
import type { SlipwayError } from '../kernel/errors.ts';
import { sqlText } from '../ports/engine.ts';
import { runStudy } from './study.ts';
import { type Cells, columnFrom, drawn, normal } from './test-tables.ts';
import type { StudyProgress, StudyRequest, StudyResult } from './types.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-study-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const engine = createDuckdbEngine();
const tools = { engine, runtime: createOnnxRuntime(), clock: systemClock };
let made = 0;

/** A request for a table of plain values, written as a Parquet part. */
async function requestFor(
  columns: Readonly<Record<string, Cells>>,
  changes: Partial<StudyRequest> = {},
): Promise<StudyRequest> {
  const folder = mkdtempSync(join(root, `${++made}-`));
  const partPath = join(folder, 'part.parquet');
  const names = Object.keys(columns);
  const schema = names.map((name) => ({
    name,
    type: columnFrom(name, columns[name]!).type,
    missingTokens: [],
  }));
  const rows = columns[names[0]!]!.map((_, i) =>
    JSON.stringify(Object.fromEntries(names.map((name) => [name, columns[name]![i]]))),
  );
  const session = await engine.open({ workDir: folder });
  const types = schema.map(
    ({ name, type }) =>
      `${sqlText(name)}: ${sqlText(type === 'string' ? 'VARCHAR' : type === 'boolean' ? 'BOOLEAN' : 'DOUBLE')}`,
  );
  await session.run(`CREATE TABLE lines (line VARCHAR)`);
  for (let i = 0; i < rows.length; i += 500) {
    await session.run(
      `INSERT INTO lines VALUES ${rows
        .slice(i, i + 500)
        .map((line) => `(${sqlText(line)})`)
        .join(', ')}`,
    );
  }
  const json = join(folder, 'rows.json');
  await session.run(
    `COPY lines TO ${sqlText(json)} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\u0001')`,
  );
  await session.run(
    `COPY (SELECT * FROM read_json(${sqlText(json)}, format = 'newline_delimited', columns = {${types.join(', ')}})) TO ${sqlText(partPath)} (FORMAT parquet)`,
  );
  await session.close();
  return {
    ...{
      studyId: '0'.repeat(32),
      name: 'test',
      partPath,
      schema: { columns: schema },
      snapshotId: 'a'.repeat(64),
    },
    ...{
      target: 'y',
      task: 'auto',
      exclude: [],
      leaks: 'exclude',
      budgetSeconds: 60,
      seed: 1,
      separateTest: false,
    },
    ...{ journalDir: join(folder, 'study'), threads: 2, position: 3 },
    ...changes,
  };
}

const ROWS = 600;
const x = drawn(ROWS, 1, normal);
const z = drawn(ROWS, 2, normal);
const city = drawn(ROWS, 3, (rng) => (rng.next() < 0.05 ? null : 'abcd'[rng.int(4)]!));
const noise = drawn(ROWS, 4, normal);
const score = x.map((value, i) => value + Math.abs(z[i]!) + (city[i] === 'a' ? 1 : 0) + 0.5 * noise[i]!);
const inputs = { x, z, city };
const binary = score.map((value) => (value > 1 ? 'yes' : 'no'));

function filesOf({ winnerOnnxPath, winnerModelPath, baselines }: StudyResult): Buffer[] {
  return [winnerOnnxPath, winnerModelPath, ...baselines.map(({ onnxPath }) => onnxPath)].map((path) =>
    readFileSync(path),
  );
}

describe('a study', { timeout: 30_000 }, () => {
  it('finds a model that beats the constant, with everything its use needs', async () => {
    const seen: StudyProgress[] = [];
    const request = await requestFor({ ...inputs, y: binary }, { position: 5 });
    const result = await runStudy(request, { ...tools, onProgress: (progress) => seen.push(progress) });
    expect(result.task).toBe('binary');
    expect(result.leaderboard[0]!.candidate).toBe(result.winner);
    expect(result.leaderboard[0]!.score).toBeGreaterThan(0.85);
    expect(result.leaderboard.find((row) => row.candidate === 'constant')!.score).toBe(0.5);
    expect(result.leaderboard.slice(1).every((row) => row.againstBest !== undefined)).toBe(true);
    expect(result.leaderboard.every((row) => row.bytes > 0 && row.p50Us > 0)).toBe(true);
    expect(result.schedule).toMatchObject({ position: 5, exhausted: false });
    expect(result.baselines.map((baseline) => baseline.name)).toEqual(['constant', 'linear']);
    expect(result.parity.maxAbsDelta).toBeLessThanOrEqual(result.parity.tolerance);
    expect(result.signature).toMatchObject({ labels: ['no', 'yes'], positive: 'yes', target: 'y' });
    expect(result.importance.map(({ feature }) => feature).sort()).toEqual(['city', 'x', 'z']);
    expect(result.importance.reduce((sum, one) => sum + one.importance, 0)).toBeCloseTo(1, 9);
    expect(result.trainRows + result.testRows).toBe(ROWS);
    expect(seen.map((progress) => progress.type)).toContain('first-model');
    expect(seen.filter((progress) => progress.type === 'candidate')).toHaveLength(5);
  });

  it('gives the same bytes at one and two threads', async () => {
    const request = await requestFor({ ...inputs, y: score }, { position: 6 });
    const one = await runStudy({ ...request, threads: 1, journalDir: `${request.journalDir}-1` }, tools);
    const two = await runStudy({ ...request, threads: 2, journalDir: `${request.journalDir}-2` }, tools);
    expect(one.winner).toBe(two.winner);
    expect(one.leaderboard.map((row) => row.foldScores)).toEqual(
      two.leaderboard.map((row) => row.foldScores),
    );
    expect(filesOf(one)).toEqual(filesOf(two));
  });

  it('resumed after it was cut off gives what an uninterrupted one gives, and fits nothing twice', async () => {
    const request = await requestFor({ ...inputs, y: binary }, { position: 5 });
    const whole = await runStudy({ ...request, journalDir: `${request.journalDir}-whole` }, tools);
    const control = new AbortController();
    const cut = runStudy(request, {
      ...tools,
      signal: control.signal,
      onProgress: (progress) => {
        if (progress.type === 'candidate' && progress.position === 3) control.abort();
      },
    });
    await expect(cut).rejects.toMatchObject({ code: 'CANCELLED' });
    const kept = readdirSync(request.journalDir).filter((name) => /^candidate.*json$/.test(name));
    expect(kept.length).toBeGreaterThanOrEqual(3);
    expect(kept.length).toBeLessThan(5);
    const before = readFileSync(join(request.journalDir, 'candidate-002.json'));
    const resumed = await runStudy(request, tools);
    expect(readFileSync(join(request.journalDir, 'candidate-002.json'))).toEqual(before);
    expect(resumed.winner).toBe(whole.winner);
    expect(filesOf(resumed)).toEqual(filesOf(whole));
    expect(resumed.seconds).toBeGreaterThan(0);
  });

  it('starts afresh when the folder belongs to another search', async () => {
    const request = await requestFor({ ...inputs, y: binary }, { position: 2 });
    await runStudy(request, tools);
    const other = await runStudy({ ...request, exclude: ['city'] }, tools);
    expect(other.features).toEqual(['x', 'z']);
  });

  it('within a budget of one second still finds a model', async () => {
    const { position, ...request } = await requestFor({ ...inputs, y: binary });
    const result = await runStudy({ ...request, budgetSeconds: 1 }, tools);
    expect(result.schedule.position).toBeGreaterThanOrEqual(2);
    expect(readFileSync(result.winnerOnnxPath).length).toBeGreaterThan(0);
  });
});

describe('strange tables', { timeout: 20_000 }, () => {
  async function study(columns: Readonly<Record<string, Cells>>, changes: Partial<StudyRequest> = {}) {
    return runStudy(await requestFor(columns, changes), tools);
  }

  it('of ten rows are studied', async () => {
    const y = drawn(10, 1, (_, row) => row * 1.5 + 0.1);
    const result = await study({ x: drawn(10, 2, (rng, row) => row + rng.next()), y });
    expect(result.task).toBe('regression');
    expect(result.trainRows + result.testRows).toBe(10);
  });

  it('with infinite values, an empty column and 300 columns are studied', async () => {
    const many = Object.fromEntries(drawn(300, 1, (_, i) => [`c${i}`, drawn(200, i, normal)]));
    const x0 = (many['c0'] as number[]).map((value, i) => (i === 3 ? 1e300 : value));
    const y = x0.map((value) => (value > 0 ? 1 : 0));
    const result = await study(
      { ...many, c0: x0, empty: Array(200).fill(null), y },
      { position: 2, leaks: 'keep' },
    );
    expect(result.guards.find((finding) => finding.columns.includes('empty'))?.guard).toBe('constant');
    expect(result.features).toHaveLength(300);
  });

  it('with 100 classes, of which some are rare, are studied', async () => {
    const rows = 2000;
    const classOf = drawn(rows, 1, (rng) => Math.floor(100 * rng.next() ** 2));
    const result = await study(
      {
        x: classOf.map((k, i) => k + 0.4 * Math.sin(i)),
        u: drawn(rows, 2, normal),
        y: classOf.map((k) => `c${k}`),
      },
      { position: 2 },
    );
    expect(result.task).toBe('multiclass');
    expect(result.classes).toHaveLength(100);
    expect(result.signature.labels).toHaveLength(result.classes.filter((one) => one.fitted).length);
    expect(result.leaderboard[0]!.candidate).toBe('booster-quick');
  });

  it('whose classes are as rare as allowed are studied', async () => {
    const y = [
      ...Array(150).fill('a'),
      ...Array(150).fill('b'),
      ...Array(10).fill('c'),
      ...Array(3).fill('d'),
    ];
    const result = await study({ x: drawn(313, 1, normal), z: drawn(313, 2, normal), y });
    expect(result.signature.labels).toEqual(['a', 'b', 'c']);
    expect(result.guards.find((finding) => finding.guard === 'rare-class')?.summary).toContain("'d' (3)");
    expect(Number.isFinite(result.leaderboard[0]!.score)).toBe(true);
  });

  it.each<[string, Readonly<Record<string, Cells>>, Partial<StudyRequest>, string, number]>([
    ['three rows', { x: [1, 2, 3], y: [0.5, 1, 2] }, {}, 'TOO_FEW_ROWS', 2],
    ['a misspelt target', { ...inputs, outcome: binary }, { target: 'outcom' }, 'COLUMN_NOT_FOUND', 3],
    ['a misspelt exclusion', { ...inputs, y: binary }, { exclude: ['cty'] }, 'COLUMN_NOT_FOUND', 3],
    ['a misspelt metric', { ...inputs, y: binary }, { metric: 'aucc' }, 'METRIC_NOT_FOUND', 3],
    ['a metric of another task', { ...inputs, y: binary }, { metric: 'rmse' }, 'METRIC_UNSUITABLE', 2],
    ['no column but the target', { y: binary }, {}, 'NO_FEATURES', 2],
  ])('%s: refused with code and exit', async (_, columns, changes, code, exit) => {
    const error: SlipwayError = await study(columns, changes).then(
      () => expect.fail('the study succeeded'),
      (thrown) => thrown,
    );
    expect([error.code, error.spec.exit]).toEqual([code, exit]);
    expect(error.fix).toBeDefined();
  });
});
