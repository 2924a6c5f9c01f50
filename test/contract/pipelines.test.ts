import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqlStores, type SqlStores } from '../../platform/src/adapters/sql/index.ts';
import { systemClock } from '../../platform/src/kernel/clock.ts';
import { SlipwayError } from '../../platform/src/kernel/errors.ts';
import { createIdSource } from '../../platform/src/kernel/ids.ts';
import { createPipelines } from '../../platform/src/pipelines/index.ts';
import type { PipelineDefinition, PipelineService, RunSignal } from '../../platform/src/pipelines/types.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-pipelines-'));
let stores: SqlStores;
let pipelines: PipelineService;

beforeAll(async () => {
  stores = await openSqlStores(
    { kind: 'sqlite', path: join(folder, 'slipway.db') },
    { clock: systemClock, project: 'default' },
  );
  pipelines = createPipelines({
    store: stores.runs,
    queries: stores.runQueries,
    transactor: stores.transactor,
    events: stores.events,
    clock: systemClock,
    ids: createIdSource(systemClock),
    workRoot: join(folder, 'work'),
  });
});
afterAll(async () => {
  await pipelines.close();
  await stores.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Two steps: `make` can be told to fail, `use` publishes an event with what it got. */
function definition(made: string[], fail: () => boolean): PipelineDefinition {
  return {
    name: 'test',
    steps: [
      {
        name: 'make',
        cacheKey: ({ params }) => `make:${params['value']}`,
        run: async ({ params, log, progress }) => {
          made.push('make');
          log('making');
          progress('half', 0.5);
          return { outputs: { value: params['value'] }, summary: 'made' };
        },
      },
      {
        name: 'use',
        run: async ({ outputsOf }) => {
          made.push('use');
          if (fail()) throw new SlipwayError('CONFLICT', { message: 'not now', fix: 'later' });
          return {
            outputs: { got: outputsOf('make')['value'] },
            summary: 'used',
            publish: async (tx) => {
              await stores.events.append(tx, {
                type: 'test.used',
                subject: 'test',
                data: { got: outputsOf('make')['value'] },
              });
              return { extra: 1 };
            },
          };
        },
      },
    ],
  };
}

async function finish(runId: string): Promise<RunSignal[]> {
  const signals: RunSignal[] = [];
  await new Promise<void>((resolve) => {
    void pipelines.follow(runId, (signal) => {
      signals.push(signal);
      if (signal.type === 'ended') resolve();
    });
  });
  return signals;
}

const stepLines = (signals: readonly RunSignal[]) =>
  signals.flatMap((s) => (s.type === 'step' ? [`${s.step} ${s.status}`] : []));

describe('pipelines', () => {
  it('runs steps in order, publishes in the transaction that completes, and answers the same key from the record', async () => {
    const made: string[] = [];
    const first = await pipelines.start(
      definition(made, () => false),
      { key: 'k1', name: 'n1', params: { value: 1 }, force: false },
    );
    expect(stepLines(await finish(first.runId))).toEqual([
      'make started',
      'make completed',
      'use started',
      'use completed',
    ]);
    const run = await pipelines.run(first.runId);
    expect(run.status).toBe('completed');
    expect(run.steps[1]?.outputs).toEqual({ got: 1, extra: 1 });
    expect((await pipelines.logs(first.runId, {})).map((line) => line.message)).toContain('making');
    const again = await pipelines.start(
      definition(made, () => false),
      { key: 'k1', name: 'n1', params: { value: 1 }, force: false },
    );
    expect(again).toEqual({ runId: first.runId, resumed: false, cached: true });
    expect(stepLines(await finish(again.runId))).toEqual(['make cached', 'use cached']);
    expect(made).toEqual(['make', 'use']);
  });

  it('takes a step with the same cache key from another run, says from which, and not with force', async () => {
    const made: string[] = [];
    const other = await pipelines.start(
      definition(made, () => false),
      { key: 'k2', name: 'n2', params: { value: 1 }, force: false },
    );
    expect(stepLines(await finish(other.runId))).toEqual(['make cached', 'use started', 'use completed']);
    expect((await pipelines.run(other.runId)).steps[0]?.reason).toContain('same cache key as in run');
    const forced = await pipelines.start(
      definition(made, () => false),
      { key: 'k2', name: 'n2', params: { value: 1 }, force: true },
    );
    expect(forced.runId).not.toBe(other.runId);
    await finish(forced.runId);
    expect(made).toEqual(['use', 'make', 'use']);
  });

  it('starts a failed run again at the step that failed, and keeps both attempts', async () => {
    let broken = true;
    const made: string[] = [];
    const start = () =>
      pipelines.start(
        definition(made, () => broken),
        { key: 'k3', name: 'n3', params: { value: 3 }, force: false },
      );
    const first = await start();
    expect(stepLines(await finish(first.runId)).at(-1)).toBe('use failed');
    expect((await pipelines.run(first.runId)).error).toMatchObject({
      code: 'CONFLICT',
      message: 'not now',
      fix: 'later',
    });
    broken = false;
    const second = await start();
    expect(second).toEqual({ runId: first.runId, resumed: true, cached: false });
    expect(stepLines(await finish(second.runId))).toEqual(['make cached', 'use started', 'use completed']);
    const run = await pipelines.run(first.runId);
    expect(run.status).toBe('completed');
    expect(run.steps[1]?.attempts.map((attempt) => [attempt.epoch, attempt.status])).toEqual([
      [1, 'failed'],
      [2, 'completed'],
    ]);
    expect(made).toEqual(['make', 'use', 'use']);
  });

  it('attaches to a live run of the same key, and refuses another key under its name', async () => {
    let release: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: PipelineDefinition = {
      name: 'test',
      steps: [{ name: 'wait', run: async () => waiting.then(() => ({ outputs: {}, summary: 'waited' })) }],
    };
    const first = await pipelines.start(slow, { key: 'k4', name: 'n4', params: {}, force: false });
    expect(await pipelines.start(slow, { key: 'k4', name: 'n4', params: {}, force: false })).toEqual({
      runId: first.runId,
      resumed: false,
      cached: false,
    });
    await expect(
      pipelines.start(slow, { key: 'k5', name: 'n4', params: {}, force: false }),
    ).rejects.toMatchObject({ code: 'RUN_LIVE' });
    release();
    await finish(first.runId);
  });

  it('publishes nothing of a step whose publication fails', async () => {
    const bad: PipelineDefinition = {
      name: 'test',
      steps: [
        {
          name: 'publish',
          run: async () => ({
            outputs: {},
            summary: '',
            publish: async (tx) => {
              await stores.events.append(tx, { type: 'test.ghost', subject: 'ghost', data: {} });
              throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
            },
          }),
        },
      ],
    };
    const { runId } = await pipelines.start(bad, { key: 'k6', name: 'n6', params: {}, force: false });
    await finish(runId);
    expect((await pipelines.run(runId)).error?.code).toBe('DISK_FULL');
    expect(await stores.events.recent({ limit: 5, type: 'test.ghost' })).toEqual([]);
  });

  it('marks a cancelled run as interrupted, and resumes it', async () => {
    let tries = 0;
    const patient: PipelineDefinition = {
      name: 'test',
      steps: [
        {
          name: 'wait',
          run: async ({ signal }) => {
            if (++tries === 1)
              await new Promise((_, reject) =>
                signal.addEventListener('abort', () => reject(new Error('stopped'))),
              );
            return { outputs: {}, summary: '' };
          },
        },
      ],
    };
    const start = () => pipelines.start(patient, { key: 'k7', name: 'n7', params: {}, force: false });
    const { runId } = await start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pipelines.cancel(runId);
    expect((await pipelines.run(runId)).status).toBe('interrupted');
    expect(await start()).toMatchObject({ runId, resumed: true });
    await finish(runId);
    expect((await pipelines.run(runId)).status).toBe('completed');
  });

  it('names a run that does not exist', async () => {
    await expect(pipelines.run('nowhere')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});
