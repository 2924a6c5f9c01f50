import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFsBlobs } from '../adapters/blobs-fs/index.ts';
import { openSqlStores, type SqlStores } from '../adapters/sql/index.ts';
import type { ModelSignature } from '../contracts/models.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import type { Clock } from '../kernel/clock.ts';
import { createRng } from '../kernel/rng.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { Coercions } from '../tables/coercion.ts';
import type { Table } from '../tables/table.ts';
import { buildBaseline } from './baseline.ts';
import { createMonitoring } from './monitoring.ts';
import type { PredictionSource } from './ports.ts';
import type { MonitoringService } from './types.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 5, 1, 12);
const SIGNATURE: ModelSignature = {
  ...{ task: 'binary', target: 'y', inputs: [], numericLabels: false, positive: 'yes' },
  labels: ['no', 'yes'],
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

interface Row {
  readonly time: number;
  readonly revision: number;
  readonly age: number;
  readonly city: string;
  readonly score: number;
}

/** A prediction log in memory: rows in order, position = rows read. */
class Log implements PredictionSource {
  readonly rows: Row[] = [];
  readonly labels: { row: number; label: string }[] = [];

  read: PredictionSource['read'] = async (_deployment, from, rowsMax) => {
    const start = Number(from ?? 0);
    const rows = this.rows.slice(start, start + Math.min(rowsMax, 700));
    const revisions = [...new Set(rows.map(({ revision }) => revision))];
    return {
      batches: revisions.map((revision) => {
        const own = rows.filter((row) => row.revision === revision);
        return {
          revision,
          times: Float64Array.from(own, ({ time }) => time),
          columns: [Float64Array.from(own, ({ age }) => age), own.map(({ city }) => city)],
          outputs: Float32Array.from(own.flatMap(({ score }) => [1 - score, score])),
          outputsPerRow: 2,
        };
      }),
      next: String(start + rows.length),
    };
  };

  labelled: PredictionSource['labelled'] = async (_deployment, after, limit) => {
    const items = this.labels.slice(after, after + limit).map(({ row, label }) => {
      const { time, revision, score } = this.rows[row]!;
      const prediction = score > 0.5 ? 'yes' : 'no';
      return { time, revision, prediction, probabilities: { no: 1 - score, yes: score }, label };
    });
    return { items, next: after + items.length };
  };

  add(
    count: number,
    options: { time: number; seed: number; revision?: number; shift?: number; missing?: number },
  ): void {
    const rng = createRng(options.seed);
    for (let i = 0; i < count; i++) {
      const normal = Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
      this.rows.push({
        time: options.time + i,
        revision: options.revision ?? 1,
        age: rng.next() < (options.missing ?? 0) ? Number.NaN : normal + (options.shift ?? 0),
        city: ['Cork', 'Delft', 'Hull'][rng.int(3)]!,
        score: rng.next(),
      });
    }
  }
}

let folder: string;
let stores: SqlStores;
let blobs: BlobStore;
let now: number;
let log: Log;
let monitoring: MonitoringService;
const clock: Clock = { now: () => now, elapsed: () => now };

function trainTable(rows: number): Table {
  const source = new Log();
  source.add(rows, { time: 0, seed: 4242 });
  const cities = ['Cork', 'Delft', 'Hull'];
  return {
    rows,
    columns: [
      { name: 'age', type: 'number', values: Float64Array.from(source.rows, ({ age }) => age) },
      {
        name: 'city',
        type: 'string',
        codes: Int32Array.from(source.rows, ({ city }) => cities.indexOf(city)),
        dictionary: cities,
      },
    ],
  };
}

function open(): MonitoringService {
  const { monitors: store, transactor, events } = stores;
  return createMonitoring({ store, blobs, source: log, transactor, events, clock, everyMs: 0 });
}

async function watch(revision: number): Promise<void> {
  const rng = createRng(5);
  const predictions = Float32Array.from({ length: 10_000 }, () => rng.next());
  for (let i = 0; i < predictions.length; i += 2) predictions[i] = 1 - predictions[i + 1]!;
  const baseline = buildBaseline({
    table: trainTable(5000),
    coercions: COERCIONS,
    predictions,
    signature: SIGNATURE,
    reference: { metric: 'auc', value: 0.8 },
  });
  const { digest } = await blobs.put(new TextEncoder().encode(canonicalJson(baseline)));
  await stores.transactor.transaction((tx) =>
    monitoring.create(tx, {
      deployment: 'people',
      version: revision,
      revision,
      baselineDigest: digest,
      coercions: COERCIONS,
    }),
  );
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-monitoring-'));
  now = START;
  const location = { kind: 'sqlite', path: join(folder, 'test.db') } as const;
  stores = await openSqlStores(location, { clock, project: 'default' });
  blobs = createFsBlobs(join(folder, 'blobs'));
  log = new Log();
  monitoring = open();
  await watch(1);
});

afterEach(async () => {
  await monitoring.close();
  await stores.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a monitor', () => {
  it('waits for enough rows, then is healthy on traffic like the training rows', async () => {
    expect(await monitoring.get('people')).toMatchObject({
      status: 'waiting',
      rows: 0,
      lastSeenAt: null,
      features: 3,
    });
    log.add(20, { time: START, seed: 1 });
    expect(await monitoring.get('people')).toMatchObject({ status: 'waiting', rows: 20, rowsMin: 50 });
    log.add(2000, { time: START + 1000, seed: 2 });
    const detail = await monitoring.get('people');
    expect(detail).toMatchObject({
      status: 'healthy',
      rows: 2020,
      drifted: 0,
      performance: null,
      alerts: [],
    });
    expect(detail.featureNames).toEqual(['age', 'city', 'prediction']);
    expect(detail.current.every(({ psi, bound }) => psi! < bound!)).toBe(true);
  });

  it('counts every prediction once, by the hour, however often it reads and whoever reads at once', async () => {
    for (let hour = 0; hour < 5; hour++) log.add(900, { time: START - hour * HOUR, seed: hour + 10 });
    await Promise.all([monitoring.catchUp(), monitoring.catchUp('people'), monitoring.get('people')]);
    const reopened = open();
    const detail = await reopened.get('people');
    await reopened.close();
    expect(detail.windows.map(({ start, rows }) => [start, rows])).toEqual(
      [4, 3, 2, 1, 0].map((hour) => [START - hour * HOUR, 900]),
    );
  });

  it('counts each row once although saving fails in between', async () => {
    log.add(1500, { time: START, seed: 1 });
    const { monitors, transactor } = stores;
    let failures = 2;
    const shaky = createMonitoring({
      ...{ store: monitors, blobs, source: log, events: stores.events, clock, everyMs: 0 },
      transactor: {
        transaction: (work) =>
          transactor.transaction(async (tx) => {
            const result = await work(tx);
            if (failures-- > 0) throw new Error('the process dies before the commit');
            return result;
          }),
      },
    });
    await expect(shaky.catchUp()).rejects.toThrow();
    await expect(shaky.catchUp()).rejects.toThrow();
    await shaky.catchUp();
    await shaky.close();
    expect((await monitoring.get('people')).rows).toBe(1500);
  });

  it('announces a drift once when it begins and once when it is over, restarts in between or not', async () => {
    const told = async () =>
      (await stores.events.recent({ limit: 100, subject: 'monitors/people' }))
        .filter(({ type }) => type !== 'monitor.created')
        .map(({ type, data }) => `${type} ${String(data['key'])}`)
        .reverse();
    log.add(1000, { time: START, seed: 1, shift: 1 });
    expect(await monitoring.get('people')).toMatchObject({ status: 'drifting', drifted: 1 });
    log.add(1000, { time: START + 1, seed: 2, shift: 1 });
    await monitoring.catchUp();
    const reopened = open();
    await reopened.catchUp();
    await reopened.close();
    expect(await told()).toEqual(['monitor.alert drift:age']);
    const { alerts } = await monitoring.get('people');
    expect(alerts[0]!.summary).toContain("'age' drifted");
    // A day later only honest traffic is left.
    now = START + 26 * HOUR;
    log.add(1000, { time: now, seed: 3 });
    expect(await monitoring.get('people')).toMatchObject({ status: 'healthy', drifted: 0 });
    expect(await told()).toEqual(['monitor.alert drift:age', 'monitor.recovered drift:age']);
  });

  it('tells values that go missing apart from drift', async () => {
    log.add(600, { time: START, seed: 1, missing: 0.3 });
    const { alerts, current } = await monitoring.get('people');
    expect(alerts.map(({ summary }) => summary).join()).toContain('% of 600 rows are missing');
    expect(current[0]!.missing).toBeCloseTo(0.3, 1);
    expect(current[0]!.missingBaseline).toBe(0);
  });

  it('measures realised performance from labels that come later, in any order', async () => {
    log.add(2000, { time: START, seed: 1 });
    await monitoring.catchUp();
    const rng = createRng(77);
    const order = Array.from({ length: 2000 }, (_, row) => row).sort(() => rng.next() - 0.5);
    for (const row of order)
      log.labels.push({ row, label: rng.next() < log.rows[row]!.score ? 'yes' : 'no' });
    const { performance } = await monitoring.get('people');
    // Scores are the true chances, uniform: the AUC of that is 5/6.
    expect(performance!.labelled).toBe(2000);
    expect(performance!.value).toBeCloseTo(5 / 6, 1);
    expect(performance!.interval!.low).toBeLessThan(5 / 6);
    expect(performance!.interval!.high).toBeGreaterThan(5 / 6);
    expect(performance!.reference).toBe(0.8);
    // Hours of nothing but labels must not count as traffic.
    expect((await monitoring.get('people')).rows).toBe(2000);
  });

  it('loses no prediction of a new revision that was served before it was watched', async () => {
    log.add(100, { time: START, seed: 1 });
    log.add(300, { time: START + 500, seed: 2, revision: 2 });
    await monitoring.catchUp();
    await watch(2);
    expect(await monitoring.get('people')).toMatchObject({ version: 2, rows: 300 });
  });

  it('does not wait for ever for a revision that nobody watches', async () => {
    log.add(300, { time: START, seed: 2, revision: 2 });
    now = START + HOUR;
    log.add(100, { time: now, seed: 1 });
    expect((await monitoring.get('people')).rows).toBe(100);
  });

  it('is listed, measured for Prometheus, and unknown under another name', async () => {
    log.add(1000, { time: START, seed: 1, shift: 2 });
    await monitoring.catchUp();
    const { items } = await monitoring.list({});
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ name: 'people', status: 'drifting', rows: 1000 });
    const families = await monitoring.metrics();
    const ratio = families.find(
      ({ name, labels }) => name === 'slipway_monitor_drift_ratio' && labels['feature'] === 'age',
    );
    expect(ratio!.value).toBeGreaterThan(1);
    await expect(monitoring.get('nobody')).rejects.toMatchObject({ code: 'MONITOR_NOT_FOUND' });
  });
});
