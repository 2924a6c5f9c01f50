import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContractBody } from '../../platform/src/contracts/data-contracts.ts';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';

let h: FeedingHarness;
beforeAll(async () => {
  h = await openFeedingHarness();
});
afterAll(() => h.close());

async function edit(dataset: string, change: (body: ContractBody) => ContractBody): Promise<void> {
  const { current } = await h.feeding.getContract(dataset);
  await h.feeding.editContract(dataset, { body: change(current.body), basedOn: current.version });
}

const rules = (body: ContractBody, column: string, rule: object): ContractBody => ({
  ...body,
  columns: body.columns.map((entry) => (entry.name === column ? { ...entry, ...rule } : entry)),
});

describe('contracts', () => {
  it('keep rows back that break a rule, with their bytes, their place and the reason', async () => {
    await h.load('people', 'id,age,mail,city\n1,30,a@b.org,Rome\n2,40,c@d.org,Oslo\n');
    await edit('people', (body) =>
      [
        ['age', { min: 0, max: 120 }],
        ['mail', { pattern: '[^@ ]+@[^@ ]+', required: true }],
        ['id', { unique: true }],
        ['city', { values: ['Rome', 'Oslo'] }],
      ].reduce((all, [column, rule]) => rules(all, column as string, rule as object), body),
    );
    const text =
      'id,age,mail,city\n3,-1,a@b.org,Rome\n4,50,"no, mail",Oslo\n5,60,,Oslo\n1,70,e@f.org,Rome\n6,80,g@h.org,Paris\n7,90,i@j.org,Rome\nfoo,1,k@l.org,Rome\n';
    await edit('people', (body) => ({
      ...body,
      types: 'quarantine-row',
      rejectBudget: { rows: 100, share: 1 },
    }));
    await h.load('people', text, { mode: 'append' });
    const { items, reasons, total } = await h.feeding.listQuarantine('people', {});
    expect(total).toBe(6);
    expect(new Map(reasons.map(({ reason, count }) => [reason, count]))).toEqual(
      new Map([
        ['PATTERN', 1],
        ['RANGE', 1],
        ['REQUIRED', 1],
        ['UNIQUE', 1],
        ['VALUES', 1],
        ['WRONG_TYPE', 1],
      ]),
    );
    const byReason = new Map(items.map((item) => [item.reason, item]));
    expect(byReason.get('PATTERN')).toMatchObject({
      record: 2,
      column: 'mail',
      text: '4,50,"no, mail",Oslo\n',
      status: 'held',
    });
    expect(byReason.get('PATTERN')!.byteOffset).toBe(text.indexOf('4,50'));
    expect(byReason.get('UNIQUE')).toMatchObject({ record: 4, text: '1,70,e@f.org,Rome\n' });
    expect(await h.feeding.snapshot('people', 2)).toMatchObject({
      rows: 3,
      loaded: 1,
      quarantined: 6,
      sourceRows: 7,
    });
    expect(await h.query('SELECT id FROM people ORDER BY id')).toEqual([[1], [2], [7]]);
  });

  it('fix, replay and release rows; replaying twice loads nothing twice', async () => {
    const { items } = await h.feeding.listQuarantine('people', {});
    const id = (reason: string) => items.find((item) => item.reason === reason)!.id;
    await h.feeding.fixQuarantine('people', {
      fixes: [
        { id: id('RANGE'), text: '3,31,a@b.org,Rome' },
        { id: id('WRONG_TYPE'), text: '8,1,k@l.org,Rome' },
      ],
    });
    const replayed = await h.feeding.actOnQuarantine('people', { action: 'replay' });
    expect(replayed).toEqual({ version: 3, loaded: 2, stillHeld: 4, discarded: 0 });
    expect(await h.query('SELECT id FROM people ORDER BY id')).toEqual([[1], [2], [3], [7], [8]]);
    expect(await h.feeding.actOnQuarantine('people', { action: 'replay' })).toMatchObject({
      loaded: 0,
      stillHeld: 4,
    });
    expect((await h.feeding.get('people')).rows).toBe(5);

    const released = await h.feeding.actOnQuarantine('people', { action: 'release', ids: [id('VALUES')] });
    expect(released).toMatchObject({ loaded: 1 });
    expect(await h.query("SELECT id FROM people WHERE city = 'Paris'")).toEqual([[6]]);
    expect(await h.feeding.actOnQuarantine('people', { action: 'discard', reason: 'UNIQUE' })).toMatchObject({
      discarded: 1,
    });
    expect((await h.feeding.get('people')).held).toBe(2);
    const statuses = (await h.feeding.listQuarantine('people', {})).items.map(({ status }) => status).sort();
    expect(statuses).toEqual(['discarded', 'held', 'held', 'released', 'replayed', 'replayed']);
    // The contract is what it was: rows that somebody let in do not change it.
    expect((await h.feeding.getContract('people')).current.version).toBe(3);
  });

  it('name a row that is not there', async () => {
    await expect(
      h.feeding.actOnQuarantine('people', { action: 'replay', ids: ['x:1'] }),
    ).rejects.toMatchObject({
      code: 'QUARANTINE_NOT_FOUND',
    });
  });

  it('keep single values back where they say so, and load the row', async () => {
    await h.load('values', 'id,age,score\n1,30,1.5\n2,40,2.5\n');
    await edit('values', (body) => ({
      ...rules(body, 'score', { max: 10 }),
      ...{ types: 'quarantine-value', rules: 'quarantine-value' },
    }));
    await h.load('values', 'id,age,score\n3,old,99\n4,50,oops\n5,60,3\n', { mode: 'append' });
    expect(await h.query('SELECT * FROM "values" ORDER BY id')).toEqual([
      [1, 30, 1.5],
      [2, 40, 2.5],
      [3, null, null],
      [4, 50, null],
      [5, 60, 3],
    ]);
    const snapshot = await h.feeding.snapshot('values', 2);
    expect(snapshot).toMatchObject({ loaded: 3, quarantined: 0, sourceRows: 3 });
    const { items } = await h.feeding.listQuarantine('values', {});
    expect(items.map(({ column }) => column).sort()).toEqual(['age', 'score', 'score']);
  });

  it('freeze: nothing of the load is published', async () => {
    await h.load('frozen', 'a,b\n1,x\n');
    await edit('frozen', (body) => ({
      ...rules(body, 'a', { min: 0 }),
      newColumns: 'freeze',
      types: 'freeze',
      rules: 'freeze',
    }));
    for (const text of ['a,b,c\n1,x,y\n', 'a,b\noops,x\n2,x\n', 'a,b\n-1,x\n2,x\n', 'a\n1\n'])
      await expect(h.load('frozen', text, { mode: 'append' })).rejects.toMatchObject({
        code: 'CONTRACT_VIOLATED',
      });
    expect((await h.feeding.get('frozen')).version).toBe(1);
  });

  it('refer to another data set', async () => {
    await h.load('customers', 'id,name\n1,Ada\n2,Bo\n');
    await h.load('bills', 'id,customer\n1,1\n');
    await edit('bills', (body) => ({
      ...rules(body, 'customer', { references: { dataset: 'customers', column: 'id' } }),
      rejectBudget: { rows: 10, share: 1 },
    }));
    await h.load('bills', 'id,customer\n2,2\n3,9\n', { mode: 'append' });
    expect(await h.feeding.snapshot('bills', 2)).toMatchObject({ loaded: 1, quarantined: 1 });
    expect((await h.feeding.listQuarantine('bills', {})).items[0]).toMatchObject({
      reason: 'REFERENCE',
      column: 'customer',
    });
  });

  it('refuse what cannot be checked, and an edit of an older version', async () => {
    const { current } = await h.feeding.getContract('bills');
    const bad = rules(current.body, 'id', { min: 5, max: 1 });
    await expect(
      h.feeding.editContract('bills', { body: bad, basedOn: current.version }),
    ).rejects.toMatchObject({ code: 'CONTRACT_INVALID' });
    await expect(h.feeding.editContract('bills', { body: current.body, basedOn: 0 })).rejects.toMatchObject({
      code: 'CONTRACT_MOVED',
    });
  });

  it('are tried on the rows that are there before they are saved', async () => {
    const { current } = await h.feeding.getContract('people');
    const trial = await h.feeding.tryContract('people', rules(current.body, 'age', { min: 40 }));
    expect(trial.violations.find(({ rule }) => rule === 'RANGE')).toMatchObject({ column: 'age' });
    expect(trial.rows).toBe(6);
  });

  it('fail a load above the reject budget, and publish nothing', async () => {
    await h.load('tight', 'a\n1\n2\n3\n4\n');
    await edit('tight', (body) => ({
      ...rules(body, 'a', { max: 10 }),
      rejectBudget: { rows: 1, share: 0 },
    }));
    await expect(h.load('tight', 'a\n11\n12\n1\n', { mode: 'append' })).rejects.toMatchObject({
      code: 'REJECT_BUDGET_EXCEEDED',
      details: { quarantined: 2, sourceRows: 3 },
    });
    expect((await h.feeding.get('tight')).version).toBe(1);
    expect((await h.feeding.listQuarantine('tight', {})).total).toBe(0);
  });
});
