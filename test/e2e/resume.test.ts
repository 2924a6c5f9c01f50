import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatasetDetail } from '../../platform/src/contracts/datasets.ts';
import type { DeploymentDetail } from '../../platform/src/contracts/deployments.ts';
import { LAUNCH_STEPS, type LaunchResult } from '../../platform/src/contracts/launch.ts';
import type { ModelDetail } from '../../platform/src/contracts/models.ts';
import type { RunDetail, RunSummary } from '../../platform/src/contracts/runs.ts';
import { runKillPoints } from '../../platform/src/pipelines/index.ts';
import { Workplace } from '../slipway-process.ts';

/**
 * The server is killed with SIGKILL at every named transition of a launch, once each; the same command is given again. Whatever
 * happened: one version, one snapshot, one revision, every step completed exactly once, nothing left in `running`.
 */
const places: Workplace[] = [];
let rows = '';

beforeAll(() => {
  // Small, learnable and fixed: the class follows two numbers with some noise.
  let state = 7;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  const lines = Array.from({ length: 600 }, () => {
    const [a, b] = [next() * 10, next() * 10];
    return `${a.toFixed(3)},${b.toFixed(3)},${next() < 0.5 ? 'red' : 'blue'},${a + b + next() * 4 > 12 ? 'yes' : 'no'}`;
  });
  rows = `a,b,colour,answer\n${lines.join('\n')}\n`;
});
afterAll(() => {
  for (const place of places) place.close();
});

function newPlace(): Workplace {
  const place = new Workplace();
  places.push(place);
  writeFileSync(join(place.folder, 'rows.csv'), rows);
  return place;
}

const ARGS = [
  'launch',
  'rows.csv',
  '--target',
  'answer',
  '--budget',
  '1s',
  '--position',
  '3',
  '--json',
  '--exit',
];

describe('a launch that is killed and run again', () => {
  const points = runKillPoints(LAUNCH_STEPS);
  for (const point of points) {
    it(`has one outcome after a kill at ${point}`, async () => {
      const place = newPlace();
      const killed = await place.run(ARGS, { env: { SLIPWAY_KILL_AT: point } });
      expect(killed.code).not.toBe(0);
      expect(killed.lines.filter((line) => line['type'] === 'result')).toHaveLength(1);
      const again = await place.run(ARGS);
      expect(again.stderr).toBe('');
      expect(again.code).toBe(0);
      const result = again.lines.at(-1) as unknown as LaunchResult;
      expect(result).toMatchObject({ ok: true, model: { version: 1 } });
      await expectOneOutcome(place);
      place.close();
    }, 90_000);
  }
});

async function expectOneOutcome(place: Workplace): Promise<void> {
  const up = await startServer(place);
  const get = async <T>(path: string) => (await (await fetch(`${up}${path}`)).json()) as T;
  const runs = await get<{ items: RunSummary[] }>('/api/v1/runs');
  expect(runs.items.map((run) => run.status)).toEqual(['completed']);
  const run = await get<RunDetail>(`/api/v1/runs/${runs.items[0]!.id}`);
  for (const step of run.steps) {
    expect(step.status).toBe('completed');
    expect(step.attempts.filter((attempt) => attempt.status === 'completed')).toHaveLength(1);
    expect(step.attempts.filter((attempt) => attempt.status === 'running')).toHaveLength(0);
  }
  expect((await get<ModelDetail>('/api/v1/models/rows')).versions).toHaveLength(1);
  expect((await get<DatasetDetail>('/api/v1/datasets/rows')).versions).toHaveLength(1);
  expect((await get<DeploymentDetail>('/api/v1/deployments/rows')).revisions).toHaveLength(1);
  expect((await get<{ items: unknown[] }>('/api/v1/validations')).items).toHaveLength(1);
  const reply = await fetch(`${up}/models/rows/invocations`, {
    method: 'POST',
    body: JSON.stringify({ dataframe_records: [{ a: 9, b: 9, colour: 'red' }] }),
  });
  expect(((await reply.json()) as { predictions: string[] }).predictions).toEqual(['yes']);
}

async function startServer(place: Workplace): Promise<string> {
  void place.run(['up', '--port', '0']);
  for (let tries = 0; tries < 200; tries++) {
    const server = place.server();
    if (
      server !== undefined &&
      (await fetch(`${server.url}/health`).then(
        (reply) => reply.ok,
        () => false,
      ))
    )
      return server.url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server did not start');
}
