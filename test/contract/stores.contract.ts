import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlStores } from '../../platform/src/adapters/sql/index.ts';
import type { StudyDetail } from '../../platform/src/contracts/studies.ts';
import type { ReportDetail } from '../../platform/src/contracts/validations.ts';
import type { SnapshotManifest } from '../../platform/src/feeding/types.ts';
import type { NewVersion } from '../../platform/src/registry/types.ts';

const FIRST = { branch: 'main', operation: 'replace', parent: null, contractVersion: 0 } as const;

/** What the metadata stores promise, whatever database is behind them. */
export function storesContract(name: string, open: () => Promise<SqlStores>): void {
  describe(`stores on ${name}`, () => {
    let stores: SqlStores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores?.close());

    it('leaves nothing of a transaction that throws, and keeps the next one working', async () => {
      const { transactor, events, datasets } = stores;
      await expect(
        transactor.transaction(async (tx) => {
          await datasets.insertSnapshot(tx, {
            id: 'a'.repeat(64),
            manifest: manifest('ghost'),
            createdAt: 1,
            ...FIRST,
          });
          await events.append(tx, { type: 'dataset.snapshot', subject: 'datasets/ghost', data: {} });
          throw new Error('no');
        }),
      ).rejects.toThrow();
      expect(await datasets.find('ghost')).toBeUndefined();
      expect((await events.recent({ limit: 10, subject: 'datasets/ghost' })).length).toBe(0);
      await transactor.transaction((tx) => events.append(tx, { type: 'test', subject: 'x', data: {} }));
    });

    it('gives events in commit order to concurrent writers, and tells subscribers after the commit', async () => {
      const { transactor, events } = stores;
      let told = 0;
      const stop = events.subscribe(() => told++);
      const commits: number[] = [];
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          transactor
            .transaction((tx) => events.append(tx, { type: 'order', subject: `order/${i}`, data: { i } }))
            .then(() => commits.push(i)),
        ),
      );
      stop();
      const seen = (await events.recent({ limit: 50, type: 'order' })).reverse();
      expect(seen.map((event) => event.data['i'])).toEqual(commits);
      expect(seen.map((event) => event.sequence)).toEqual(
        [...seen.map((event) => event.sequence)].sort((a, b) => a - b),
      );
      expect(told).toBeGreaterThan(0);
      const after = await events.after(seen[9]!.sequence, 100);
      expect(after.filter((event) => event.type === 'order')).toHaveLength(10);
    });

    it('numbers snapshots from 1, answers the same snapshot with its version, and pages through all once', async () => {
      const { transactor, datasets } = stores;
      const insert = (dataset: string, id: string, at: number) =>
        transactor.transaction((tx) =>
          datasets.insertSnapshot(tx, {
            ...{ id: id.repeat(64), manifest: manifest(dataset), createdAt: at },
            ...FIRST,
          }),
        );
      expect((await insert('rows', '1', 10)).version).toBe(1);
      expect((await insert('rows', '2', 11)).version).toBe(2);
      expect((await insert('rows', '2', 12)).version).toBe(2);
      expect((await datasets.snapshots('rows')).map((row) => row.version)).toEqual([2, 1]);
      expect((await datasets.snapshotById('1'.repeat(64)))?.version).toBe(1);
      for (let i = 0; i < 7; i++) await insert(`page-${i}`, String(i), 100 + (i % 3));
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await datasets.list({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
        names.push(...page.items.map((item) => item.name));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(new Set(names).size).toBe(names.length);
      expect(names.sort()).toEqual((await datasets.names()).sort());
      await transactor.transaction((tx) => datasets.remove(tx, 'rows'));
      expect(await datasets.find('rows')).toBeUndefined();
    });

    it('moves a branch only from where it was expected, and one of two at the same time wins', async () => {
      const { transactor, datasets, records } = stores;
      const insert = (id: string, expected: number | null, branch = 'main') =>
        transactor.transaction((tx) =>
          datasets.insertSnapshot(tx, {
            ...{ id: id.repeat(64), manifest: manifest('moved'), createdAt: 1 },
            ...{ ...FIRST, branch, expected },
          }),
        );
      expect((await insert('1', null)).version).toBe(1);
      const results = await Promise.allSettled([insert('2', 1), insert('3', 1)]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const failed = results.find((result) => result.status === 'rejected') as PromiseRejectedResult;
      expect(failed.reason).toMatchObject({ code: 'VERSION_MOVED' });
      await expect(insert('4', null)).rejects.toMatchObject({ code: 'VERSION_MOVED' });
      await expect(insert('5', 2, 'nowhere')).rejects.toMatchObject({ code: 'BRANCH_NOT_FOUND' });
      await transactor.transaction((tx) =>
        records.put(tx, 'branch', { dataset: 'moved', name: 'side', body: { version: 2, base: 2 }, at: 1 }),
      );
      expect((await insert('6', 2, 'side')).version).toBe(3);
      // Main is where it was.
      expect((await datasets.find('moved'))?.version).toBe(2);
      await transactor.transaction((tx) => datasets.removeVersion(tx, 'moved', 1));
      expect((await datasets.snapshots('moved')).map(({ version }) => version)).toEqual([3, 2]);
      // A number that was given is never given again.
      expect((await insert('7', 2)).version).toBe(4);
    });

    it('keeps records by kind, data set and name; a later put keeps when it was created', async () => {
      const { transactor, records } = stores;
      const put = (name: string, body: unknown, at: number) =>
        transactor.transaction((tx) => records.put(tx, 'split', { dataset: 'rows-x', name, body, at }));
      await put('b', { n: 1 }, 1);
      await put('a', { n: 2 }, 2);
      await put('b', { n: 3, text: 'ä"\u0000'.replace('\u0000', '') }, 3);
      expect(await records.list('split', 'rows-x')).toMatchObject([
        { name: 'b', body: { n: 3, text: 'ä"' }, createdAt: 1, updatedAt: 3 },
        { name: 'a', body: { n: 2 } },
      ]);
      expect(await records.get('tag', 'rows-x', 'a')).toBeUndefined();
      await transactor.transaction((tx) => records.remove(tx, 'split', 'rows-x', 'b'));
      expect((await records.list('split')).filter(({ dataset }) => dataset === 'rows-x')).toHaveLength(1);
    });

    it('counts held rows: parts without those that were replayed, released or discarded', async () => {
      const { transactor, quarantine } = stores;
      const part = { dataset: 'held', contractVersion: 1, source: '{}', createdAt: 1 };
      const [p, q] = ['p'.repeat(64), 'q'.repeat(64)];
      await transactor.transaction(async (tx) => {
        await quarantine.addPart(tx, { ...part, digest: p, version: 1, rows: 3 });
        await quarantine.addPart(tx, { ...part, digest: q, version: 2, rows: 2 });
        // The same part again is the same part.
        await quarantine.addPart(tx, { ...part, digest: q, version: 2, rows: 2 });
      });
      expect((await quarantine.held()).get('held')).toBe(5);
      const mark = (position: number, status: 'fixed' | 'replayed' | 'discarded') => ({
        ...{ digest: p, position, status, fixed: status === 'fixed' ? 'x' : null, version: null },
      });
      await transactor.transaction((tx) =>
        quarantine.mark(tx, 'held', [mark(0, 'fixed'), mark(1, 'discarded')], 5),
      );
      expect((await quarantine.held()).get('held')).toBe(4);
      await transactor.transaction((tx) => quarantine.mark(tx, 'held', [mark(0, 'replayed')], 6));
      expect((await quarantine.held()).get('held')).toBe(3);
      expect((await quarantine.parts('held')).map(({ version }) => version)).toEqual([2, 1]);
      expect(await quarantine.marks('held', p)).toHaveLength(2);
      await transactor.transaction((tx) => quarantine.remove(tx, 'held'));
      expect((await quarantine.held()).get('held')).toBeUndefined();
    });

    it('keeps sealed secrets', async () => {
      const { transactor, secrets } = stores;
      const put = (sealed: string) =>
        transactor.transaction((tx) => secrets.put(tx, { name: 'db', sealed, at: 1 }));
      await put('one');
      await put('two');
      expect(await secrets.get('db')).toBe('two');
      expect((await secrets.names()).map(({ name }) => name)).toEqual(['db']);
      expect(await transactor.transaction((tx) => secrets.remove(tx, 'db'))).toBe(true);
      expect(await transactor.transaction((tx) => secrets.remove(tx, 'db'))).toBe(false);
    });

    it('refuses a cursor that is none of its own', async () => {
      await expect(stores.datasets.list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'USAGE' });
    });

    it('gives concurrent registrations versions without gaps, and the same digest its version', async () => {
      const { transactor, models } = stores;
      const register = (digest: string) =>
        transactor.transaction((tx) =>
          models.insertVersion(tx, { ...newVersion('m', digest), createdAt: 5 }),
        );
      const versions = await Promise.all(['a', 'b', 'c', 'd'].map((d) => register(d.repeat(64))));
      expect(versions.map((entry) => entry.version)).toEqual([1, 2, 3, 4]);
      expect(await register('b'.repeat(64))).toEqual({ version: 2, inserted: false });
      await transactor.transaction((tx) => models.setAlias(tx, 'm', 'champion', 3));
      expect((await models.versionWithAlias('m', 'champion'))?.version).toBe(3);
      expect(await models.versionWithAlias('m', 'challenger')).toBeUndefined();
      expect((await models.list({})).items.find((item) => item.name === 'm')).toMatchObject({
        latestVersion: 4,
        championVersion: 3,
      });
      expect(await stores.datasets.usedBy('rows-of-m')).toHaveLength(4);
    });

    it('completes a step only for its newest attempt while it runs', async () => {
      const { transactor, runs } = stores;
      await transactor.transaction((tx) =>
        runs.insertRun(tx, {
          id: 'run-1',
          pipeline: 'p',
          name: 'n',
          key: 'k',
          params: { a: 1 },
          steps: ['one', 'two'],
          createdAt: 1,
        }),
      );
      const start = () =>
        transactor.transaction((tx) =>
          runs.startAttempt(tx, {
            id: `attempt-${Math.random()}`,
            runId: 'run-1',
            step: 'one',
            startedAt: 2,
            reason: 'test',
            cacheKey: 'ck',
          }),
        );
      const end = (epoch: number) =>
        transactor.transaction((tx) =>
          runs.endAttempt(tx, {
            runId: 'run-1',
            step: 'one',
            epoch,
            status: 'completed',
            at: 3,
            outputs: { x: epoch },
          }),
        );
      const first = await start();
      const second = await start();
      expect([first.epoch, second.epoch]).toEqual([1, 2]);
      expect(await end(1)).toBe(false);
      expect(await end(2)).toBe(true);
      expect(await end(2)).toBe(false);
      const run = await runs.findByKey('p', 'k');
      expect(run?.steps[0]).toMatchObject({ status: 'completed', outputs: { x: 2 } });
      expect(await stores.runQueries.cachedOutputs('p', 'one', 'ck')).toMatchObject({
        runId: 'run-1',
        outputs: { x: 2 },
      });
      expect((await stores.runQueries.live()).map((entry) => entry.id)).toContain('run-1');
      const finish = () =>
        transactor.transaction((tx) =>
          runs.setRunStatus(tx, 'run-1', { from: ['running'], to: 'completed', at: 9 }),
        );
      expect([await finish(), await finish()]).toEqual([true, false]);
      expect((await runs.list({ pipeline: 'p' })).items[0]).toMatchObject({
        id: 'run-1',
        status: 'completed',
      });
    });

    it('keeps log lines in order and reads on from a sequence', async () => {
      const { runQueries } = stores;
      const line = (message: string) => ({ time: 1, step: 's', level: 'info' as const, message });
      await runQueries.appendLogs('run-logs', [line('a'), line('b')]);
      await runQueries.appendLogs('run-logs', [line('c')]);
      const all = await runQueries.logs('run-logs', {});
      expect(all.map((entry) => entry.message)).toEqual(['a', 'b', 'c']);
      expect(
        (await runQueries.logs('run-logs', { after: all[1]!.sequence })).map((entry) => entry.message),
      ).toEqual(['c']);
    });

    it('records candidates of a study as they finish, each once', async () => {
      const { transactor, studies } = stores;
      const study = {
        id: 'f'.repeat(32),
        name: 's',
        leaderboard: [],
        candidates: 0,
        createdAt: 3,
        status: 'running',
      } as unknown as StudyDetail;
      await transactor.transaction((tx) => studies.insert(tx, study));
      const row = { candidate: 'booster-01', score: 0.9 } as StudyDetail['leaderboard'][number];
      for (let i = 0; i < 2; i++)
        await transactor.transaction((tx) => studies.addCandidate(tx, study.id, row));
      expect((await studies.find(study.id))?.leaderboard).toEqual([row]);
      await transactor.transaction((tx) => studies.update(tx, { ...study, status: 'completed' }));
      expect((await studies.list({})).items[0]).toMatchObject({ id: study.id, status: 'completed' });
    });

    it('counts how often a test part was opened, each report once, and sets the version a report became', async () => {
      const { transactor, reports } = stores;
      const report = {
        id: 'r'.repeat(32),
        model: 'm',
        version: null,
        createdAt: 4,
        verdict: 'pass',
      } as unknown as ReportDetail;
      await transactor.transaction(async (tx) => {
        await reports.insert(tx, report);
        for (let i = 0; i < 2; i++)
          await reports.recordOpening(tx, { model: 'm', testKey: 't', reportId: report.id });
      });
      expect(await reports.testOpenings('m', 't')).toBe(1);
      await transactor.transaction((tx) => reports.setVersion(tx, report.id, 7));
      expect((await reports.find(report.id))?.version).toBe(7);
      expect((await reports.list({ model: 'm' })).items[0]?.version).toBe(7);
    });

    it('keeps one live revision and one previous one', async () => {
      const { transactor, deployments } = stores;
      for (let version = 1; version <= 3; version++) {
        await transactor.transaction((tx) =>
          deployments.insertRevision(tx, 'd', {
            model: 'm',
            version,
            modelDigest: 'x',
            createdAt: version,
            reason: 'test',
          }),
        );
      }
      const found = await deployments.find('d');
      expect(found?.liveRevision).toBe(3);
      expect(found?.revisions.map((revision) => revision.role)).toEqual(['live', 'previous', 'retired']);
    });

    it('lets the newest label of a prediction win, and gives it a new sequence', async () => {
      const { transactor, feedback } = stores;
      const record = (label: string, time: number) =>
        transactor.transaction((tx) =>
          feedback.record(tx, [{ predictionId: 'p1', deployment: 'd', label, time, receivedAt: time }]),
        );
      await record('yes', 10);
      const [first] = await feedback.after('d', 0, 10);
      await record('no', 20);
      await record('late', 15);
      expect((await feedback.labels(['p1', 'p2'])).get('p1')).toBe('no');
      expect((await feedback.after('d', first!.sequence, 10)).map((entry) => entry.label)).toEqual(['no']);
    });

    it('moves the position of a monitor together with its windows', async () => {
      const { transactor, monitors } = stores;
      await transactor.transaction((tx) =>
        monitors.upsert(tx, {
          name: 'd',
          deployment: 'd',
          version: 1,
          revision: 1,
          baselineDigest: 'b',
          coercions: [],
          createdAt: 1,
        }),
      );
      const window = { start: 100, end: 200, rows: 3, lastSeenAt: 150, features: [] };
      await transactor.transaction((tx) =>
        monitors.save(tx, 'd', { revision: 1, windows: [window], position: 'seg:8', feedbackSequence: 2 }),
      );
      await transactor.transaction((tx) =>
        monitors.save(tx, 'd', {
          revision: 1,
          windows: [{ ...window, rows: 5 }],
          position: 'seg:9',
          feedbackSequence: 2,
        }),
      );
      expect(await monitors.find('d')).toMatchObject({ position: 'seg:9', feedbackSequence: 2 });
      expect((await monitors.windows('d', { revision: 1, limit: 10 })).map((entry) => entry.rows)).toEqual([
        5,
      ]);
    });

    it('remembers the reply to an idempotency key once', async () => {
      const { transactor, idempotency } = stores;
      const record = (response: string) =>
        transactor.transaction((tx) => idempotency.record(tx, { key: 'i', requestDigest: 'd', response }));
      await record('first');
      await record('second');
      expect(await idempotency.find('i')).toEqual({ requestDigest: 'd', response: 'first' });
    });
  });
}

function manifest(dataset: string): SnapshotManifest {
  const source = {
    uri: 'rows.csv',
    format: 'csv' as const,
    compression: 'none' as const,
    digest: 'd',
    bytes: 1,
    header: true,
    delimiter: ',',
  };
  return {
    ...{
      format: 1 as const,
      dataset,
      parents: [],
      parts: [{ digest: 'p', bytes: 10, rows: 2 }],
      quarantinePart: null,
      rows: 2,
    },
    ...{
      quarantined: 0,
      sourceRows: 2,
      schema: { columns: [] },
      profile: [],
      quarantineSample: [],
      quarantineReasons: [],
      fingerprint: 'f',
      source,
    },
  };
}

function newVersion(model: string, digest: string): NewVersion {
  const dataset = { name: 'rows-of-m', version: 1, snapshot: 's', rows: 2, source: 'rows.csv' };
  const signature = {
    task: 'binary',
    target: 'y',
    inputs: [],
    labels: ['a', 'b'],
    numericLabels: false,
    positive: 'b',
  };
  return {
    model,
    digest,
    signature,
    metric: { metric: 'auc', value: 0.9, interval: null },
    lineage: { dataset, studyId: 's', runId: 'r', reportId: 'q' },
  } as unknown as NewVersion;
}
