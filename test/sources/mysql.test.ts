import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceSpec } from '../../platform/src/contracts/data-loads.ts';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';
import { expectBooks } from './books.ts';

const given = process.env['SLIPWAY_TEST_MYSQL_URL'];
if (given === undefined) console.log('MySQL as a source: skipped, SLIPWAY_TEST_MYSQL_URL is not set');

const PASSWORD = 'SLIPWAY_TEST_MYSQL_PASSWORD';
const database = `slipway_source_${process.pid}`;
const user = `slipway_${process.pid}`;
let h: FeedingHarness;
let admin: Connection;
let uri: string;
const spec = (more: Partial<SourceSpec>): SourceSpec => ({
  uri,
  credentials: { password: `env:${PASSWORD}` },
  ...more,
});

describe.skipIf(given === undefined)('MySQL and MariaDB', () => {
  beforeAll(async () => {
    h = await openFeedingHarness();
    admin = await mysql.createConnection({ uri: given!, multipleStatements: true });
    await admin.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4; USE ${database};
      CREATE USER ${user}@'%' IDENTIFIED BY 'right-and-secret'; GRANT ALL ON ${database}.* TO ${user}@'%'`);
    process.env[PASSWORD] = 'right-and-secret';
    process.env['SLIPWAY_TEST_MYSQL_WRONG'] = 'wrong-and-secret';
    const url = new URL(given!);
    uri = `mysql://${user}@${url.hostname}:${url.port || 3306}/${database}`;
  });
  afterAll(async () => {
    await admin.query(`DROP DATABASE ${database}; DROP USER ${user}@'%'`);
    await admin.end();
    await h.close();
  });

  it('keeps every value of every type, and what is missing is missing', async () => {
    await admin.query(`CREATE TABLE kinds (id int PRIMARY KEY, big bigint, huge bigint unsigned, price decimal(10,2), wide decimal(30,10), loose decimal(20,4),
        ratio double, yes bool, day date, moment datetime(3), stamped timestamp(3) NULL, clock time, text text, bytes varbinary(20), doc json, kind enum('a','b c'), bits bit(4));
      SET time_zone = '+09:00';
      INSERT INTO kinds VALUES
        (1, 9007199254740991, 18446744073709551615, 12345678.90, 12345678901234567890.0123456789, 1234.5, 0.1, true, '2024-02-29', '2024-02-29 12:34:56.789',
          '2024-02-29 21:34:56.789', '-12:00:00', 'a "quoted", text\\nin two lines ä€😀', x'00ff', '{"a": 1}', 'b c', b'1010'),
        (2, -5, 5, -0.01, 1.5, 0.25, -1e300, false, '1000-01-01', '1970-01-01 00:00:00', '1990-01-01 09:00:00', '00:00:01', 'NULL', '', '[]', 'a', b'1'),
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (4, 0, 0, 0, 0, 0, 0, true, '2024-01-01', '2024-01-01', '2024-01-01 09:00:00', '01:00:00', 'N/A', 'A', '"x"', 'a', b'0')`);
    await h.loadFrom('kinds', spec({ table: 'kinds' }));
    expect((await h.feeding.get('kinds')).current).toMatchObject({ quarantined: 0 });
    await expectBooks(h, 'kinds', { sourceRows: 4 });
    const { schema } = (await h.feeding.get('kinds')).current;
    expect(Object.fromEntries(schema.map(({ name, type }) => [name, type]))).toEqual({
      ...{
        id: 'integer',
        big: 'integer',
        huge: 'string',
        price: 'number',
        wide: 'string',
        loose: 'number',
        ratio: 'number',
      },
      ...{
        yes: 'integer',
        day: 'date',
        moment: 'timestamp',
        stamped: 'timestamp',
        clock: 'string',
        text: 'string',
      },
      ...{ bytes: 'string', doc: 'string', kind: 'string', bits: 'string' },
    });
    expect(
      await h.query(`SELECT id, big, huge, price, wide, loose, ratio, yes, strftime(day, '%Y-%m-%d'), epoch_ms(moment), epoch_ms(stamped), clock, "text", bytes, doc, kind, bits
        FROM kinds ORDER BY id`),
    ).toEqual([
      [
        ...[
          1,
          9007199254740991,
          '18446744073709551615',
          12345678.9,
          '12345678901234567890.0123456789',
          1234.5,
          0.1,
          1,
          '2024-02-29',
        ],
        ...[Date.UTC(2024, 1, 29, 12, 34, 56, 789), Date.UTC(2024, 1, 29, 12, 34, 56, 789), '-12:00:00'],
        ...['a "quoted", text\nin two lines ä€😀', '00FF', '{"a": 1}', 'b c', '0A'],
      ],
      [
        2,
        -5,
        '5',
        -0.01,
        '1.5000000000',
        0.25,
        -1e300,
        0,
        '1000-01-01',
        0,
        Date.UTC(1990, 0, 1),
        '00:00:01',
        'NULL',
        null,
        '[]',
        'a',
        '01',
      ],
      [3, ...Array.from({ length: 16 }, () => null)],
      [
        4,
        0,
        '0',
        0,
        '0.0000000000',
        0,
        0,
        1,
        '2024-01-01',
        Date.UTC(2024, 0, 1),
        Date.UTC(2024, 0, 1),
        '01:00:00',
        'N/A',
        '41',
        '"x"',
        'a',
        '00',
      ],
    ]);
  }, 60_000);

  it('reads a large table without holding it', async () => {
    await admin.query(
      `CREATE TABLE large AS SELECT seq AS id, repeat(md5(seq), 5) AS filler FROM seq_1_to_200000`,
    );
    await h.loadFrom('large', spec({ table: 'large' }));
    await expectBooks(h, 'large', { sourceRows: 200_000 });
    expect(
      await h.query('SELECT count(DISTINCT id), min(id), max(id), count(DISTINCT filler) FROM large'),
    ).toEqual([[200_000, 1, 200_000, 200_000]]);
  }, 120_000);

  it('reads on by a column: late rows with the last value are neither lost nor taken twice', async () => {
    await admin.query(`CREATE TABLE events (at datetime(6), what varchar(10)); INSERT INTO events VALUES ('2024-01-01 00:00:00.000001', 'a'),
      ('2024-01-01 00:00:00.000002', 'b'), ('2024-01-01 00:00:00.000002', 'b'), (NULL, 'without')`);
    const load = () => h.loadFrom('events', spec({ table: 'events', cursor: 'at' }), { mode: 'append' });
    const what = async () => (await h.query('SELECT what FROM events')).map(([text]) => text);
    await load();
    expect((await what()).sort()).toEqual(['a', 'b', 'b', 'without']);
    expect(await load()).toBe(1);
    await admin.query(
      `INSERT INTO events VALUES ('2024-01-01 00:00:00.000002', 'b'), ('2024-01-01 00:00:00.000002', 'late'), ('2024-01-02', 'c')`,
    );
    expect(await load()).toBe(2);
    expect((await what()).slice(4).sort()).toEqual(['b', 'c', 'late']);
    expect(await load()).toBe(2);
  }, 60_000);

  it('says what is wrong, and a query cannot write', async () => {
    const fails = (source: SourceSpec) =>
      h.loadFrom('failing', source).then(
        () => undefined,
        (error: unknown) => error,
      );
    const wrong = await fails({
      ...spec({ table: 'kinds' }),
      credentials: { password: 'env:SLIPWAY_TEST_MYSQL_WRONG' },
    });
    expect(wrong).toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(JSON.stringify(wrong)).not.toContain('wrong-and-secret');
    expect(await fails(spec({ table: 'kind' }))).toMatchObject({
      code: 'SOURCE_TABLE_NOT_FOUND',
      fix: "Did you mean 'kinds'?",
    });
    expect(await fails(spec({ query: 'SELECT 1) AS q; DROP TABLE kinds; -- ' }))).toMatchObject({
      code: 'SOURCE_QUERY_FAILED',
    });
    expect(await fails(spec({ table: 'kinds', cursor: 'nothing' }))).toMatchObject({
      code: 'COLUMN_NOT_FOUND',
    });
    expect(await fails({ ...spec({ table: 'kinds' }), uri: 'mysql://me@127.0.0.1:1/x' })).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
    expect((await admin.query('SELECT count(*) AS n FROM kinds'))[0]).toEqual([{ n: 4 }]);
  }, 60_000);

  it('publishes nothing when the connection is ended half-way', async () => {
    const loading = h
      .loadFrom(
        'broken',
        spec({ query: `SELECT seq, sleep(0.002) AS s, repeat('x', 2000) AS filler FROM seq_1_to_100000` }),
      )
      .catch((error: unknown) => error);
    const running = async () =>
      (
        await admin.query(
          `SELECT id FROM information_schema.processlist WHERE user = '${user}' AND info LIKE '%seq_1_to_100000%' AND info NOT LIKE '%LIMIT 0'`,
        )
      )[0] as { id: number }[];
    await expect.poll(running, { timeout: 20_000 }).toHaveLength(1);
    await admin.query(`KILL CONNECTION ${(await running())[0]!.id}`);
    expect(await loading).toMatchObject({ code: 'SOURCE_INTERRUPTED' });
    await expect(h.feeding.get('broken')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  }, 60_000);

  it('tells what could be read', async () => {
    const { message, streams } = await h.feeding.checkSource(spec({}));
    expect(message).toMatch(/^(MySQL|MariaDB) \d/);
    expect(streams.find(({ name }) => name === 'events')?.columns).toEqual([
      { name: 'at', type: 'datetime(6)' },
      { name: 'what', type: 'varchar(10)' },
    ]);
  });
});
