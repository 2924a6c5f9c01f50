import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PushReply } from '../../platform/src/contracts/data-loads.ts';
import type { QueryReply } from '../../platform/src/contracts/data-query.ts';
import type { DatasetDetail } from '../../platform/src/contracts/datasets.ts';
import { BIN, freePort, Workplace } from '../slipway-process.ts';

/** The server is killed with SIGKILL while rows come in: no acknowledged row is lost, none is there twice, no version is half a load. */
const places: Workplace[] = [];
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const place of places) place.close();
});

function newPlace(): Workplace {
  const place = new Workplace();
  places.push(place);
  return place;
}

async function up(place: Workplace, port: number, env: Record<string, string> = {}) {
  const args = [BIN, 'up', '--json', '--port', String(port), '--home', place.home];
  const child = spawn(process.execPath, args, {
    cwd: place.folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    gone.then(() => reject(new Error('slipway up ended before it was ready')));
  });
  return { child, gone, kill: () => child.kill('SIGKILL') };
}

async function ask<T>(url: string, path: string, body?: unknown): Promise<T> {
  const reply = await fetch(`${url}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const value = (await reply.json()) as T;
  if (!reply.ok) throw new Error(`${path}: ${JSON.stringify(value)}`);
  return value;
}

const query = async (url: string, sql: string) => (await ask<QueryReply>(url, '/api/v1/query', { sql })).rows;

const ROWS = 20;

/** Pushes a batch until it is acknowledged, always with the same key, however often the server dies meanwhile. */
async function pushUntilAcknowledged(url: string, batch: number, stop: () => boolean): Promise<boolean> {
  const body = Array.from({ length: ROWS }, (_, row) => JSON.stringify({ batch, row })).join('\n');
  while (!stop()) {
    try {
      const reply = await fetch(`${url}/api/v1/datasets/events/rows`, {
        ...{ method: 'POST', body },
        headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': `batch-${batch}` },
      });
      const { rows } = (await reply.json()) as PushReply;
      if (reply.ok && rows === ROWS) return true;
    } catch {
      // The server is dead just now.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

async function everyBatchOnce(url: string, batches: number): Promise<void> {
  await ask(url, '/api/v1/datasets/events/flush', {});
  const [[rows, distinct, most]] = (await query(
    url,
    'SELECT count(*), count(DISTINCT (batch, "row")), (SELECT max(n) FROM (SELECT count(*) AS n FROM events GROUP BY batch)) FROM events',
  )) as [[number, number, number]];
  expect({ rows, distinct, most }).toEqual({ rows: batches * ROWS, distinct: batches * ROWS, most: ROWS });
}

describe('pushed rows', () => {
  it('outlive a storm of kills: every acknowledged batch is there, once', async () => {
    const place = newPlace();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    let next = 0;
    let over = false;
    const acknowledged = new Set<number>();
    const storm = async () => {
      while (!over) {
        const batch = next++;
        if (await pushUntilAcknowledged(url, batch, () => false)) acknowledged.add(batch);
      }
    };
    let server = await up(place, port);
    const clients = [storm(), storm(), storm()];
    const KILLS = 8;
    for (let kill = 0; kill < KILLS; kill++) {
      // Versions are made in the middle of it too: a kill may hit the flush as well as the log.
      const flush = fetch(`${url}/api/v1/datasets/events/flush`, { method: 'POST' }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 150 + ((kill * 397) % 900)));
      server.kill();
      await server.gone;
      await flush;
      server = await up(place, port);
    }
    over = true;
    await Promise.all(clients);
    expect(acknowledged.size).toBe(next);
    expect(next).toBeGreaterThan(20);
    await everyBatchOnce(url, next);
    server.kill();
  }, 240_000);

  for (const point of ['push.written', 'push.synced', 'load.read', 'load.staged']) {
    it(`are there once after a kill at ${point}`, async () => {
      const place = newPlace();
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const first = await up(place, port);
      expect(await pushUntilAcknowledged(url, 0, () => false)).toBe(true);
      first.kill();
      await first.gone;
      const dying = await up(place, port, { SLIPWAY_KILL_AT: point });
      let dead = false;
      void dying.gone.then(() => {
        dead = true;
      });
      await pushUntilAcknowledged(url, 1, () => dead);
      if (!dead)
        await fetch(`${url}/api/v1/datasets/events/flush`, { method: 'POST' }).catch(() => undefined);
      await dying.gone;
      const again = await up(place, port);
      expect(await pushUntilAcknowledged(url, 1, () => false)).toBe(true);
      await everyBatchOnce(url, 2);
      again.kill();
    }, 120_000);
  }
});

describe('a load', () => {
  it('that is killed at any moment has published all or nothing, and can be given again', async () => {
    const place = newPlace();
    const file = join(place.folder, 'rows.csv');
    const total = 60_000;
    writeFileSync(
      file,
      `id,amount\n${Array.from({ length: total }, (_, i) => `${i},${(i * 31) % 1000}`).join('\n')}\n`,
    );
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    for (const kill of ['load.read', 'load.staged', 150, 300, 450, 600, 900]) {
      const server = await up(place, port, typeof kill === 'string' ? { SLIPWAY_KILL_AT: kill } : {});
      const asked = place.run(['data', 'add', 'rows', file, '--mode', 'append', '--json']);
      if (typeof kill === 'number') {
        await new Promise((resolve) => setTimeout(resolve, kill));
        server.kill();
      }
      await Promise.race([server.gone, asked]);
      server.kill();
      await server.gone;
      await asked;
      place.killServer();
      const after = await up(place, port);
      // What was interrupted goes on by itself or stays unpublished: either way there are whole loads only.
      const detail = await ask<DatasetDetail>(url, '/api/v1/datasets/rows').catch(() => undefined);
      if (detail !== undefined) {
        const [[rows, distinct]] = (await query(url, 'SELECT count(*), count(DISTINCT id) FROM rows')) as [
          [number, number],
        ];
        expect(rows % total).toBe(0);
        expect(distinct).toBe(total);
        expect(rows).toBe(detail.rows);
      }
      after.kill();
      await after.gone;
    }
    await up(place, port);
    const done = await place.run(['data', 'add', 'rows', file, '--json']);
    expect(done.code).toBe(0);
    expect(await query(url, 'SELECT count(*), count(DISTINCT id) FROM rows')).toEqual([[total, total]]);
  }, 240_000);
});
