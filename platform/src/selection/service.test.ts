import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import { createOnnxRuntime } from '../adapters/runtime-onnx/index.ts';
import { openSqlStores, type SqlStores } from '../adapters/sql/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { createIdSource } from '../kernel/ids.ts';
import { sqlText } from '../ports/engine.ts';
import type { Isolate } from '../ports/isolate.ts';
import { createSelection } from './service.ts';
import { runStudy } from './study.ts';
import type { SelectionService, StudyProgress, StudyRequest } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-selection-'));
const partPath = join(folder, 'part.parquet');
let stores: SqlStores;
let selection: SelectionService;

/** The same task in this process: the child's boundary has its own tests. */
const here: Isolate = {
  run: async <I, O, P>(task: string, input: I, options?: { onProgress?: (progress: P) => void }) => {
    expect(task).toBe('select');
    const onProgress = options?.onProgress as ((progress: StudyProgress) => void) | undefined;
    const tools = { engine: createDuckdbEngine(), runtime: createOnnxRuntime(), clock: systemClock };
    const request = structuredClone(input) as unknown as StudyRequest;
    return (await runStudy(request, { ...tools, ...(onProgress === undefined ? {} : { onProgress }) })) as O;
  },
};

beforeAll(async () => {
  const session = await createDuckdbEngine().open({ workDir: folder });
  await session.run(
    `COPY (SELECT hash(i) % 1000 / 1000.0 AS x, hash(i + 7) % 9 AS k, (hash(i) % 1000 + hash(i + 3) % 400)::DOUBLE AS y FROM range(400) r(i)) TO ${sqlText(partPath)} (FORMAT parquet)`,
  );
  await session.close();
  stores = await openSqlStores(
    { kind: 'sqlite', path: join(folder, 'test.db') },
    { clock: systemClock, project: 'default' },
  );
  const { transactor, events, studies: store } = stores;
  selection = createSelection({
    transactor,
    events,
    store,
    isolate: here,
    clock: systemClock,
    ids: createIdSource(systemClock),
  });
});

afterAll(async () => {
  await stores.close();
  rmSync(folder, { recursive: true, force: true });
});

const request: Parameters<SelectionService['run']>[0] = {
  ...{
    name: 'made',
    partPath,
    snapshotId: 'b'.repeat(64),
    target: 'y',
    task: 'auto',
    exclude: [],
    leaks: 'exclude',
  },
  schema: { columns: ['x', 'k', 'y'].map((name) => ({ name, type: 'number' as const, missingTokens: [] })) },
  ...{
    budgetSeconds: 20,
    position: 3,
    seed: 1,
    separateTest: false,
    threads: 1,
    dataset: 'made',
    datasetVersion: 2,
  },
};

describe('a recorded study', () => {
  it('is listed with its result, and its events are in order', async () => {
    const { studyId, result } = await selection.run(request, { journalKey: join(folder, 'one') });
    const study = await selection.get(studyId);
    expect(study).toMatchObject({
      ...{ status: 'completed', task: 'regression', metric: 'rmse', dataset: 'made', datasetVersion: 2 },
      ...{ bestCandidate: result.winner, seconds: result.seconds, candidates: result.leaderboard.length },
    });
    expect(study.leaderboard).toMatchObject(result.leaderboard);
    expect(study.leaderboard.some(({ pareto }) => pareto)).toBe(true);
    expect(study.split).toMatchObject({ method: 'hash', trainRows: result.trainRows, folds: 5 });
    expect((await selection.list({})).items.map((item) => item.id)).toEqual([studyId]);
    const events = (await stores.events.after(0, 100)).filter(
      (event) => event.subject === `studies/${studyId}`,
    );
    const types = events.map((event) => event.type);
    expect(types[0]).toBe('study.started');
    expect(types.at(-1)).toBe('study.completed');
    expect(types.filter((type) => type === 'study.candidate')).toHaveLength(3);
  });

  it('that fails says why', async () => {
    const run = selection.run({ ...request, target: 'nowhere' }, { journalKey: join(folder, 'two') });
    await expect(run).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' });
    const [failed] = (await selection.list({})).items;
    const study = await selection.get(failed!.id);
    expect(study.status).toBe('failed');
    expect(study.error?.code).toBe('COLUMN_NOT_FOUND');
  });

  it('that does not exist is not found', async () => {
    const missing = await selection.get('f'.repeat(32)).catch((error) => error);
    expect(missing).toBeInstanceOf(SlipwayError);
    expect(missing.code).toBe('STUDY_NOT_FOUND');
  });
});
