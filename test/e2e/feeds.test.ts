import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatasetDetail } from '../../platform/src/contracts/datasets.ts';
import type { EventRecord } from '../../platform/src/contracts/events.ts';
import { Workplace } from '../slipway-process.ts';

/** Sources that are stored with their data set: when, and what becomes of their failures. */
describe('stored sources', () => {
  const place = new Workplace();
  const file = join(place.folder, 'orders.csv');
  let url = '';
  const detail = async (name: string) =>
    (await (await fetch(`${url}/api/v1/datasets/${name}`)).json()) as DatasetDetail;
  const until = async (done: () => Promise<boolean>) => {
    for (let tries = 0; tries < 150; tries++) {
      if (await done()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await done()).toBe(true);
  };

  beforeAll(async () => {
    writeFileSync(file, 'id,amount\n1,10\n2,20\n');
    expect((await place.run(['data', 'add', 'orders', `file://${file}`])).code).toBe(0);
    url = place.server()!.url;
  });
  afterAll(() => place.close());

  it('are kept when a load succeeded, and read again without being named', async () => {
    expect((await detail('orders')).feed?.spec.uri).toContain('orders.csv');
    writeFileSync(file, 'id,amount\n1,10\n2,20\n3,30\n');
    const again = await place.run(['data', 'add', 'orders', '--json']);
    expect(again.lines.at(-1)).toMatchObject({ version: 2, loaded: 3 });
  });

  it('are not replaced by one that cannot be read', async () => {
    const failed = await place.run(['data', 'add', 'orders', `file://${place.folder}/ordres.csv`]);
    expect(failed.code).not.toBe(0);
    const { feed } = await detail('orders');
    expect(feed).toMatchObject({ failures: 0, lastError: null });
    expect(feed?.spec.uri).toContain('orders.csv');
    const { items } = (await (
      await fetch(`${url}/api/v1/events?type=load.failed&subject=datasets/orders`)
    ).json()) as { items: EventRecord[] };
    expect(items).toHaveLength(1);
  });

  it('feed by themselves: new rows, a failure that is told, and rows again', async () => {
    expect((await place.run(['data', 'schedule', 'orders', '--every', '1s'])).code).toBe(0);
    writeFileSync(file, 'id,amount\n1,10\n2,20\n3,30\n4,40\n');
    await until(async () => (await detail('orders')).rows === 4);
    rmSync(file);
    await until(async () => ((await detail('orders')).feed?.failures ?? 0) > 0);
    // What is there stays there, whatever the source does.
    expect((await detail('orders')).rows).toBe(4);
    writeFileSync(file, 'id,amount\n1,10\n');
    await until(async () => (await detail('orders')).rows === 1);
    expect((await detail('orders')).feed).toMatchObject({ failures: 0, lastError: null });
    expect((await place.run(['data', 'schedule', 'orders', '--every', '0'])).code).toBe(0);
  }, 60_000);

  it('watch a folder for new files', async () => {
    const pattern = join(place.folder, 'inbox-*.csv');
    writeFileSync(join(place.folder, 'inbox-1.csv'), 'id\n1\n');
    expect((await place.run(['data', 'add', 'inbox', pattern, '--watch'])).code).toBe(0);
    writeFileSync(join(place.folder, 'inbox-2.csv'), 'id\n2\n3\n');
    await until(async () => (await detail('inbox')).rows === 3);
    expect((await place.run(['data', 'query', 'SELECT sum(id) AS n FROM inbox'])).stdout).toContain('6');
  }, 60_000);

  it('hold no password', async () => {
    const refused = await place.run([
      'data',
      'add',
      'db',
      'postgres://me:hunter2@127.0.0.1/x',
      '--table',
      't',
    ]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('CREDENTIALS_IN_URI');
    const everything = JSON.stringify(await (await fetch(`${url}/api/v1/events?limit=1000`)).json());
    expect(everything + refused.stderr + refused.stdout).not.toContain('hunter2');
  });
});
