import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine, readParquetTable } from '../adapters/engine-duckdb/index.ts';
import { LoadTrials, rowsOf, types } from './load-trials.ts';

const trials = new LoadTrials({ engine: createDuckdbEngine(), readPart: readParquetTable });
afterAll(() => trials.remove());
const load = trials.load.bind(trials);
const failure = trials.failure.bind(trials);

const names = (loaded: { schema: { columns: readonly { name: string }[] } }) =>
  loaded.schema.columns.map((column) => column.name);
const exampleData = join(
  dirname(createRequire(import.meta.url).resolve('vega-datasets')).replace(/\/build.*$|\/src.*$/, ''),
  'data',
);

describe('dialects', () => {
  it.each([
    [',', 'csv'],
    [';', 'csv'],
    ['|', 'csv'],
    ['\t', 'csv'],
  ])('finds the delimiter %j', async (delimiter) => {
    const text = `name,note\na,"x;y|z\tw,v"\nb,"1,2;3"\n`;
    const body = text.replace(/(?<=^[^"\n]*),/gm, delimiter);
    const loaded = await load(body);
    expect(loaded.source.delimiter).toBe(delimiter);
    expect(loaded.cells).toEqual([
      ['a', 'x;y|z\tw,v'],
      ['b', '1,2;3'],
    ]);
  });

  it('reads quoted line ends, doubled quotes, CRLF, mixed line ends and a byte-order mark', async () => {
    const loaded = await load(
      '\uFEFFid,text\r\n1,"two\r\nlines"\r\n2,"say ""hi"""\n3,"a,b"\r\n4,lone\rreturn\n',
    );
    expect(names(loaded)).toEqual(['id', 'text']);
    expect(loaded.cells).toEqual([
      ['1', 'two\r\nlines'],
      ['2', 'say "hi"'],
      ['3', 'a,b'],
      ['4', 'lone\rreturn'],
    ]);
  });

  it('reads records that end with a lone carriage return', async () => {
    const loaded = await load('a,b\r1,x\r2,y\r');
    expect(loaded.cells).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
  });

  it('skips blank lines, also in a table of one column', async () => {
    const two = await load('a,b\n\n1,x\n\n2,y\n\n');
    expect([two.rows, two.sourceRows]).toEqual([2, 2]);
    const one = await load('v\n1\n\n2\n\n\n3');
    expect(one.cells.flat()).toEqual(['1', '2', '3']);
  });

  it('keeps quotes inside unquoted fields', async () => {
    const loaded = await load('size,name\n5" pipe,a\n6" pipe,b"c\n');
    expect(loaded.cells).toEqual([
      ['5" pipe', 'a'],
      ['6" pipe', 'b"c'],
    ]);
  });

  it('sees a header above numbers and above texts, and none where data begin at once', async () => {
    expect((await load('age,name\n1,x\n')).source.header).toBe(true);
    expect((await load('first,second\nx,y\nz,y\n')).source.header).toBe(true);
    const without = await load("0.23,5.07,'-1'\n0.15,-0.16,'-1'\n0.1,0.2,'1'\n");
    expect(without.source.header).toBe(false);
    expect(names(without)).toEqual(['column_1', 'column_2', 'column_3']);
    expect(types(without)).toEqual({ column_1: 'number', column_2: 'number', column_3: 'string' });
    expect(without.cells[0]).toEqual(['0.23', '5.07', "'-1'"]);
    expect((await load('red,dog\nblue,cat\nred,dog\n')).source.header).toBe(false);
  });

  it('obeys --header yes and no', async () => {
    expect(names(await load('1,2\n3,4\n', { header: 'yes' }))).toEqual(['1', '2']);
    const without = await load('a,b\n1,2\n', { header: 'no' });
    expect([without.rows, types(without)]).toEqual([2, { column_1: 'string', column_2: 'string' }]);
  });

  it('gives repeated, nameless and otherwise-cased columns names of their own', async () => {
    expect(names(await load('a,a,,A,a_2\n1,2,3,4,5\n'))).toEqual(['a', 'a_3', 'column_3', 'A_4', 'a_2']);
  });

  it('reads 300 columns, one column and one row', async () => {
    const header = Array.from({ length: 300 }, (_, i) => `c${i}`).join(',');
    const wide = await load(
      `${header}\n${rowsOf(3, (r) => `${Array.from({ length: 300 }, (_, i) => i * r).join(',')}\n`)}`,
    );
    expect(wide.cells[2]![299]).toBe('598');
    expect(wide.profile).toHaveLength(300);
    expect((await load('v\n7\n')).cells).toEqual([['7']]);
  });
});

describe('sources that are no tables', () => {
  it('names the nearest file when there is none', async () => {
    await load('a,b\n1,2\n', { fileName: 'adult.csv' });
    const error = await trials.missing('adul.csv', 'adult.csv');
    expect([error.code, error.spec.exit]).toEqual(['SOURCE_NOT_FOUND', 3]);
    expect(error.fix).toContain('adult.csv');
  });

  it.each([
    ['an empty file', '', 'SOURCE_EMPTY'],
    ['white space', ' \n\n ', 'SOURCE_EMPTY'],
    ['a header alone', 'a,b,c\n', 'SOURCE_EMPTY'],
    ['an empty array', '[]', 'SOURCE_EMPTY'],
    ['an empty gzip', gzipSync(''), 'SOURCE_EMPTY'],
    ['a broken gzip', gzipSync('a,b\n1,2\n'.repeat(1000)).subarray(0, 30), 'SOURCE_UNREADABLE'],
    ['a broken zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), 'SOURCE_UNREADABLE'],
    ['broken Parquet', 'PAR1 and nothing else', 'SOURCE_UNREADABLE'],
    ['UTF-16', Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), 'SOURCE_ENCODING'],
    ['UTF-16 without a mark', Buffer.from('a,b\n1,2\n3,4\n', 'utf16le'), 'SOURCE_ENCODING'],
    [
      'random bytes',
      Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31 + (i >> 3) * 7) & 255)),
      'NOT_A_TABLE',
    ],
    ['a workbook', 'PK\u0003\u0004 and so on', 'NOT_A_TABLE'],
    ['a JSON object', '{\n "a": 1,\n "b": 2\n}\n', 'NOT_A_TABLE'],
    ['numbers in JSON', '[1, 2, 3]', 'NOT_A_TABLE'],
    ['JSON that ends early', '[{"a": 1}, {"a": ', 'NOT_A_TABLE'],
  ])('refuses %s with exit 2', async (_, content, code) => {
    const error = await failure(content);
    expect([error.code, error.spec.exit]).toEqual([code, 2]);
    expect(error.fix).toBeTruthy();
  });

  it('quarantines a line of 100 MB in bounded memory, and reads what follows', async () => {
    const long = Buffer.alloc(100 * 1024 * 1024, 'x');
    const body = rowsOf(50, (i) => `${i},y\n`);
    const before = process.memoryUsage().arrayBuffers;
    const loaded = await load(Buffer.concat([Buffer.from(`a,b\n${body}`), long, Buffer.from(`\n${body}`)]));
    expect(loaded.refused.map(({ record, reason, bytes }) => [record, reason, bytes.length])).toEqual([
      [51, 'LINE_TOO_LONG', 0],
    ]);
    expect(loaded.rows).toBe(100);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(400 * 1024 * 1024);
  });
});

describe('formats', () => {
  const csv = `id,name\n${rowsOf(1000, (i) => `${i},name ${i}\n`)}`;

  it('reads gzip and zstd by their first bytes, whatever the name', async () => {
    const plain = await load(csv);
    const gzip = await load(gzipSync(csv), { fileName: 'table.txt' });
    expect(gzip.source).toMatchObject({ compression: 'gzip', format: 'csv' });
    const packed = await trials.written(
      "SELECT i AS id, 'name ' || i AS name FROM range(1000) AS r(i)",
      'FORMAT csv, HEADER true, COMPRESSION zstd',
    );
    const zstd = await load(packed, { fileName: 'table.csv' });
    expect(zstd.source).toMatchObject({ compression: 'zstd', format: 'csv', bytes: packed.length });
    expect([gzip.fingerprint, zstd.fingerprint]).toEqual([plain.fingerprint, plain.fingerprint]);
  });

  it('refuses a zstd file that is cut off', async () => {
    const packed = await trials.written(
      'SELECT i, random() FROM range(20000) AS r(i)',
      'FORMAT csv, COMPRESSION zstd',
    );
    expect((await failure(packed.subarray(0, packed.length / 2))).code).toBe('SOURCE_UNREADABLE');
  });

  it('gives the same rows the same fingerprint in every format and order', async () => {
    const objects = Array.from({ length: 50 }, (_, i) => ({
      id: i,
      name: `n${i}`,
      score: i / 3,
      ok: i % 2 === 0,
    }));
    const line = (o: (typeof objects)[0]) => JSON.stringify(o);
    const array = await load(JSON.stringify(objects, null, 1), { fileName: 'x.json' });
    const lines = await load(`${objects.map(line).join('\n')}\n`, { fileName: 'x.ndjson' });
    const reversed = await load([...objects].reverse().map(line).join('\n'), { fileName: 'x.ndjson' });
    const text = await load(`id,name,score,ok\n${objects.map((o) => Object.values(o).join(',')).join('\n')}`);
    expect([array.source.format, lines.source.format]).toEqual(['json', 'ndjson']);
    expect(types(array)).toEqual({ id: 'integer', name: 'string', score: 'number', ok: 'boolean' });
    expect(new Set([array, lines, reversed, text].map((loaded) => loaded.fingerprint)).size).toBe(1);
    expect((await load(JSON.stringify(objects.slice(1)))).fingerprint).not.toBe(array.fingerprint);
  });

  it('reads JSON values as what they are', async () => {
    const loaded = await load(
      '[{"zip":"02139","n":1,"nested":{"a":[1,2]},"big":12345678901234567890,"f":0.12345678901234568,"d":"2020-01-31"},\n{"zip":"5","n":null,"extra":"?","big":1,"f":2}]',
    );
    expect(types(loaded)).toEqual({
      zip: 'string',
      n: 'integer',
      nested: 'string',
      big: 'string',
      f: 'number',
      d: 'date',
      extra: 'string',
    });
    expect(loaded.cells).toEqual([
      ['02139', '1', '{"a":[1,2]}', '12345678901234567890', '0.12345678901234568', '2020-01-31', ''],
      ['5', '', '', '1', '2', '', ''],
    ]);
  });

  it('quarantines broken NDJSON records with their bytes', async () => {
    const good = rowsOf(100, (i) => `{"a":${i}}\n`);
    const loaded = await load(`${good}{"a":1\n[1]\n{"a":"x"}\n${good}`, { fileName: 'x.jsonl' });
    expect(loaded.refused.map(({ record, reason, bytes }) => [record, reason, bytes.toString()])).toEqual([
      [101, 'INVALID_JSON', '{"a":1\n'],
      [102, 'NOT_AN_OBJECT', '[1]\n'],
      [103, 'WRONG_TYPE', '{"a":"x"}\n'],
    ]);
  });

  it('reads its own parts again as they are', async () => {
    const first = await load('i,n,s,d\n1,0.5,x,2020-01-01\n2,,y,\n');
    const again = await load(readFileSync(first.partPath), { fileName: 'x.parquet' });
    expect(again.source.format).toBe('parquet');
    expect([types(again), again.cells, again.fingerprint]).toEqual([
      types(first),
      first.cells,
      first.fingerprint,
    ]);
  });

  it('reads Parquet with its types; infinite numbers are quarantined, NaN and empty texts are missing', async () => {
    const parquet = await trials.written(
      `SELECT i::INTEGER AS i, (2^53)::HUGEINT::BIGINT + i AS big, CASE i WHEN 1 THEN 'inf'::DOUBLE WHEN 2 THEN 'nan'::DOUBLE ELSE i / 4 END AS f,
        CASE i WHEN 0 THEN '' ELSE '?' END AS s, [i, 2] AS list, (i * 1.5)::DECIMAL(9, 2) AS dec, TIMESTAMPTZ '2020-01-01 12:00:00+02' AS at
       FROM range(3) AS r(i)`,
      'FORMAT parquet',
    );
    const loaded = await load(parquet, { fileName: 'x.parquet' });
    expect(types(loaded)).toEqual({
      ...{
        i: 'integer',
        big: 'string',
        f: 'number',
        s: 'string',
        list: 'string',
        dec: 'number',
        at: 'timestamp',
      },
    });
    expect(loaded.cells).toEqual([
      ['0', '9007199254740992', '0', '', '[0,2]', '0', '2020-01-01T10:00:00.000Z'],
      ['2', '9007199254740994', '', '?', '[2,2]', '3', '2020-01-01T10:00:00.000Z'],
    ]);
    expect(loaded.refused.map(({ record, column }) => [record, column])).toEqual([[2, 'f']]);
    expect(JSON.parse(loaded.refused[0]!.bytes.toString()).i).toBe(1);
  });

  it('holds Parquet to given types', async () => {
    const parquet = await trials.written(
      `SELECT '0' || i AS zip, i + 0.5 * (i // 9) AS v FROM range(10) AS r(i)`,
      'FORMAT parquet',
    );
    const loaded = await load(parquet, { fileName: 'x.parquet', types: { zip: 'integer', v: 'integer' } });
    expect([loaded.cells[8], loaded.rows]).toEqual([['8', '8'], 9]);
    expect(loaded.refused.map(({ record, column }) => [record, column])).toEqual([[10, 'v']]);
    expect((await failure(parquet, { types: { vv: 'string' } })).code).toBe('COLUMN_NOT_FOUND');
  });

  it('reads the example data', async () => {
    const birds = await load(readFileSync(join(exampleData, 'birdstrikes.csv')));
    expect([birds.rows, birds.quarantined]).toEqual([10_000, 0]);
    const damage = birds.profile.find((column) => column.name === 'Effect Amount of damage')!;
    expect([damage.missing, damage.top[0]!.value]).toEqual([0, 'None']);
    const movies = await load(readFileSync(join(exampleData, 'movies.json')), { fileName: 'movies.json' });
    expect([movies.rows, movies.quarantined, movies.schema.columns.length]).toEqual([3201, 0, 16]);
  });
});

describe('determinism', () => {
  it('writes the same bytes for the same source, also with a quarantine', async () => {
    const text = `a,b,c\n${rowsOf(20_000, (i) => `${i % 7 === 0 && i % 5000 === 0 ? 'x' : i},${i / 3},v${i % 90}\n`)}`;
    const [one, two] = [await load(text), await load(text)];
    expect(readFileSync(two.partPath).equals(readFileSync(one.partPath))).toBe(true);
    const facts = ({ profile, fingerprint, quarantineSample, source }: typeof one) => ({
      profile,
      fingerprint,
      quarantineSample,
      source,
    });
    expect(facts(two)).toEqual(facts(one));
  });
});
