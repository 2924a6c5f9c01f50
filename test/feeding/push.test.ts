import { appendFileSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUSH_LIMITS } from '../../platform/src/feeding/push/limits.ts';
import { PushLog } from '../../platform/src/feeding/push/push-log.ts';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';

const lines = (from: number, to: number) =>
  Buffer.from(
    Array.from({ length: to - from }, (_, i) => JSON.stringify({ id: from + i, at: '2026-01-01' })).join(
      '\n',
    ),
  );

describe('pushed rows', () => {
  let h: FeedingHarness;
  beforeAll(async () => {
    h = await openFeedingHarness();
  });
  afterAll(() => h.close());
  const push = (dataset: string, body: Buffer, key = '') =>
    h.feeding.push(dataset, { body, format: 'ndjson', key });

  it('are acknowledged with their place, and become one version at a flush', async () => {
    expect(await push('events', lines(0, 5))).toMatchObject({ offset: 0, rows: 5, repeated: false });
    expect(await push('events', lines(5, 8))).toMatchObject({ offset: 5, rows: 3 });
    expect(await h.feeding.flush('events')).toEqual({ version: 1, rows: 8 });
    expect(await h.query('SELECT count(*), min(id), max(id) FROM events')).toEqual([[8, 0, 7]]);
    expect(await h.feeding.flush('events')).toEqual({ version: null, rows: 0 });
    await push('events', lines(8, 10));
    expect(await h.feeding.flush('events')).toEqual({ version: 2, rows: 2 });
    expect(await h.query('SELECT count(*) FROM events')).toEqual([[10]]);
  });

  it('with a known key are not added again: at once, together, and after a flush', async () => {
    const body = lines(0, 3);
    const together = await Promise.all([push('once', body, 'k1'), push('once', body, 'k1')]);
    expect(together.map(({ offset }) => offset)).toEqual([0, 0]);
    expect(await push('once', body, 'k1')).toMatchObject({ offset: 0, repeated: true });
    await h.feeding.flush('once');
    expect(await push('once', body, 'k1')).toMatchObject({ offset: 0, repeated: true });
    expect(await h.feeding.flush('once')).toEqual({ version: null, rows: 0 });
    expect(await h.query('SELECT count(*) FROM once')).toEqual([[3]]);
  });

  it('that break in the middle keep their bytes in quarantine; the others are loaded', async () => {
    await push('mixed', Buffer.from('{"a":1,"b":"x"}\n{"a":2,"b":\n{"a":3,"b":"z"}\n'));
    // The schema changes mid-stream: a new field, and one that is gone.
    await push('mixed', Buffer.from('{"a":4,"c":true}\n'));
    await h.feeding.flush('mixed');
    expect(await h.query('SELECT a, b, c FROM mixed ORDER BY a')).toEqual([
      [1, 'x', null],
      [3, 'z', null],
      [4, null, true],
    ]);
    const held = await h.feeding.listQuarantine('mixed', {});
    expect(held.items.map(({ text }) => text.trim())).toEqual(['{"a":2,"b":']);
  });

  it('of which none can be read are kept, all of them', async () => {
    await push('broken', Buffer.from('{"a":1}\n'));
    await h.feeding.flush('broken');
    await push('broken', Buffer.from('{"a":2}\nnonsense\n'));
    await h.feeding.flush('broken');
    await push('broken', Buffer.from('{"a":\u00a0"x"}\n{"a":3\n'.replace('{"a":\u00a0"x"}', '{"a":7}')));
    await h.feeding.flush('broken');
    const [[loaded]] = (await h.query('SELECT count(*) FROM broken')) as [[number]];
    const { total } = await h.feeding.listQuarantine('broken', {});
    expect(loaded + total).toBe(5);
  });

  it('are refused when they are no rows, with what to send', async () => {
    for (const body of ['', '\n\n', '[1,2]', 'a,b\n1,2', '"text"'])
      await expect(push('no', Buffer.from(body))).rejects.toMatchObject({
        code: 'PUSH_INVALID',
        fix: expect.stringContaining('NDJSON'),
      });
    await expect(push('../up', lines(0, 1))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(push('no', lines(0, 1), 'k'.repeat(201))).rejects.toMatchObject({ code: 'PUSH_INVALID' });
    await expect(
      h.feeding.push('no', { body: Buffer.from('not arrow'), format: 'arrow', key: '' }),
    ).rejects.toMatchObject({ code: 'PUSH_INVALID' });
  });
});

describe('the log', () => {
  let h: FeedingHarness;
  beforeAll(async () => {
    h = await openFeedingHarness();
  });
  afterAll(() => h.close());
  const row = { rows: 1, key: '', format: 'ndjson' as const };

  it('cuts a torn tail off, and nothing before it', async () => {
    for (const [index, cut] of [1, 5, 20].entries()) {
      const folder = join(h.folder, `torn-${index}`);
      const log = await PushLog.open(folder, 0, Date.now);
      await log.append({ ...row, key: 'a' }, Buffer.from('{"n":1}\n'));
      await log.append({ ...row, key: 'b' }, Buffer.from('{"n":2}\n'));
      await log.close();
      const path = join(folder, readdirSync(folder).find((name) => name.endsWith('.seg'))!);
      truncateSync(path, (await import('node:fs')).statSync(path).size - cut);
      const again = await PushLog.open(folder, 0, Date.now);
      expect(again.next).toBe(1);
      expect(again.known('a')).toMatchObject({ offset: 0 });
      expect(again.known('b')).toBeUndefined();
      expect(await again.append({ ...row, key: 'b' }, Buffer.from('{"n":2}\n'))).toBe(1);
      await again.close();
      appendFileSync(path, '{"offset":');
      const last = await PushLog.open(folder, 0, Date.now);
      expect(last.next).toBe(2);
      await last.close();
    }
  });

  it('answers PUSH_BACKLOG when more waits than may, and takes rows again afterwards', async () => {
    const log = await PushLog.open(join(h.folder, 'full'), 0, Date.now, {
      ...PUSH_LIMITS,
      waitingBytesMax: 1000,
    });
    const body = Buffer.alloc(400, 0x20);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => log.append(row, body)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PUSH_BACKLOG' });
    expect(await log.append(row, body)).toBe(2);
    await log.close();
  });
});

describe('bad sources', () => {
  let h: FeedingHarness;
  beforeAll(async () => {
    h = await openFeedingHarness();
  });
  afterAll(() => h.close());

  it('that unpack without end are stopped, and publish nothing', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 'a,b\n'), { level: 9 });
    expect(bomb.length).toBeLessThan(600 * 1024);
    await expect(h.load('bomb', bomb, { fileName: 'bomb.csv.gz' })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      fix: expect.stringContaining('unpack'),
    });
    await expect(h.feeding.get('bomb')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  });

  it('with a changed schema follow the contract: freeze stops, quarantine-row keeps back, evolve takes', async () => {
    await h.load('steady', 'a,b\n1,2\n');
    const { current } = await h.feeding.getContract('steady');
    await h.feeding.editContract('steady', {
      body: { ...current.body, newColumns: 'freeze' },
      basedOn: current.version,
    });
    await expect(h.load('steady', 'a,b,c\n1,2,3\n', { mode: 'append' })).rejects.toMatchObject({
      code: 'CONTRACT_VIOLATED',
      message: expect.stringContaining('c'),
    });
    await expect(h.load('steady', 'a\n1\n', { mode: 'append' })).rejects.toMatchObject({
      code: 'CONTRACT_VIOLATED',
    });
    expect(await h.query('SELECT * FROM steady')).toEqual([[1, 2]]);
  });

  it('named to climb out of the home never leave it', async () => {
    for (const name of ['../escape', '/etc/x', 'a/../../b', '.', 'a\0b', 'CON/..'])
      await expect(h.load(name, 'a\n1\n', { fileName: 'climb.csv' })).rejects.toMatchObject({
        code: 'USAGE',
      });
    for (const name of ['../x', 'a/b', '..'])
      await expect(h.feeding.createTag('steady', { name })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
