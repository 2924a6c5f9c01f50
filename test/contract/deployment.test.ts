import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkerRuntime } from '../../platform/src/adapters/runtime-onnx/index.ts';
import { openSqlStores, type SqlStores } from '../../platform/src/adapters/sql/index.ts';
import { createDeployment, reasonsOf } from '../../platform/src/deployment/index.ts';
import type {
  DecodedRequest,
  DeploymentService,
  ServableModel,
} from '../../platform/src/deployment/types.ts';
import { explainable } from '../../platform/src/estimators/explain/explainer.ts';
import { generateSet } from '../../platform/src/estimators/generated-sets.ts';
import { exportOnnx, fitFamily } from '../../platform/src/estimators/index.ts';
import { systemClock } from '../../platform/src/kernel/clock.ts';
import { createIdSource } from '../../platform/src/kernel/ids.ts';
import type { Feature } from '../../platform/src/tables/features.ts';

/** The room with its real parts: fitted models, worker threads, SQLite, files. */
const folder = mkdtempSync(join(tmpdir(), 'slipway-deployment-'));
const servables = new Map<number, ServableModel>();
const set = generateSet({ task: 'binary', rows: 2000, seed: 3 });
let stores: SqlStores;
let deployment: DeploymentService;

beforeAll(async () => {
  for (const version of [1, 2]) servables.set(version, await fitted(version));
  stores = await openSqlStores(
    { kind: 'sqlite', path: join(folder, 'slipway.db') },
    { clock: systemClock, project: 'default' },
  );
  deployment = open();
  await publish(1);
});
afterAll(async () => {
  await deployment.close();
  await stores.close();
  rmSync(folder, { recursive: true, force: true });
});

async function fitted(version: number): Promise<ServableModel> {
  const { model } = fitFamily('booster', set, { rounds: 10 * version, leaves: 7 }, { seed: version });
  const onnxPath = join(folder, `v${version}.onnx`);
  writeFileSync(onnxPath, exportOnnx(model, { task: 'binary', labels: ['no', 'yes'] }));
  const explainerPath = join(folder, `v${version}.explainer.json`);
  writeFileSync(explainerPath, JSON.stringify(explainable(model, set.features)));
  const coercions = set.features.features.map((feature) => ({
    column: feature.name,
    type: feature.kind === 'numeric' ? ('number' as const) : ('string' as const),
    missingTokens: [],
    dateFormat: 'iso' as const,
    emits: [{ name: feature.name, kind: feature.kind, part: 'value' as const, origin: 0 }],
  }));
  const inputs = coercions.map(({ column, type }) => ({ name: column, type, optional: true, example: null }));
  const signature = {
    task: 'binary' as const,
    target: 'y',
    inputs,
    labels: ['no', 'yes'],
    numericLabels: false,
    positive: 'yes',
  };
  const modelDigest = `digest-${version}`;
  return { model: 'm', version, modelDigest, onnxPath, signature, coercions, explainerPath };
}

function open(): DeploymentService {
  return createDeployment({
    store: stores.deployments,
    feedback: stores.feedback,
    runtime: createWorkerRuntime(),
    logDir: join(folder, 'predictions'),
    transactor: stores.transactor,
    events: stores.events,
    clock: systemClock,
    ids: createIdSource(systemClock),
    loadServable: async (_model, version) => servables.get(version)!,
  });
}

async function publish(version: number): Promise<number> {
  const prepared = await deployment.prepare('d', servables.get(version)!);
  const { revision } = await stores.transactor.transaction((tx) => deployment.publish(tx, prepared, 'test'));
  await deployment.activate('d', revision);
  return revision;
}

function rows(from: number, to: number): DecodedRequest {
  const column = (feature: Feature) =>
    feature.kind === 'numeric'
      ? Float64Array.from(feature.values.subarray(from, to))
      : Array.from(feature.codes.subarray(from, to), (code) =>
          code === -1 ? '' : feature.categories[code]!,
        );
  return { rows: to - from, columns: set.features.features.map(column) };
}

describe('deployment', () => {
  it('answers batched requests as it answers each row alone', async () => {
    const whole = await deployment.predict('d', rows(0, 200));
    const alone = await Promise.all(
      Array.from({ length: 200 }, (_, i) => deployment.predict('d', rows(i, i + 1))),
    );
    expect(alone.flatMap((batch) => Array.from(batch.outputs))).toEqual(Array.from(whole.outputs));
    const mixed = await Promise.all([
      deployment.predict('d', rows(0, 3)),
      deployment.predict('d', rows(3, 150)),
      deployment.predict('d', rows(150, 200)),
    ]);
    expect(mixed.flatMap((batch) => Array.from(batch.outputs))).toEqual(Array.from(whole.outputs));
    expect(new Set(alone.flatMap((batch) => batch.ids)).size).toBe(200);
  });

  it('gives reasons that add up to the raw score of the very prediction that was answered', async () => {
    const request = rows(0, 300);
    const [batch, other] = await Promise.all([
      deployment.predict('d', request),
      deployment.predict('d', rows(0, 50)),
    ]);
    const contributions = await deployment.explain('d', request, batch);
    expect(other.outputs).toHaveLength(100);
    const reasons = reasonsOf(batch, request, contributions, 3);
    expect(reasons).toHaveLength(300);
    reasons.forEach(({ of, score, base, columns, rest }, row) => {
      const p = batch.outputs[2 * row + 1]!;
      // The graph answers in float32.
      expect(Math.abs(1 / (1 + Math.exp(-score)) - p)).toBeLessThan(1e-5);
      const sum = columns.reduce((total, { contribution }) => total + contribution, base + rest);
      expect(sum).toBeCloseTo(score, 9);
      expect(of).toBe('yes');
      expect(columns).toHaveLength(3);
    });
    const first = reasons[0]!.columns[0]!;
    expect(Object.keys((await deployment.prediction(batch.ids[0]!)).inputs)).toContain(first.column);
    const old = { ...batch, revision: 99 };
    expect(() => deployment.explain('d', request, old)).toThrow(/not in service any more/);
  });

  it('splits a large request without changing an answer', async () => {
    const part = await deployment.predict('d', rows(0, 2000));
    const many = rows(0, 2000);
    const tripled = {
      rows: 6000,
      columns: many.columns.map((c) =>
        c instanceof Float64Array ? Float64Array.from([...c, ...c, ...c]) : [...c, ...c, ...c],
      ),
    };
    const whole = await deployment.predict('d', tripled);
    const once = Array.from(part.outputs);
    expect(Array.from(whole.outputs)).toEqual([...once, ...once, ...once]);
  });

  it('finds every prediction again and joins what really happened, also when it is told twice', async () => {
    const batch = await deployment.predict('d', rows(5, 7));
    const found = await deployment.prediction(batch.ids[1]!);
    expect(found.inputs['x0']).toBeCloseTo(
      (set.features.features[0] as { values: Float32Array }).values[6]!,
      5,
    );
    expect(found.probabilities!['yes']).toBeCloseTo(batch.outputs[3]!, 6);
    const unknown = 'f'.repeat(32);
    const reply = await deployment.feedback({
      items: [
        { predictionId: batch.ids[1]!, label: 'no' },
        { predictionId: unknown, label: 'yes' },
      ],
    });
    expect(reply).toEqual({ accepted: 1, unknown: [unknown] });
    await deployment.feedback({ items: [{ predictionId: batch.ids[1]!, label: 'yes' }] });
    expect((await deployment.prediction(batch.ids[1]!)).label).toBe('yes');
    expect((await deployment.predictions('d', { limit: 1 }))[0]?.id).toBe(batch.ids[1]);
    expect((await deployment.labelled('d', 0, 10)).items).toMatchObject([
      { label: 'yes', prediction: { id: batch.ids[1] } },
    ]);
    await expect(deployment.prediction(unknown)).rejects.toMatchObject({ code: 'PREDICTION_NOT_FOUND' });
  });

  it('swaps and rolls back under load without a failed request', async () => {
    let stop = false;
    let answered = 0;
    const failures: unknown[] = [];
    const versions = new Set<number>();
    const client = async (i: number) => {
      while (!stop) {
        try {
          const batch = await deployment.predict('d', rows(i, i + 1 + (answered % 3)));
          versions.add(batch.model.version);
          answered++;
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const clients = Array.from({ length: 8 }, (_, i) => client(i));
    await publish(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await deployment.rollback('d');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(deployment.live('d').version).toBe(1);
    await publish(2);
    await deployment.rollback('d', 1);
    stop = true;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(20);
    expect([...versions].sort()).toEqual([1, 2]);
    const detail = await deployment.get('d');
    expect(detail.revisions[0]).toMatchObject({ version: 1, role: 'live', reason: 'rollback to revision 1' });
  });

  it('refuses more rows than may wait, and names what does not exist', async () => {
    const huge = {
      rows: 250_000,
      columns: rows(0, 1).columns.map((c) =>
        c instanceof Float64Array ? new Float64Array(250_000) : new Array<string>(250_000).fill(''),
      ),
    };
    await expect(deployment.predict('d', huge)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(() => deployment.live('e')).toThrow(/no deployment 'e'/);
    await expect(deployment.get('dd')).rejects.toMatchObject({ code: 'DEPLOYMENT_NOT_FOUND' });
    await expect(deployment.rollback('d', 99)).rejects.toMatchObject({ code: 'NO_EARLIER_REVISION' });
    writeFileSync(join(folder, 'broken.onnx'), 'not a model');
    await expect(
      deployment.prepare('d', { ...servables.get(1)!, onnxPath: join(folder, 'broken.onnx') }),
    ).rejects.toMatchObject({ code: 'MODEL_UNREADABLE' });
  });

  it('serves the live revision again after a restart, with its log', async () => {
    const before = await deployment.predict('d', rows(0, 1));
    await deployment.close();
    deployment = open();
    await deployment.restore();
    const after = await deployment.predict('d', rows(0, 1));
    expect(Array.from(after.outputs)).toEqual(Array.from(before.outputs));
    expect((await deployment.prediction(before.ids[0]!)).id).toBe(before.ids[0]);
  });
});
