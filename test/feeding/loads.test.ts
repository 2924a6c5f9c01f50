import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';

let h: FeedingHarness;
beforeAll(async () => {
  h = await openFeedingHarness();
});
afterAll(() => h.close());

describe('loads', () => {
  it('replaces, appends and merges by key, and every version stays readable', async () => {
    expect(await h.load('orders', 'id,status\n1,new\n2,new\n3,new\n')).toBe(1);
    expect(await h.load('orders', 'id,status\n4,new\n', { mode: 'append' })).toBe(2);
    expect(
      await h.load('orders', 'id,status\n2,paid\n5,new\n2,shipped\n', { mode: 'merge', key: ['id'] }),
    ).toBe(3);
    expect(await h.query('SELECT id, status FROM orders ORDER BY id')).toEqual([
      [1, 'new'],
      [2, 'shipped'],
      [3, 'new'],
      [4, 'new'],
      [5, 'new'],
    ]);
    expect(await h.query('SELECT count(*) FROM orders@v2')).toEqual([[4]]);
    expect(await h.query('SELECT count(*) FROM "orders@1"')).toEqual([[3]]);
    const detail = await h.feeding.get('orders');
    expect(detail).toMatchObject({ version: 3, rows: 5 });
    expect(
      detail.versions.map(({ operation, rows, loaded, sourceRows, parent }) => ({
        operation,
        rows,
        loaded,
        sourceRows,
        parent,
      })),
    ).toEqual([
      { operation: 'merge', rows: 5, loaded: 3, sourceRows: 3, parent: 2 },
      { operation: 'append', rows: 4, loaded: 1, sourceRows: 1, parent: 1 },
      { operation: 'replace', rows: 3, loaded: 3, sourceRows: 3, parent: null },
    ]);
    // An append shares the parts of the version before.
    const v2 = await h.feeding.snapshot('orders', 2);
    const v1 = await h.feeding.snapshot('orders', 1);
    expect(v2.parts[0]).toEqual(v1.parts[0]);
    expect(v2.profile.find(({ name }) => name === 'id')).toMatchObject({
      count: 4,
      min: 1,
      max: 4,
      mean: 2.5,
    });
  });

  it('makes no second version of the same rows', async () => {
    await h.load('same', 'a\n1\n2\n');
    expect(await h.load('same', 'a\n1\n2\n')).toBe(1);
    expect((await h.feeding.get('same')).versions).toHaveLength(1);
  });

  it('widens types and adds columns where the contract evolves, and tells what changed', async () => {
    await h.load('evolving', 'id,amount\n1,10\n2,20\n');
    await h.load('evolving', 'id,amount,note\n3,1.5,first\n', { mode: 'append' });
    await h.load('evolving', 'id,amount,note\nx4,2,\n', { mode: 'append' });
    // One misfit among several is a bad row, not another type.
    await h.load('evolving', 'id,amount,note\n5,3,\n6,n-a,\n7,4,\n', { mode: 'append' });
    const { history } = await h.feeding.getContract('evolving');
    expect(history.map(({ version, origin, changes }) => ({ version, origin, changes }))).toEqual([
      { version: 3, origin: 'evolved', changes: ['id: integer → string'] },
      { version: 2, origin: 'evolved', changes: ['amount: integer → number', 'note: added as string'] },
      { version: 1, origin: 'inferred', changes: ['inferred from the first load'] },
    ]);
    expect(await h.query('SELECT * FROM evolving')).toEqual([
      ['1', 10, null],
      ['2', 20, null],
      ['3', 1.5, 'first'],
      ['x4', 2, null],
      ['5', 3, null],
      ['7', 4, null],
    ]);
    expect((await h.feeding.listQuarantine('evolving', {})).items).toMatchObject([
      { reason: 'WRONG_TYPE', column: 'amount', text: expect.stringContaining('6,n-a') },
    ]);
  });

  it('refuses a merge without a key, and one whose source lacks it', async () => {
    await h.load('keyless', 'a\n1\n');
    await expect(h.load('keyless', 'a\n2\n', { mode: 'merge' })).rejects.toMatchObject({
      code: 'KEY_REQUIRED',
    });
    await expect(h.load('keyless', 'a\n2\n', { mode: 'merge', key: ['b'] })).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
    });
  });

  it('refuses a load without rows, and an append of nothing changes nothing', async () => {
    await expect(h.load('empty', 'a,b\n')).rejects.toMatchObject({ code: 'LOAD_EMPTY' });
    await expect(h.feeding.get('empty')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  });

  it('lets only one of two loads made for the same version in', async () => {
    await h.load('raced', 'a\n1\n');
    const results = await Promise.allSettled([
      h.load('raced', 'a\n2\n', { mode: 'append' }),
      h.load('raced', 'a\n3\n', { mode: 'append' }),
    ]);
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ reason: { code: 'VERSION_MOVED' } });
    expect((await h.feeding.get('raced')).rows).toBe(2);
  });
});
