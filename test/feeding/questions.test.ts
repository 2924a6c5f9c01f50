import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';

/** Queries, exports, splits and joins: what people ask of a data set. */
describe('questions', () => {
  let h: FeedingHarness;
  beforeAll(async () => {
    h = await openFeedingHarness();
    await h.load(
      'sales',
      `id,shop,day,amount\n${Array.from({ length: 1000 }, (_, i) => `${i},shop ${i % 50},2025-${String((i % 12) + 1).padStart(2, '0')}-${String((i % 28) + 1).padStart(2, '0')},${(i * 7) % 101}`).join('\n')}\n`,
    );
  });
  afterAll(() => h.close());

  const refused = async (sql: string) => {
    try {
      await h.feeding.query({ sql });
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'answered';
  };

  describe('in SQL', () => {
    it('read snapshots by name, version, and joined', async () => {
      await h.load('sales', 'id,shop,day,amount\n1,a,2025-01-01,5\n');
      expect(
        await h.query(
          'SELECT a.n, b.n FROM (SELECT count(*) n FROM "sales@v1") a, (SELECT count(*) n FROM sales) b',
        ),
      ).toEqual([[1000, 1]]);
      const reply = await h.feeding.query({ sql: 'SELECT id, day FROM "sales@v1" ORDER BY id', limit: 2 });
      expect(reply).toMatchObject({
        truncated: true,
        rows: [
          [0, '2025-01-01'],
          [1, '2025-02-02'],
        ],
      });
      expect(reply.snapshots).toMatchObject([{ dataset: 'sales', version: 1 }]);
    });

    it('neither write, nor read files or the network, nor change the engine', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'outside-'));
      const secret = join(folder, 'secret.csv');
      writeFileSync(secret, 'a\nhidden\n');
      const target = join(folder, 'written.csv');
      const attempts = [
        'DROP TABLE sales',
        'DELETE FROM sales',
        'INSERT INTO sales VALUES (1)',
        'CREATE TABLE x AS SELECT 1',
        `COPY (SELECT 1) TO '${target}'`,
        `SELECT * FROM '${secret}'`,
        `SELECT * FROM read_csv('${secret}')`,
        `SELECT * FROM read_text('${secret}')`,
        `SELECT * FROM read_blob('${secret}')`,
        `SELECT * FROM glob('${folder}/*')`,
        `SELECT * FROM read_csv('${pathToFileURL(secret)}')`,
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        `ATTACH '${join(folder, 'x.db')}'`,
        'SET enable_external_access = true',
        'SELECT * FROM sales; SELECT 1',
        'PRAGMA database_list',
        'INSTALL httpfs',
        'LOAD httpfs',
        "EXPORT DATABASE 'x'",
        'CALL pragma_version()',
        "SELECT getenv('PATH')",
        `SELECT (SELECT content FROM read_text('${secret}'))`,
        `WITH x AS MATERIALIZED (SELECT * FROM read_csv_auto('${secret}')) SELECT * FROM x`,
        `SELECT * FROM query('COPY (SELECT 1) TO ''${target}''')`,
        `SELECT * FROM query_table('${secret}')`,
        `SELECT * FROM sniff_csv('${secret}')`,
        'SELECT * FROM duckdb_secrets()',
      ];
      for (const sql of attempts) expect([sql, await refused(sql)]).not.toEqual([sql, 'answered']);
      expect(existsSync(target)).toBe(false);
    }, 120_000);

    it('end in time, and within memory and rows', async () => {
      await expect(
        h.feeding.query({
          sql: 'SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3',
          timeoutSeconds: 1,
        }),
      ).rejects.toMatchObject({ code: 'TIMED_OUT' });
      await expect(
        h.feeding.query({ sql: "SELECT list(repeat('x', 1000000)) FROM range(1000000)", timeoutSeconds: 60 }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/QUERY_|LIMIT_|OUT_OF_MEMORY/) });
      await expect(h.feeding.query({ sql: 'SELEC 1' })).rejects.toMatchObject({ code: 'QUERY_INVALID' });
      await expect(h.feeding.query({ sql: 'SELECT * FROM slaes' })).rejects.toMatchObject({
        code: 'DATASET_NOT_FOUND',
        fix: expect.stringContaining('sales'),
      });
    });

    it('take names that look like something else', async () => {
      await h.load('order', 'select,"we""ird"\n1,2\n');
      expect(await h.query('SELECT "select", "we""ird" FROM "order"')).toEqual([[1, 2]]);
      expect(await h.query("SELECT 'sales@v99' AS not_a_table")).toEqual([['sales@v99']]);
    });
  });

  describe('for files', () => {
    const exported = async (format: 'parquet' | 'csv' | 'ndjson' | 'arrow') => {
      const found = await h.feeding.exportRows({ sql: 'SELECT * FROM "sales@v1" ORDER BY id', format });
      const chunks: Buffer[] = [];
      for await (const chunk of found.stream) chunks.push(chunk as Buffer);
      await found.close();
      expect(found.rows).toBe(1000);
      return Buffer.concat(chunks);
    };

    it('come as CSV, NDJSON, Parquet and Arrow, and can be loaded again as the same rows', async () => {
      for (const format of ['csv', 'ndjson', 'parquet'] as const) {
        const bytes = await exported(format);
        await h.load(`again-${format}`, bytes, { fileName: `again.${format}` });
        const diff = await h.query(
          `SELECT count(*) FROM (FROM "sales@v1" EXCEPT ALL SELECT * FROM "again-${format}")`,
        );
        expect([format, diff]).toEqual([format, [[0]]]);
      }
    });

    it('are not a way to write somewhere else', async () => {
      const target = join(mkdtempSync(join(tmpdir(), 'outside-')), 'x.csv');
      for (const sql of [
        `SELECT 1) TO '${target}'; --`,
        `SELECT 1) TO '${target}' (FORMAT csv) --`,
        'DROP TABLE sales',
      ])
        for (const format of ['csv', 'arrow'] as const)
          await expect(h.feeding.exportRows({ sql, format })).rejects.toMatchObject({
            code: expect.stringMatching(/^QUERY_/),
          });
      expect(existsSync(target)).toBe(false);
    });

    it('of Arrow are read by another reader', async () => {
      const table = tableFromIPC(await exported('arrow'));
      expect(table.numRows).toBe(1000);
      expect(table.schema.fields.map(({ name }) => name)).toEqual(['id', 'shop', 'day', 'amount']);
      expect(Number(table.getChild('amount')!.get(3))).toBe(21);
      expect(table.getChild('shop')!.get(51)).toBe('shop 1');
    });
  });

  describe('about splits', () => {
    it('are stable by digest: a row stays in its part when others come', async () => {
      const part = (n: number) => Array.from({ length: n }, (_, i) => `${i},${i % 2}`).join('\n');
      await h.load('stable', `id,y\n${part(500)}\n`);
      const first = await h.feeding.createSplit('stable', {
        name: 'holdout',
        rule: { method: 'random', parts: { train: 0.8, test: 0.2 } },
      });
      const share = first.proofs[0]!.parts.find(({ part }) => part === 'test')!.share;
      expect(share).toBeGreaterThan(0.14);
      expect(share).toBeLessThan(0.26);
      await h.load('stable', `id,y\n${part(600)}\n`);
      const again = await h.feeding.createSplit('stable', {
        name: 'holdout-2',
        rule: { method: 'random', parts: { train: 0.8, test: 0.2 } },
        version: 1,
      });
      expect(again.proofs[0]!.parts.map(({ fingerprint }) => fingerprint)).toEqual(
        first.proofs[0]!.parts.map(({ fingerprint }) => fingerprint),
      );
    });

    it('keep groups together and strata even, and prove it', async () => {
      const group = await h.feeding.createSplit('sales', {
        name: 'shops',
        rule: { method: 'group', column: 'shop', parts: { train: 0.7, valid: 0.15, test: 0.15 } },
        version: 1,
      });
      expect(group.proofs[0]).toMatchObject({ groupsAcross: 0, verdict: 'pass', exactDuplicates: 0 });
      const strata = await h.feeding.createSplit('sales', {
        name: 'even',
        rule: { method: 'stratified', column: 'shop', parts: { train: 0.5, test: 0.5 } },
        version: 1,
      });
      expect(strata.proofs[0]!.stratificationError).toBeLessThan(0.02);
    });

    it('by time leave a gap and never look ahead', async () => {
      const split = await h.feeding.createSplit('sales', {
        name: 'months',
        rule: { method: 'time', column: 'day', parts: { train: 0.8, test: 0.2 }, gapSeconds: 7 * 86_400 },
        version: 1,
      });
      const [train, test] = split.proofs[0]!.parts;
      expect(test!.timeFrom! - train!.timeTo!).toBeGreaterThanOrEqual(7 * 86_400_000);
      expect(split.proofs[0]!.leftOut).toBeGreaterThan(0);
    });

    it('find exact and near duplicates across parts', async () => {
      const text = (i: number) =>
        `the quick brown fox number ${i} jumps over the lazy dog near river ${i * 7} and sleeps until morning ${i * 13}`;
      const lines = Array.from({ length: 300 }, (_, i) => `${i},${text(i)}`);
      const near = Array.from({ length: 60 }, (_, i) => `${1000 + i},${text(i)}`);
      await h.load('texts', `id,text\n${[...lines, ...near].join('\n')}\n`);
      const split = await h.feeding.createSplit('texts', {
        name: 'halves',
        rule: { method: 'random', identity: ['id'], parts: { a: 0.5, b: 0.5 } },
      });
      expect(split.proofs[0]!.nearDuplicates.pairs).toBeGreaterThan(10);
      expect(split.proofs[0]!.nearDuplicates.examples[0]!.similarity).toBeGreaterThanOrEqual(0.85);
    });

    it('refuse a rule that cannot be', async () => {
      const attempt = (rule: Parameters<typeof h.feeding.createSplit>[1]['rule']) =>
        h.feeding.createSplit('sales', { name: 'bad', rule, version: 1 });
      await expect(
        attempt({ method: 'group', column: 'shp', parts: { a: 0.5, b: 0.5 } }),
      ).rejects.toMatchObject({
        code: 'COLUMN_NOT_FOUND',
      });
      await expect(attempt({ method: 'random', parts: { a: 0.5, b: 0.9 } })).rejects.toMatchObject({
        code: 'SPLIT_INVALID',
      });
      await expect(
        attempt({ method: 'time', column: 'shop', parts: { a: 0.5, b: 0.5 } }),
      ).rejects.toMatchObject({ code: 'SPLIT_INVALID' });
    });
  });

  it('joined as of a time use nothing that happened or was known later', async () => {
    await h.load(
      'labels',
      'user,at\nu1,2025-01-10T00:00:00Z\nu1,2025-01-01T00:00:00Z\nu2,2025-01-10T00:00:00Z\nu3,2025-01-10T00:00:00Z\n',
    );
    await h.load(
      'features',
      [
        'user,happened,known,score',
        'u1,2025-01-05T00:00:00Z,2025-01-06T00:00:00Z,1',
        // Happened before the label, but became known after it.
        'u1,2025-01-09T00:00:00Z,2025-01-11T00:00:00Z,2',
        'u1,2025-01-12T00:00:00Z,2025-01-12T00:00:00Z,3',
        // Known in another order than it happened: the newest event counts.
        'u2,2025-01-08T00:00:00Z,2025-01-08T00:00:00Z,5',
        'u2,2025-01-02T00:00:00Z,2025-01-09T00:00:00Z,4',
        '',
      ].join('\n'),
    );
    const joined = await h.feeding.join({
      ...{ name: 'joined', left: 'labels', right: 'features', on: ['user'] },
      ...{ leftTime: 'at', rightTime: 'happened', rightKnown: 'known' },
    });
    expect(joined).toMatchObject({ rows: 4, unmatched: 2 });
    expect(await h.query('SELECT "user", score FROM joined ORDER BY "user", "at"')).toEqual([
      ['u1', null],
      ['u1', 1],
      ['u2', 5],
      ['u3', null],
    ]);
    const recent = await h.feeding.join({
      ...{ name: 'recent', left: 'labels', right: 'features', on: ['user'] },
      ...{ leftTime: 'at', rightTime: 'happened', rightKnown: 'known', maxAgeSeconds: 86_400 },
    });
    expect(recent).toMatchObject({ unmatched: 4 });
  });
});
