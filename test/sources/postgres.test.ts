import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceSpec } from '../../platform/src/contracts/data-loads.ts';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';
import { expectBooks } from './books.ts';

const given = process.env['SLIPWAY_TEST_DATABASE_URL'];
if (given === undefined)
  console.log('Postgres as a source: skipped, SLIPWAY_TEST_DATABASE_URL is not set (npm test sets it)');

const PASSWORD = 'SLIPWAY_TEST_SOURCE_PASSWORD';
const schema = `source_${process.pid}`;
let h: FeedingHarness;
let admin: pg.Client;
let uri: string;
const spec = (more: Partial<SourceSpec>): SourceSpec => ({
  uri,
  credentials: { password: `env:${PASSWORD}` },
  ...more,
});
const table = (name: string, more: Partial<SourceSpec> = {}) => spec({ table: `${schema}.${name}`, ...more });

describe.skipIf(given === undefined)('Postgres', () => {
  beforeAll(async () => {
    const url = new URL(given!);
    process.env[PASSWORD] = url.password || 'none';
    url.password = '';
    uri = url.href;
    h = await openFeedingHarness();
    admin = new pg.Client({ connectionString: given! });
    await admin.connect();
    await admin.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; SET TimeZone = 'Asia/Tokyo'`);
  });
  afterAll(async () => {
    await admin.query(`DROP SCHEMA ${schema} CASCADE`);
    await admin.end();
    await h.close();
  });

  it('keeps every value of every type, and what is missing is missing', async () => {
    await admin.query(`
      CREATE TYPE mood AS ENUM ('fine', 'so so');
      CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
      CREATE TABLE kinds (id int PRIMARY KEY, big bigint, huge bigint, price numeric(10,2), loose numeric, wide numeric(30,10),
        share real, ratio float8, yes bool, day date, local timestamp, moment timestamptz, text text, blob bytea, list int[],
        doc jsonb, uid uuid, feeling mood, part percent, "Odd ""name"", x" text);
      INSERT INTO kinds VALUES
        (1, 9007199254740991, 9007199254740993, 12345678.90, 0.1, 12345678901234567890.0123456789, 0.1, 0.1, true, '2024-02-29',
          '2024-02-29 12:34:56.789', '2024-02-29 21:34:56.789+09', 'a "quoted", text' || chr(10) || 'in two lines ä€😀', '\\x00ff',
          '{1,2,NULL}', '{"a": [1, "b"]}', '6f1f5a3e-1c9a-4c53-9f0a-000000000001', 'so so', 7, 'odd'),
        (2, -5, -5, -0.01, 1234.5, 1.5, 'NaN', -1e300, false, '1969-12-31', '1969-12-31 23:59:59', '1970-01-01 00:00:00+00', 'NA', '', '{}',
          'null', NULL, NULL, NULL, 'null'),
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (4, 0, 0, 0, 0, 0, 0, 'NaN', true, '2024-01-01', '2024-01-01', '2024-01-01 00:00:00Z', '-', '\\x41', '{3}', '1', NULL, 'fine', 0, '?')`);
    await h.loadFrom('kinds', table('kinds'));
    await expectBooks(h, 'kinds', { sourceRows: 4 });
    const { manifest } = await snapshot('kinds');
    expect(Object.fromEntries(manifest.schema.columns.map(({ name, type }) => [name, type]))).toEqual({
      ...{ id: 'integer', big: 'integer', huge: 'string', price: 'number', loose: 'number', wide: 'string' },
      ...{
        share: 'number',
        ratio: 'number',
        yes: 'boolean',
        day: 'date',
        local: 'timestamp',
        moment: 'timestamp',
      },
      ...{ text: 'string', blob: 'string', list: 'string', doc: 'string', uid: 'string', feeling: 'string' },
      ...{ part: 'integer', 'Odd "name", x': 'string' },
    });
    const rows = await h.query(
      `SELECT id, big, huge, price, loose, wide, share, ratio, yes, strftime(day, '%Y-%m-%d'), epoch_ms(local), epoch_ms(moment),
        "text", blob, list, doc, uid, feeling, part, "Odd ""name"", x" FROM kinds ORDER BY id`,
    );
    expect(rows).toEqual([
      [
        ...[
          1,
          9007199254740991,
          '9007199254740993',
          12345678.9,
          0.1,
          '12345678901234567890.0123456789',
          0.1,
          0.1,
          true,
        ],
        ...['2024-02-29', Date.UTC(2024, 1, 29, 12, 34, 56, 789), Date.UTC(2024, 1, 29, 12, 34, 56, 789)],
        ...['a "quoted", text\nin two lines ä€😀', '00FF', '[1,2,null]', '{"a": [1, "b"]}'],
        ...['6f1f5a3e-1c9a-4c53-9f0a-000000000001', 'so so', 7, 'odd'],
      ],
      [
        ...[2, -5, '-5', -0.01, 1234.5, '1.5000000000', null, -1e300, false],
        ...['1969-12-31', -1000, 0, 'NA', null, '[]', 'null', null, null, null, 'null'],
      ],
      [3, ...Array.from({ length: 19 }, () => null)],
      [
        ...[4, 0, '0', 0, 0, '0.0000000000', 0, null, true],
        ...[
          '2024-01-01',
          Date.UTC(2024, 0, 1),
          Date.UTC(2024, 0, 1),
          '-',
          '41',
          '[3]',
          '1',
          null,
          'fine',
          0,
          '?',
        ],
      ],
    ]);
    expect(manifest.lineage).toMatchObject({ lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/), rows: 4 });
    expect(JSON.stringify(manifest)).not.toContain('password');
  });

  it('keeps back what has no place in a column, and the books are right', async () => {
    await admin.query(`CREATE TABLE odd AS SELECT i AS id, CASE i WHEN 3 THEN 'infinity'::timestamp WHEN 5 THEN '0044-03-15 BC' ELSE '2024-01-01' END AS at
      FROM generate_series(1, 500) AS i`);
    await h.loadFrom('odd', table('odd'));
    await expectBooks(h, 'odd', { sourceRows: 500, quarantined: 2 });
  });

  it('reads a query in a transaction that cannot write, and no second statement', async () => {
    await admin.query('CREATE TABLE victims AS SELECT 1 AS id');
    await h.loadFrom(
      'asked',
      spec({ query: `SELECT id * 2 AS double, 'x' AS x FROM ${schema}.victims -- all of them` }),
    );
    expect(await h.query('SELECT * FROM asked')).toEqual([[2, 'x']]);
    for (const query of [
      `SELECT 1) TO STDOUT; COMMIT; DROP TABLE ${schema}.victims; --`,
      `SELECT 1) AS q; DROP TABLE ${schema}.victims; --`,
      `DELETE FROM ${schema}.victims RETURNING id`,
      `WITH gone AS (DELETE FROM ${schema}.victims RETURNING id) SELECT * FROM gone`,
      'SELECT broken FROM (SELECT 1 AS whole) AS x',
    ])
      await expect(h.loadFrom('refused', spec({ query }))).rejects.toMatchObject({
        code: 'SOURCE_QUERY_FAILED',
      });
    expect((await admin.query('SELECT * FROM victims')).rows).toEqual([{ id: 1 }]);
  });

  it('reads on by a column: rows with the last value that come late are neither lost nor taken twice', async () => {
    await admin.query(`CREATE TABLE events (at timestamptz, what text);
      INSERT INTO events VALUES ('2024-01-01 00:00:00.000001+00', 'a'), ('2024-01-01 00:00:00.000002+00', 'b'), ('2024-01-01 00:00:00.000002+00', 'b'), (NULL, 'without')`);
    const load = () => h.loadFrom('events', table('events', { cursor: 'at' }), { mode: 'append' });
    const what = async () => (await h.query('SELECT what FROM events')).map(([text]) => text);
    expect(await load()).toBe(1);
    expect(await what()).toEqual(['a', 'b', 'b', 'without']);
    expect(await load()).toBe(1);
    await admin.query(
      `INSERT INTO events VALUES ('2024-01-01 00:00:00.000002+00', 'b'), ('2024-01-01 00:00:00.000002+00', 'late'), ('2024-01-02', 'c')`,
    );
    expect(await load()).toBe(2);
    expect((await what()).slice(4).sort()).toEqual(['b', 'c', 'late']);
    expect(await load()).toBe(2);
    await expectBooks(h, 'events', { sourceRows: 3 });
  });

  it('leaves the newest value for later where too many rows share it', async () => {
    await admin.query(
      `CREATE TABLE days AS SELECT CASE WHEN i <= 5 THEN '2024-01-01'::date ELSE '2024-01-02' END AS day, i FROM generate_series(1, 10010) AS i`,
    );
    const load = () => h.loadFrom('days', table('days', { cursor: 'day' }), { mode: 'append' });
    const count = async () => (await h.query('SELECT count(*) FROM days'))[0]![0];
    await load();
    expect(await count()).toBe(5);
    await admin.query(`INSERT INTO days VALUES ('2024-01-03', 0)`);
    await load();
    expect(await count()).toBe(10011);
    await load();
    expect(await count()).toBe(10011);
  });

  it('reads on by transactions: one that is under way is never passed over', async () => {
    await admin.query(`CREATE TABLE orders (id int, note text); INSERT INTO orders VALUES (1, 'first')`);
    const slow = new pg.Client({ connectionString: given! });
    await slow.connect();
    const load = () => h.loadFrom('orders', table('orders', { cursor: 'xmin' }), { mode: 'append' });
    const ids = async () => (await h.query('SELECT id FROM orders')).map(([id]) => id);
    await load();
    await slow.query(`BEGIN; INSERT INTO ${schema}.orders VALUES (2, 'slow')`);
    await admin.query(`INSERT INTO orders VALUES (3, 'fast')`);
    await load();
    await slow.query('COMMIT');
    await slow.end();
    // Whatever else runs on this server may hold the horizon back for a moment.
    await expect.poll(async () => load().then(ids), { timeout: 20_000 }).toHaveLength(3);
    expect((await ids()).sort()).toEqual([1, 2, 3]);
    await load();
    expect(await ids()).toHaveLength(3);
  });

  it('reads a large table by ranges, each row once', async () => {
    await admin.query(
      `CREATE TABLE large AS SELECT i AS id, repeat(md5(i::text), 10) AS filler FROM generate_series(1, 220000) AS i`,
    );
    await h.loadFrom('large', table('large'));
    await expectBooks(h, 'large', { sourceRows: 220_000 });
    expect(
      await h.query('SELECT count(DISTINCT id), min(id), max(id), count(DISTINCT filler) FROM large'),
    ).toEqual([[220_000, 1, 220_000, 220_000]]);
    expect((await snapshot('large')).manifest.lineage['fileCount']).toBeGreaterThan(1);
  }, 120_000);

  it('loads a lone column of empty texts, and an empty table', async () => {
    await admin.query(
      `CREATE TABLE lone (word text); INSERT INTO lone VALUES (''), ('x'), (NULL); CREATE TABLE nothing (id int)`,
    );
    await h.loadFrom('lone', table('lone'));
    await expectBooks(h, 'lone', { sourceRows: 3 });
    await expect(h.loadFrom('nothing', table('nothing'))).rejects.toMatchObject({ code: 'LOAD_EMPTY' });
  });

  it('says what is wrong: who may not, what is not there, what cannot be reached', async () => {
    const fails = (source: SourceSpec) =>
      h.loadFrom('failing', source).then(
        () => undefined,
        (error: unknown) => error,
      );
    const refused = new URL(uri);
    if (new URL(given!).password === '') refused.username = 'nobody_of_this_name';
    process.env['SLIPWAY_TEST_WRONG'] = 'very-secret-and-wrong';
    const wrong = {
      ...table('victims'),
      uri: refused.href,
      credentials: { password: 'env:SLIPWAY_TEST_WRONG' },
    };
    const error = await fails(wrong);
    expect(error).toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(JSON.stringify(error)).not.toContain('very-secret');
    expect(await fails(table('victms'))).toMatchObject({
      code: 'SOURCE_TABLE_NOT_FOUND',
      fix: `Did you mean '${schema}.victims'?`,
    });
    expect(await fails(table('victims', { cursor: 'ident' }))).toMatchObject({ code: 'COLUMN_NOT_FOUND' });
    expect(await fails(spec({}))).toMatchObject({ code: 'USAGE' });
    expect(await fails({ uri: 'postgres://me@127.0.0.1:1/x', table: 't' })).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
    const inUri = await fails({ uri: 'postgres://me:hidden@127.0.0.1/x', table: 't' });
    expect(inUri).toMatchObject({ code: 'CREDENTIALS_IN_URI' });
    expect(JSON.stringify(inUri)).not.toContain('hidden');
  });

  it('publishes nothing when the connection is ended half-way', async () => {
    const slow = `SELECT i, pg_sleep(0.01), repeat('x', 2000) AS filler FROM generate_series(1, 100000) AS i`;
    const loading = h.loadFrom('broken', spec({ query: slow })).catch((error: unknown) => error);
    await expect
      .poll(
        async () =>
          (
            await admin.query(
              `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'slipway' AND query LIKE 'COPY%'`,
            )
          ).rows[0].n,
        { timeout: 20_000 },
      )
      .toBe(1);
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'slipway'`,
    );
    expect(await loading).toMatchObject({ code: 'SOURCE_INTERRUPTED' });
    await expect(h.feeding.get('broken')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  }, 60_000);

  it('keeps a table from being dropped while it is read, and misses one that was dropped before', async () => {
    await admin.query('CREATE TABLE doomed AS SELECT 1 AS id');
    await admin.query('DROP TABLE doomed');
    await expect(h.loadFrom('doomed', table('doomed'))).rejects.toMatchObject({
      code: 'SOURCE_TABLE_NOT_FOUND',
    });
    // Large enough for ranges on two connections.
    const rows = 900_000;
    await admin.query(
      `CREATE TABLE falling AS SELECT i AS id, repeat('x', 80) AS pad FROM generate_series(1, ${rows}) AS i; ANALYZE falling`,
    );
    const loading = h.loadFrom('falling', table('falling'));
    const reading = async () =>
      (
        await admin.query(
          `SELECT 1 FROM pg_locks WHERE relation = '${schema}.falling'::regclass AND pid <> pg_backend_pid()`,
        )
      ).rowCount;
    for (let tries = 0; tries < 500 && !(await reading()); tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    // Waits until the reading transaction has let go.
    await admin.query('DROP TABLE falling');
    await loading;
    expect(await h.query('SELECT count(*), count(DISTINCT id) FROM falling')).toEqual([[rows, rows]]);
  }, 120_000);

  it('tells what could be read', async () => {
    const { message, streams } = await h.feeding.checkSource(spec({}));
    expect(message).toMatch(/^Postgres \d/);
    const kinds = streams.find(({ name }) => name === `${schema}.kinds`);
    expect(kinds?.columns?.slice(0, 2)).toEqual([
      { name: 'id', type: 'integer' },
      { name: 'big', type: 'bigint' },
    ]);
  });
});

async function snapshot(dataset: string) {
  const { version } = await h.feeding.get(dataset);
  return { manifest: await h.feeding.manifest((await h.feeding.snapshot(dataset, version)).snapshot) };
}
