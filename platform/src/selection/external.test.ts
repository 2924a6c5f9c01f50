import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import { createOnnxRuntime } from '../adapters/runtime-onnx/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { sqlText } from '../ports/engine.ts';
import type { ExternalEnvironment, ExternalFamilies, ExternalFit, ExternalFitted } from './ports.ts';
import { runStudy } from './study.ts';
import type { StoredModel, StudyProgress, StudyRequest } from './types.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-external-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const engine = createDuckdbEngine();
const tools = { engine, runtime: createOnnxRuntime(), clock: systemClock };

const ENVIRONMENT: ExternalEnvironment = {
  ...{ interpreter: '/python', version: '3.12.0', sealed: true, digest: 'd'.repeat(64) },
  libraries: [{ family: 'lightgbm', library: 'LightGBM', version: '4.6.0', licence: 'MIT' }],
};

/** Constant, quick booster, two linear models, two boosters, the external family. */
const POSITION = 7;

/** 600 rows whose target is c = b, exactly. */
async function requestFor(changes: Partial<StudyRequest> = {}): Promise<StudyRequest> {
  const folder = mkdtempSync(join(root, 's-'));
  const partPath = join(folder, 'part.parquet');
  const session = await engine.open({ workDir: folder });
  await session.run(
    `COPY (SELECT (hash(i) % 1000) / 10.0 AS a, chr((97 + hash(i + 7) % 4)::INTEGER) AS c,
       CASE WHEN (chr((97 + hash(i + 7) % 4)::INTEGER) = 'b') <> (hash(i + 99) % 10 = 0) THEN 'yes' ELSE 'no' END AS y
     FROM range(600) t(i)) TO ${sqlText(partPath)} (FORMAT parquet)`,
  );
  await session.close();
  const column = (name: string, type: 'number' | 'string') => ({ name, type, missingTokens: [] });
  return {
    ...{ studyId: '0'.repeat(32), name: 'test', partPath, snapshotId: 'a'.repeat(64) },
    schema: { columns: [column('a', 'number'), column('c', 'string'), column('y', 'string')] },
    ...{
      target: 'y',
      task: 'auto',
      exclude: [],
      leaks: 'keep',
      budgetSeconds: 20,
      position: POSITION,
      seed: 1,
    },
    ...{ separateTest: false, journalDir: join(folder, 'study'), threads: 2, external: ENVIRONMENT },
    ...changes,
  };
}

/** One stump on the category that decides, which no other candidate's logits reach. */
function stump({ train, valid }: ExternalFit): ExternalFitted {
  const codes = train.columns[1]!;
  const shares = [0, 1, 2, 3].map((code) => {
    const rows = [...train.target].filter((_, i) => codes[i] === code);
    return rows.reduce((sum, y) => sum + y, 0) / rows.length;
  });
  const best = shares.indexOf(Math.max(...shares));
  // The order is by the target: what decides is last.
  const cut = best - 0.5;
  const tree = {
    feature: [1, -1, -1],
    threshold: [cut, 0, 0],
    missingLeft: [1, 0, 0],
    left: [1, 0, 0],
    right: [2, 0, 0],
    value: [0, -2.2, 2.2],
  };
  const answers = [...(valid?.columns[1] ?? [])].flatMap((code) => {
    const p = 1 / (1 + Math.exp(code > cut ? -2.2 : 2.2));
    return [1 - p, p];
  });
  return { trees: [tree], base: [0], rounds: 1, seconds: 0.1, predictions: Float64Array.from(answers) };
}

function familiesOf(
  fit: ExternalFamilies['fit'],
): ExternalFamilies & { closed: boolean; fits: ExternalFit[] } {
  const fits: ExternalFit[] = [];
  const families = {
    ...{ closed: false, fits },
    fit: (one: ExternalFit, limits: Parameters<typeof fit>[1]) => {
      fits.push(one);
      return fit(one, limits);
    },
    close: async () => {
      families.closed = true;
    },
  };
  return families;
}

describe('an external family', () => {
  it('is measured, refitted, checked and named like any other', async () => {
    const request = await requestFor();
    const external = familiesOf(async (fit) => stump(fit));
    const result = await runStudy(request, { ...tools, external });
    const row = result.leaderboard.find(({ candidate }) => candidate === 'lightgbm-01')!;
    expect(row.family).toBe('lightgbm');
    expect(row.score).toBeGreaterThan(0.8);
    expect(row.bytes).toBeGreaterThan(100);
    expect(result.failures).toEqual([]);
    expect(external.closed).toBe(true);
    // Categories are numbers; nothing else is handed over.
    expect(new Set(external.fits[0]!.train.columns[1])).toEqual(new Set([0, 1, 2, 3]));
    const stored = JSON.parse(readFileSync(result.winnerModelPath, 'utf8')) as StoredModel;
    if (result.winner === 'lightgbm-01') {
      expect(stored.trainers).toEqual([
        {
          library: 'LightGBM',
          version: '4.6.0',
          licence: 'MIT',
          environment: `sealed (sha256 ${'d'.repeat(16)}), Python 3.12.0`,
        },
      ]);
    }
  });

  it('that fails loses its candidate under a code, and is not tried again after a kill', async () => {
    const request = await requestFor();
    const fail = familiesOf(async () => {
      throw new SlipwayError('FAMILY_TIMED_OUT', { message: 'lightgbm took longer than 10 s' });
    });
    const seen: StudyProgress[] = [];
    const onProgress = (progress: StudyProgress) => void seen.push(progress);
    const first = await runStudy(request, { ...tools, external: fail, onProgress });
    const failure = {
      ...{ candidate: 'lightgbm-01', family: 'lightgbm', code: 'FAMILY_TIMED_OUT' },
      message: 'lightgbm took longer than 10 s',
    };
    expect(first.failures).toEqual([failure]);
    expect(seen.filter(({ type }) => type === 'candidate-failed')).toMatchObject([{ failure, length: 17 }]);
    expect(first.schedule.position).toBe(POSITION);
    expect(first.leaderboard.some(({ family }) => family === 'lightgbm')).toBe(false);
    // One fit hung; those that wait behind it are not waited for.
    expect(fail.fits.length).toBeLessThanOrEqual(2);
    const again = familiesOf(async (fit) => stump(fit));
    const second = await runStudy(request, { ...tools, external: again });
    expect(second.failures).toEqual([failure]);
    expect(again.fits).toEqual([]);
  });

  it('whose trees answer otherwise than its library is not believed', async () => {
    const external = familiesOf(async (fit) => {
      const fitted = stump(fit);
      return { ...fitted, predictions: fitted.predictions.map((p) => p + 1e-3) };
    });
    const { failures } = await runStudy(await requestFor(), { ...tools, external });
    expect(failures).toMatchObject([{ code: 'FAMILY_DISAGREES' }]);
  });

  it('that cannot be refitted leaves the win to the next', async () => {
    const external = familiesOf(async (fit) => {
      if (fit.valid !== undefined) return stump(fit);
      throw new SlipwayError('FAMILY_OUT_OF_MEMORY', { message: 'lightgbm ran out of memory' });
    });
    const result = await runStudy(await requestFor(), { ...tools, external });
    expect(result.winner).not.toBe('lightgbm-01');
  });

  it('is left alone when the request names none', async () => {
    const { external: _none, ...request } = await requestFor();
    const external = familiesOf(async (fit) => stump(fit));
    const result = await runStudy(request, { ...tools, external });
    expect(external.fits).toEqual([]);
    expect(
      result.leaderboard.every(({ family }) => ['constant', 'linear', 'booster', 'forest'].includes(family)),
    ).toBe(true);
  });
});
