import { afterAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine, readParquetTable } from '../adapters/engine-duckdb/index.ts';
import { LoadTrials, rowsOf, types } from './load-trials.ts';

const trials = new LoadTrials({ engine: createDuckdbEngine(), readPart: readParquetTable });
afterAll(() => trials.remove());
const load = trials.load.bind(trials);
const failure = trials.failure.bind(trials);

describe('types', () => {
  it('infers each type, and reads the values exactly', async () => {
    const loaded = await load(
      'i,n,b,d,t,s\n1,1.5,true,2020-01-31,2020-01-31 10:20:30,x\n-2,-3e2,false,2021-02-28,2021-02-28 00:00:00,y\n',
    );
    expect(types(loaded)).toEqual({
      i: 'integer',
      n: 'number',
      b: 'boolean',
      d: 'date',
      t: 'timestamp',
      s: 'string',
    });
    expect(loaded.cells).toEqual([
      ['1', '1.5', 'true', '2020-01-31', '2020-01-31T10:20:30.000Z', 'x'],
      ['-2', '-300', 'false', '2021-02-28', '2021-02-28T00:00:00.000Z', 'y'],
    ]);
  });

  it('keeps codes with leading zeros and whole numbers beyond 2^53 as text', async () => {
    const loaded = await load(
      'zip,big,edge\n02139,9007199254740993,9007199254740992\n10001,12345678901234567890,5\n',
    );
    expect(types(loaded)).toEqual({ zip: 'string', big: 'string', edge: 'integer' });
    expect(loaded.cells[0]).toEqual(['02139', '9007199254740993', '9007199254740992']);
  });

  it('takes a missing mark out of the way of a type, and never the word None', async () => {
    const loaded = await load('a,b,c,d\n1,?,None,-\n?,x,None,y\nNA,?,damage,z\n  ,y,None,-\n4,z,None,-\n');
    expect(types(loaded)).toEqual({ a: 'integer', b: 'string', c: 'string', d: 'string' });
    expect(loaded.schema.columns.map((column) => column.missingTokens)).toEqual([['?', 'NA'], ['?'], [], []]);
    expect(loaded.cells.map((row) => row.join('|'))).toEqual([
      '1||None|-',
      '|x|None|y',
      '||damage|z',
      '|y|None|-',
      '4|z|None|-',
    ]);
  });

  it('leaves NA in place among two-letter codes', async () => {
    const loaded = await load(`country\n${['NA', 'DE', 'FR', 'US', 'GB', 'NL', 'NA'].join('\n')}\n`);
    expect(loaded.cells[0]).toEqual(['NA']);
  });

  it('widens whole numbers to numbers when a fraction comes late', async () => {
    const loaded = await load(`v\n${rowsOf(5000, (i) => `${i}\n`)}0.5\n`);
    expect(types(loaded)).toEqual({ v: 'number' });
    expect(loaded.quarantined).toBe(0);
  });

  it('reads month-first, day-first and year-first dates, with two-digit years', async () => {
    const loaded = await load(
      'm,d,y,h\n1/31/90 0:00,31.1.2020,2020/1/31,1/2/2003 11:05 PM\n12/1/05 13:45,1.12.2020,2020/12/1,10/20/2003 1:00 AM\n',
    );
    expect(loaded.cells).toEqual([
      ['1990-01-31T00:00:00.000Z', '2020-01-31', '2020-01-31', '2003-01-02T23:05:00.000Z'],
      ['2005-12-01T13:45:00.000Z', '2020-12-01', '2020-12-01', '2003-10-20T01:00:00.000Z'],
    ]);
    expect(loaded.schema.columns.map((column) => column.dateFormat)).toEqual(['mdy', 'dmy', 'ymd', 'mdy']);
  });

  it('reads zones and fractions of seconds that only the date parser understands', async () => {
    const loaded = await load(
      't\n2020-01-01T10:00:00+02:00\n2020-01-01T10:00:00.123Z\n2020-01-01T10:00:00.123456789Z\n',
    );
    expect(loaded.cells.flat()).toEqual([
      '2020-01-01T08:00:00.000Z',
      '2020-01-01T10:00:00.123Z',
      '2020-01-01T10:00:00.123Z',
    ]);
  });

  it('makes a column text when more than a few per cent do not fit', async () => {
    const loaded = await load(`v\n${rowsOf(90, (i) => `${i}\n`)}${rowsOf(10, () => 'word\n')}`);
    expect(types(loaded)).toEqual({ v: 'string' });
    expect(loaded.quarantined).toBe(0);
  });

  it('obeys given types, and names the nearest column for one that is not there', async () => {
    const loaded = await load('zip,v,flag,when\n1,2,yes,1/2/2020\n2,x,no,1/3/2020\n3,4,1,1/4/2020\n', {
      types: { zip: 'string', v: 'number', flag: 'boolean', when: 'date' },
    });
    expect(loaded.cells).toEqual([
      ['1', '2', 'true', '2020-01-02'],
      ['3', '4', 'true', '2020-01-04'],
    ]);
    expect(loaded.refused.map(({ record, column }) => [record, column])).toEqual([[2, 'v']]);
    const error = await failure('zipcode,v\n1,2\n', { types: { zip_code: 'string' } });
    expect([error.code, error.spec.exit, error.details!['nearest']]).toEqual([
      'COLUMN_NOT_FOUND',
      3,
      'zipcode',
    ]);
  });
});

describe('quarantine', () => {
  it('takes out a sprinkling of bad values with their exact bytes, offsets and reasons', async () => {
    const body = rowsOf(200, (i) =>
      i === 100 ? `${i},"b,""d"\r\n` : i === 150 ? 'oops,z\r\n' : `${i},z\r\n`,
    );
    const loaded = await load(`id,s\r\n${body.replace('100,"b', 'x00,"b')}`);
    expect(types(loaded)).toEqual({ id: 'integer', s: 'string' });
    expect(loaded.refused.map(({ record, reason, column }) => [record, reason, column])).toEqual([
      [101, 'WRONG_TYPE', 'id'],
      [151, 'WRONG_TYPE', 'id'],
    ]);
    expect(loaded.refused[0]!.bytes.toString()).toBe('x00,"b,""d"\r\n');
    const whole = `id,s\r\n${body.replace('100,"b', 'x00,"b')}`;
    expect(whole.slice(loaded.refused[1]!.byteOffset, loaded.refused[1]!.byteOffset + 6)).toBe('oops,z');
    expect(loaded.quarantineReasons).toEqual([{ reason: 'WRONG_TYPE', count: 2 }]);
  });

  it('takes out ragged rows, bad quotes, NUL bytes and invalid UTF-8, and only those', async () => {
    const bad = [
      Buffer.from('1\n'),
      Buffer.from('1,2,3\n'),
      Buffer.from('1,"a"b\n'),
      Buffer.from('1,a\0b\n'),
      Buffer.from([0x31, 0x2c, 0xff, 0xfe, 0x0a]),
    ];
    const good = rowsOf(30, (i) => `${i},ä${i}\n`);
    const loaded = await load(Buffer.concat([Buffer.from(`a,b\n${good}`), ...bad, Buffer.from(good)]));
    expect(loaded.refused.map(({ reason }) => reason)).toEqual([
      'TOO_FEW_FIELDS',
      'TOO_MANY_FIELDS',
      'BAD_QUOTING',
      'NUL_BYTE',
      'INVALID_UTF8',
    ]);
    for (const [i, row] of loaded.refused.entries()) expect(row.bytes.equals(bad[i]!)).toBe(true);
    expect(loaded.rows).toBe(60);
  });

  it('loses one line to a quote that never closes, not the rest of the file', async () => {
    const loaded = await load(
      `a,b\n${rowsOf(20, (i) => `${i},x\n`)}5,"open\n${rowsOf(20, (i) => `${i},y\n`)}`,
    );
    expect(loaded.refused.map(({ reason, bytes }) => [reason, bytes.toString()])).toEqual([
      ['UNCLOSED_QUOTE', '5,"open\n'],
    ]);
    expect(loaded.rows).toBe(40);
  });

  it('refuses the load when too much does not fit, and says what and where', async () => {
    const error = await failure(`a,b\n${rowsOf(500, (i) => (i % 2 ? `${i},x\n` : `${i}\n`))}`);
    expect([error.code, error.spec.exit]).toEqual(['REJECT_BUDGET_EXCEEDED', 2]);
    expect(error.message).toContain('250 of 500');
    const allowed = await load(`a,b\n${rowsOf(500, (i) => (i % 2 ? `${i},x\n` : `${i}\n`))}`, {
      rejectShareMax: 0.6,
    });
    expect(allowed.quarantined).toBe(250);
  });

  it('quarantines dates that do not exist', async () => {
    const loaded = await load(`d\n${rowsOf(100, () => '2020-02-28\n')}2020-02-30\n`);
    expect(types(loaded)).toEqual({ d: 'date' });
    expect(loaded.refused.map(({ bytes }) => bytes.toString())).toEqual(['2020-02-30\n']);
  });
});
