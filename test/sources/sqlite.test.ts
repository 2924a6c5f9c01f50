import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';
import { expectBooks } from './books.ts';

let h: FeedingHarness;
let database: InstanceType<typeof Libsql>;
let uri: string;
beforeAll(async () => {
  h = await openFeedingHarness();
  const path = join(h.folder, 'source file.db');
  uri = `sqlite://${encodeURI(path)}`;
  database = new Libsql(path);
  database.exec('PRAGMA journal_mode = WAL');
});
afterAll(async () => {
  database.close();
  await h.close();
});

const codeOf = (loading: Promise<unknown>) =>
  loading.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

describe('SQLite', () => {
  it('keeps every value, by what is in a column rather than by what was declared', async () => {
    database.exec(`CREATE TABLE kinds (id INTEGER PRIMARY KEY, long INT, price REAL, yes BOOLEAN, day DATE, moment DATETIME, text TEXT, bytes BLOB, mixed INT, odd DATE, "a ""b""" INT);
      INSERT INTO kinds VALUES (1, 9007199254740993, 0.1, 1, '2024-02-29', '2024-02-29 12:34:56', 'a "quoted", text' || char(10) || 'ä€😀', x'00ff', 1, '2024-01-01', 1),
        (2, 5, 2, 0, '1969-12-31', '1970-01-01', 'NA', NULL, 'two', 'soon', NULL), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`);
    await h.loadFrom('kinds', { uri, table: 'kinds' });
    await expectBooks(h, 'kinds', { sourceRows: 3 });
    const { schema } = (await h.feeding.get('kinds')).current;
    expect(schema.map(({ type }) => type)).toEqual([
      ...[
        'integer',
        'string',
        'number',
        'boolean',
        'date',
        'timestamp',
        'string',
        'string',
        'string',
        'string',
        'integer',
      ],
    ]);
    expect(
      await h.query(
        `SELECT id, long, price, yes, strftime(day, '%Y-%m-%d'), epoch_ms(moment), "text", bytes, mixed, odd, "a ""b""" FROM kinds ORDER BY id`,
      ),
    ).toEqual([
      [
        1,
        '9007199254740993',
        0.1,
        true,
        '2024-02-29',
        Date.UTC(2024, 1, 29, 12, 34, 56),
        'a "quoted", text\nä€😀',
        '00FF',
        '1',
        '2024-01-01',
        1,
      ],
      [2, '5', 2, false, '1969-12-31', 0, 'NA', null, 'two', 'soon', null],
      [3, ...Array.from({ length: 10 }, () => null)],
    ]);
  });

  it('reads many rows, and on by a column while others write', async () => {
    database.exec(`CREATE TABLE events (at INTEGER, what TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO events SELECT i, 'row ' || i FROM n`);
    const load = () => h.loadFrom('events', { uri, table: 'events', cursor: 'at' }, { mode: 'append' });
    expect(await load()).toBe(1);
    await expectBooks(h, 'events', { sourceRows: 100_000 });
    expect(await load()).toBe(1);
    database.exec(`INSERT INTO events VALUES (100000, 'late'), (100001, 'new'), (100000, 'row 100000')`);
    expect(await load()).toBe(2);
    await expectBooks(h, 'events', { sourceRows: 3 });
    expect(await h.query('SELECT count(*), count(DISTINCT "at"), max("at") FROM events')).toEqual([
      [100_003, 100_001, 100_001],
    ]);
  }, 60_000);

  it('never writes, and says what is wrong', async () => {
    const load = (more: object) => codeOf(h.loadFrom('failing', { uri, ...more }));
    await h.loadFrom('asked', { uri, query: 'SELECT count(*) AS n FROM kinds -- all' });
    expect(await h.query('SELECT * FROM asked')).toEqual([[3]]);
    for (const query of ['DELETE FROM kinds RETURNING id', 'SELECT broken FROM kinds'])
      expect(await load({ query })).toBe('SOURCE_QUERY_FAILED');
    // Only the first statement of a text is ever run.
    await load({ query: 'SELECT 1 AS one) AS q; DELETE FROM kinds; --' });
    expect(database.prepare('SELECT count(*) AS n FROM kinds').get()).toMatchObject({ n: 3 });
    expect(await load({ table: 'kind' })).toBe('SOURCE_TABLE_NOT_FOUND');
    expect(await load({ table: 'kinds', cursor: 'nothing' })).toBe('COLUMN_NOT_FOUND');
    const absent = join(h.folder, 'absent.db');
    expect(await load({ uri: `sqlite://${absent}`, table: 'x' })).toBe('SOURCE_NOT_FOUND');
    expect(existsSync(absent)).toBe(false);
    const other = h.write('other.db', 'this is no database, whatever its name says'.repeat(50));
    expect(await load({ uri: `sqlite://${other}`, table: 'x' })).toBe('SOURCE_UNREADABLE');
  }, 60_000);

  it('tells what could be read', async () => {
    const { message, streams } = await h.feeding.checkSource({ uri });
    expect(message).toBe('2 tables and views');
    expect(streams[0]).toMatchObject({
      name: 'events',
      columns: [
        { name: 'at', type: 'INTEGER' },
        { name: 'what', type: 'TEXT' },
      ],
    });
  });
});
