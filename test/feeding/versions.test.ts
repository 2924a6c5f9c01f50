import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';

/** Versions, differences, branches, proposals and what may be thrown away, on real stores and child processes. */
describe('versions', () => {
  let h: FeedingHarness;
  let now = Date.parse('2026-03-01T00:00:00Z');
  beforeAll(async () => {
    h = await openFeedingHarness(() => now++);
  });
  afterAll(() => h.close());

  const rows = (from: number, to: number, shift = 0) =>
    Array.from(
      { length: to - from },
      (_, i) => `${from + i},${((from + i) % 17) + shift},${['a', 'b', 'c'][(from + i) % 3]}`,
    ).join('\n');
  const table = (from: number, to: number, shift = 0) => `id,amount,kind\n${rows(from, to, shift)}\n`;

  it('differ by key: rows added, removed, changed, and in which columns', async () => {
    await h.load('keyed', table(0, 200), { mode: 'merge', key: ['id'] });
    await h.load('keyed', `id,amount,kind\n1,999,b\n500,1,a\n501,2,b\n`, { mode: 'merge', key: ['id'] });
    const diff = await h.feeding.diff('keyed', { from: '1', to: '2' });
    expect(diff).toMatchObject({
      added: 2,
      removed: 0,
      changed: 1,
      unchanged: 199,
      identical: false,
      key: ['id'],
    });
    expect(diff.columns.find(({ column }) => column === 'amount')).toMatchObject({ cellsChanged: 1 });
    expect(diff.columns.find(({ column }) => column === 'kind')).toMatchObject({ cellsChanged: 0 });
    const changed = diff.rows.find(({ change }) => change === 'changed');
    expect(changed).toMatchObject({ key: ['1'], before: ['1', '1', 'b'], after: ['1', '999', 'b'] });
    const back = await h.feeding.diff('keyed', { from: '2', to: '1' });
    expect(back).toMatchObject({ added: 0, removed: 2, changed: 1 });
  });

  it('differ without a key as multisets: a row that is there twice and then once was removed once', async () => {
    await h.load('bag', 'a,b\n1,x\n1,x\n2,y\n');
    await h.load('bag', 'a,b\n1,x\n2,y\n3,z\n');
    expect(await h.feeding.diff('bag', {})).toMatchObject({ added: 1, removed: 1, changed: 0, unchanged: 2 });
  });

  it('are identical whatever the order of the rows', async () => {
    await h.load('shuffled', 'a,b\n1,x\n2,y\n');
    await h.load('shuffled', 'a,b\n2,y\n1,x\n');
    expect(await h.feeding.diff('shuffled', { from: '1', to: '2' })).toMatchObject({
      identical: true,
      added: 0,
      removed: 0,
    });
  });

  it('find a shifted column significant and chance not', async () => {
    await h.load('shift', table(0, 2000));
    await h.load('shift', table(2000, 4000, 8));
    const { columns } = await h.feeding.diff('shift', { from: '1', to: '2' });
    const of = (name: string) => columns.find(({ column }) => column === name)!;
    expect(of('amount')).toMatchObject({ significant: true });
    expect(of('amount').distance).toBeGreaterThan(0.4);
    expect(of('kind')).toMatchObject({ significant: false });
  });

  it('tell columns that came, went and changed their type', async () => {
    await h.load('schema', 'a,b,c\n1,2,x\n2,3,y\n');
    await h.load('schema', 'a,b,d\n1,2.5,x\n2,3.5,y\n');
    const { columns } = await h.feeding.diff('schema', { from: '1', to: '2' });
    const of = (name: string) => columns.find(({ column }) => column === name);
    expect(of('d')).toMatchObject({ change: 'added' });
    expect(of('b')).toMatchObject({ change: 'retyped', typeFrom: 'integer', typeTo: 'number' });
  });

  it('branch, propose, review and merge', async () => {
    await h.load('shared', table(0, 100), { mode: 'merge', key: ['id'] });
    await h.feeding.createBranch('shared', { name: 'labels' });
    await h.load('shared', table(100, 110), { mode: 'append', branch: 'labels' });
    // Main shows nothing of it.
    expect(await h.query('SELECT count(*) FROM shared')).toEqual([[100]]);
    expect(await h.query('SELECT count(*) FROM "shared@labels"')).toEqual([[110]]);
    const proposal = await h.feeding.createProposal('shared', {
      branch: 'labels',
      title: 'ten more',
      author: 'ada',
    });
    expect(proposal).toMatchObject({ status: 'open', diff: { added: 10, removed: 0 } });
    expect(proposal.blocked).toMatch(/approved/);
    await expect(h.feeding.mergeProposal(proposal.id)).rejects.toMatchObject({ code: 'PROPOSAL_BLOCKED' });
    await h.feeding.reviewProposal(proposal.id, { verdict: 'approve', reviewer: 'grace' });
    // What was approved is not what is there now.
    await h.load('shared', table(110, 120), { mode: 'append', branch: 'labels' });
    expect((await h.feeding.getProposal(proposal.id)).blocked).toMatch(/approved/);
    await h.feeding.reviewProposal(proposal.id, { verdict: 'approve', reviewer: 'grace' });
    const merged = await h.feeding.mergeProposal(proposal.id);
    expect(merged).toMatchObject({ status: 'merged' });
    expect(await h.query('SELECT count(*) FROM shared')).toEqual([[120]]);
    await expect(h.feeding.mergeProposal(proposal.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('refuse a merge when main has moved, and tell how to go on', async () => {
    await h.load('moving', table(0, 50));
    await h.feeding.createBranch('moving', { name: 'late' });
    await h.load('moving', table(50, 60), { mode: 'append', branch: 'late' });
    const { id } = await h.feeding.createProposal('moving', { branch: 'late', title: 'late' });
    await h.feeding.reviewProposal(id, { verdict: 'approve', reviewer: 'grace' });
    await h.load('moving', table(60, 70), { mode: 'append' });
    const proposal = await h.feeding.getProposal(id);
    if (proposal.blocked === null) {
      // A merge that can be made keeps the rows of both sides.
      await h.feeding.mergeProposal(id);
      expect(await h.query('SELECT count(*) FROM moving')).toEqual([[70]]);
      return;
    }
    await expect(h.feeding.mergeProposal(id)).rejects.toMatchObject({ code: 'PROPOSAL_BLOCKED' });
    expect(await h.query('SELECT count(*) FROM moving')).toEqual([[60]]);
  });

  it('are read by version, tag and branch; what is tagged stays when others are collected', async () => {
    for (let version = 0; version < 5; version++)
      await h.load('aged', table(version * 10, version * 10 + 10));
    await h.feeding.createTag('aged', { name: 'golden', version: 2 });
    expect(await h.query('SELECT min(id) FROM "aged@golden"')).toEqual([[10]]);
    now += 60 * 24 * 3600 * 1000;
    const named = async () => new Set<string>();
    const told = await h.feeding.collect({ keepVersions: 1, keepDays: 1 }, named);
    expect(told.dryRun).toBe(true);
    expect(await h.query('SELECT count(*) FROM "aged@v1"')).toEqual([[10]]);
    const done = await h.feeding.collect({ keepVersions: 1, keepDays: 1, dryRun: false }, named);
    const gone = done.versions.filter(({ dataset }) => dataset === 'aged').map(({ version }) => version);
    expect(gone.sort()).toEqual([1, 3, 4]);
    expect(done.kept.find(({ dataset, version }) => dataset === 'aged' && version === 2)?.because).toMatch(
      /golden/,
    );
    await expect(h.query('SELECT * FROM "aged@v1"')).rejects.toMatchObject({
      code: 'DATASET_VERSION_NOT_FOUND',
    });
    expect(await h.query('SELECT min(id) FROM "aged@golden"')).toEqual([[10]]);
    expect(await h.query('SELECT min(id) FROM aged')).toEqual([[40]]);
  });

  it('of another data set survive a collection: every one can still be read', async () => {
    await h.load('twin', table(0, 10));
    now += 60 * 24 * 3600 * 1000;
    await h.feeding.collect({ keepVersions: 1, keepDays: 1, dryRun: false }, async () => new Set());
    const { items } = await h.feeding.list({ limit: 100 });
    for (const { name } of items) {
      const { branches } = await h.feeding.get(name);
      for (const { name: branch } of branches)
        expect((await h.query(`SELECT count(*) FROM "${name}@${branch}"`))[0]![0]).toBeGreaterThan(0);
    }
  });

  it('answer with the nearest name when there is no such thing', async () => {
    await expect(h.feeding.get('shred')).rejects.toMatchObject({
      code: 'DATASET_NOT_FOUND',
      message: /shared/,
    });
    await expect(h.feeding.diff('shared', { from: '99' })).rejects.toMatchObject({
      code: 'DATASET_VERSION_NOT_FOUND',
    });
    await expect(h.feeding.createBranch('shared', { name: '../x' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
