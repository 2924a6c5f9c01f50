import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaunchResult } from '../../platform/src/contracts/launch.ts';
import { EXAMPLES, type Finished, freePort, Workplace } from '../slipway-process.ts';

const COSTS = ['Cost Repair', 'Cost Other', 'Cost Total $'];

describe('launch on bird strikes', () => {
  const place = new Workplace();
  let port = 0;
  let first: Finished;
  let result: LaunchResult;

  beforeAll(async () => {
    port = await freePort();
    first = await place.run(launchArgs(['--port', String(port)]));
    result = first.lines.at(-1) as unknown as LaunchResult;
  }, 180_000);
  afterAll(() => place.close());

  it('ends well, with six steps started and completed and exactly one result, last', () => {
    expect(first.stderr).not.toContain('Error');
    expect(first.code).toBe(0);
    const steps = first.lines.filter((line) => line['type'] === 'step');
    for (const step of ['feed', 'select', 'package', 'validate', 'deploy', 'monitor']) {
      expect(steps.filter((line) => line['step'] === step).map((line) => line['status'])).toEqual([
        'started',
        'completed',
      ]);
    }
    expect(first.lines.filter((line) => line['type'] === 'result')).toHaveLength(1);
    expect(result).toMatchObject({
      type: 'result',
      ok: true,
      task: 'multiclass',
      target: 'Effect Amount of damage',
    });
  });

  it('accounts for every row of the source', () => {
    const sourceRows = 10_000;
    expect(result.dataset!.rows + result.dataset!.quarantined).toBe(sourceRows);
    expect(result.dataset!.columns).toBe(14);
  });

  it('keeps the word None as a class and reports the classes that are too rare to learn', async () => {
    const coverage = result.validation!.findings.filter((finding) => finding.check === 'class-coverage');
    expect(coverage.length).toBeGreaterThan(0);
    const study = (await getJson(`/api/v1/studies/${result.links['study']!.split('/').at(-1)}`)) as {
      classes: { label: string; rows: number; fitted: boolean }[];
    };
    expect(study.classes.find((entry) => entry.label === 'None')?.rows).toBeGreaterThan(8000);
    expect(study.classes.filter((entry) => !entry.fitted).map((entry) => entry.rows)).toEqual([1]);
  });

  it('serves raw strings, missing values and unseen categories', async () => {
    const version = (await getJson(`/api/v1/models/birdstrikes/versions/1`)) as {
      signature: { inputs: { name: string; example: unknown }[] };
    };
    const example = Object.fromEntries(version.signature.inputs.map((input) => [input.name, input.example]));
    const records = [
      example,
      Object.fromEntries(Object.keys(example).map((name) => [name, null])),
      { ...example, 'Aircraft Make Model': 'Sopwith Camel' },
    ];
    const reply = await fetch(`http://127.0.0.1:${port}/models/birdstrikes/invocations`, {
      method: 'POST',
      body: JSON.stringify({ dataframe_records: records, params: { probabilities: true } }),
    });
    expect(reply.status).toBe(200);
    const { predictions } = (await reply.json()) as {
      predictions: { label: string; probabilities: Record<string, number> }[];
    };
    expect(predictions).toHaveLength(3);
    for (const prediction of predictions) {
      const sum = Object.values(prediction.probabilities).reduce((total, p) => total + p, 0);
      expect(sum).toBeCloseTo(1, 4);
      expect(Object.keys(prediction.probabilities)).toContain(prediction.label);
    }
  });

  it('leads from a live prediction back to the source row set', async () => {
    const deployment = (await getJson('/api/v1/deployments/birdstrikes')) as {
      model: string;
      version: number;
    };
    const version = (await getJson(`/api/v1/models/${deployment.model}/versions/${deployment.version}`)) as {
      lineage: { dataset: { snapshot: string; name: string }; runId: string };
    };
    expect(version.lineage.dataset.snapshot).toBe(result.dataset!.snapshot);
    expect(version.lineage.runId).toBe(result.runId);
  });

  it('answers the same command from the cache: same version, every step cached', async () => {
    const again = await place.run(launchArgs([]));
    expect(again.code).toBe(0);
    const statuses = again.lines.filter((line) => line['type'] === 'step').map((line) => line['status']);
    expect(statuses).toEqual(Array.from({ length: 6 }, () => 'cached'));
    const cached = again.lines.at(-1) as unknown as LaunchResult;
    expect(cached.model).toEqual(result.model);
  });

  it('makes version 2 from other rows, or refuses with exit 6 and leaves version 1 in service', async () => {
    const rows = readFileSync(join(EXAMPLES, 'birdstrikes.csv'), 'utf8').trimEnd().split('\n');
    const fewer = join(place.folder, 'fewer.csv');
    writeFileSync(fewer, `${rows.slice(0, 9000).join('\n')}\n`);
    const next = await place.run(launchArgs([], fewer));
    const outcome = next.lines.at(-1) as unknown as LaunchResult;
    const deployment = (await getJson('/api/v1/deployments/birdstrikes')) as { version: number };
    expect([0, 6]).toContain(next.code);
    expect(deployment.version).toBe(next.code === 0 ? 2 : 1);
    if (next.code === 6) expect(outcome.error!.code).toBe('GATE_REFUSED');
  }, 120_000);

  async function getJson(path: string): Promise<unknown> {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`);
    expect(reply.status).toBe(200);
    return reply.json();
  }

  function launchArgs(more: readonly string[], file = join(EXAMPLES, 'birdstrikes.csv')): string[] {
    return [
      'launch',
      file,
      '--target',
      'Effect Amount of damage',
      ...COSTS.flatMap((column) => ['--exclude', column]),
      '--name',
      'birdstrikes',
      '--budget',
      '4s',
      '--json',
      ...more,
    ];
  }
});
