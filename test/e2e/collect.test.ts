import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CollectReport } from '../../platform/src/contracts/data-versions.ts';
import { Workplace } from '../slipway-process.ts';

/** Collection in a home that has a model, several versions and leftovers of what died. */
describe('slipway data gc', () => {
  const place = new Workplace();
  afterAll(() => place.close());

  const blobs = () =>
    readdirSync(join(place.home, 'blobs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  const collect = async (...more: string[]) => {
    const done = await place.run([
      'data',
      'gc',
      '--keep-versions',
      '1',
      '--keep-days',
      '0',
      ...more,
      '--json',
    ]);
    expect(done.stderr).toBe('');
    return done.lines.at(-1) as unknown as CollectReport;
  };

  it('removes what nothing refers to, and nothing that a model, a version or a deployment needs', async () => {
    const rows = Array.from(
      { length: 400 },
      (_, i) => `${i % 13},${(i * 7) % 11},${(i % 13) + ((i * 7) % 11) > 11 ? 'a' : 'b'}`,
    );
    const file = join(place.folder, 'rows.csv');
    writeFileSync(file, `x,z,y\n${rows.join('\n')}\n`);
    // Its server takes a free port; the launch finds it.
    expect((await place.run(['data', 'add', 'first', file])).code).toBe(0);
    expect(
      (await place.run(['launch', file, '--target', 'y', '--budget', '1s', '--position', '2'])).code,
    ).toBe(0);
    for (const extra of ['1,2,a', '3,4,b', '5,6,a']) {
      writeFileSync(file, `x,z,y\n${rows.join('\n')}\n${extra}\n`);
      expect((await place.run(['data', 'add', 'rows', file])).code).toBe(0);
    }
    const leftover = join(place.home, 'blobs', 'ab', `ab${'0'.repeat(62)}`);
    mkdirSync(join(place.home, 'blobs', 'ab'), { recursive: true });
    writeFileSync(leftover, 'left by something that died');
    // Young files stay, whoever left them.
    expect(await collect('--delete')).toMatchObject({ blobs: 0, orphans: { blobs: 0 } });
    const old = new Date(Date.now() - 3 * 24 * 3600 * 1000);
    for (const path of blobs()) utimesSync(path, old, old);
    const told = await collect();
    expect(told.orphans.blobs).toBeGreaterThanOrEqual(1);
    const before = blobs().length;
    const done = await collect('--delete');
    expect(done.orphans.blobs).toBeGreaterThanOrEqual(1);
    expect(blobs()).not.toContain(leftover);
    expect(blobs().length).toBeLessThan(before);
    expect((await collect('--delete')).orphans.blobs).toBe(0);
    // All that is left still works, from the files and not from memory.
    place.killServer();
    expect((await place.run(['data', 'query', 'SELECT count(*) AS n FROM rows'])).stdout).toContain('401');
    expect((await place.run(['models', 'show', 'rows'])).code).toBe(0);
    const url = place.server()!.url;
    const reply = await fetch(`${url}/models/rows/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dataframe_records: [{ x: 1, z: 2 }] }),
    });
    expect(reply.status).toBe(200);
  }, 120_000);
});
