import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EngineSession, sqlName, sqlText } from '../../ports/engine.ts';
import { cellText, findColumn } from '../../tables/table.ts';
import { createDuckdbEngine, readParquetTable } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'engine-'));
let session: EngineSession;
beforeAll(async () => {
  session = await createDuckdbEngine().open({ workDir: folder, threads: 1 });
});
afterAll(async () => {
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});

const texts = async (sql: string) => {
  const table = await session.table(sql);
  return table.columns.map((column) => Array.from({ length: table.rows }, (_, row) => cellText(column, row)));
};

describe('columns', () => {
  it('have the logical type of each physical one, NULL as missing', async () => {
    const table = await session.table(`SELECT * FROM (VALUES
      (1::TINYINT, 2::INTEGER, 3::BIGINT, 1.5::FLOAT, 2.25::DOUBLE, 1.10::DECIMAL(5,2), true, DATE '2020-01-31', TIMESTAMP '2020-01-31 10:00:00.5', 'x', [1, 2]),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS v(a, b, c, d, e, f, g, h, i, j, k)`);
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      ...['a integer', 'b integer', 'c integer', 'd number', 'e number', 'f number', 'g boolean', 'h date'],
      ...['i timestamp', 'j string', 'k string'],
    ]);
    const row = (index: number) => table.columns.map((column) => cellText(column, index));
    expect(row(0)).toEqual([
      ...[
        '1',
        '2',
        '3',
        '1.5',
        '2.25',
        '1.1',
        'true',
        '2020-01-31',
        '2020-01-31T10:00:00.500Z',
        'x',
        '[1, 2]',
      ],
    ]);
    expect(row(1)).toEqual(Array(11).fill(''));
  });

  it('keep every digit of 64-bit integers, as text from the first that a float64 cannot hold', async () => {
    const small = await session.table('SELECT 9007199254740992 AS v UNION ALL SELECT -9007199254740992');
    expect(small.columns[0]!.type).toBe('integer');
    // The large one comes in a later chunk than the first 2,048 rows.
    const [values] = await texts(
      'SELECT CASE i WHEN 7 THEN NULL WHEN 5000 THEN 9007199254740993 ELSE -i END AS v FROM range(6000) AS r(i)',
    );
    expect([values![7], values![1], values![5000], values![5999]]).toEqual([
      '',
      '-1',
      '9007199254740993',
      '-5999',
    ]);
  });

  it('hold any texts exactly, with a dictionary in order of first appearance', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.option(
            fc.oneof(
              fc.string({ unit: 'grapheme' }),
              fc.constantFrom('twelve bytes', 'thirteen byte', 'ä'.repeat(9)),
            ),
          ),
          {
            minLength: 1,
            maxLength: 60,
          },
        ),
        async (values) => {
          // NUL cannot stand in SQL text, and a leading mark of byte order is dropped by the decoder.
          const clean = values.map((text) => text?.replace(/[\0\uFEFF]/g, '') ?? null);
          const rows = clean.map((text) => `(${text === null ? 'NULL' : sqlText(text)})`).join(', ');
          const table = await session.table(`SELECT v::VARCHAR AS v FROM (VALUES ${rows}) AS t(v)`);
          const column = findColumn(table, 'v')!;
          if (column.type !== 'string') throw new Error('not text');
          const back = Array.from(column.codes, (code) => (code === -1 ? null : column.dictionary[code]!));
          expect(back).toEqual(clean);
          expect(column.dictionary).toEqual([...new Set(clean.filter((text) => text !== null))]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hold tens of thousands of distinct long texts', async () => {
    const [values] = await texts(
      `SELECT 'a long common prefix ' || (i % 30000) AS v FROM range(40000) AS r(i)`,
    );
    expect(values!.every((text, i) => text === `a long common prefix ${i % 30000}`)).toBe(true);
  });

  it('are there also without rows, and with names that need quotes', async () => {
    const table = await session.table(`SELECT 1 AS ${sqlName('a "b"')}, 'x' AS "select" WHERE false`);
    expect([table.rows, table.columns.map((column) => column.name)]).toEqual([0, ['a "b"', 'select']]);
  });
});

describe('a snapshot part', () => {
  it('is read with the types of its schema, only the columns asked for', async () => {
    const part = join(folder, 'part.parquet');
    await session.run(
      `COPY (SELECT 3::BIGINT AS i, true AS b, DATE '2020-02-29' AS d) TO ${sqlText(part)} (FORMAT parquet)`,
    );
    const column = (name: string, type: 'integer' | 'boolean' | 'date') => ({
      name,
      type,
      missingTokens: [],
    });
    const schema = { columns: [column('i', 'integer'), column('b', 'boolean'), column('d', 'date')] };
    const table = await readParquetTable(session, part, schema, ['d', 'i']);
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual([
      ['d', 'date'],
      ['i', 'integer'],
    ]);
  });
});

describe('a session that names what is readable', () => {
  it('reads that and its work folder, and nothing else on the machine', async () => {
    const workDir = mkdtempSync(join(folder, 'work-'));
    const [open, secret] = [join(folder, 'open.csv'), join(folder, 'secret.csv')];
    writeFileSync(open, 'a\n1\n');
    writeFileSync(secret, 'a\n1\n');
    const locked = await createDuckdbEngine().open({ workDir, readable: [open] });
    try {
      await locked.run(
        `COPY (FROM read_csv(${sqlText(open)})) TO ${sqlText(join(workDir, 'o.parquet'))} (FORMAT parquet)`,
      );
      await expect(locked.run(`FROM read_csv(${sqlText(secret)})`)).rejects.toThrow(/disabled|Permission/);
      await expect(locked.run(`COPY (SELECT 1) TO ${sqlText(join(folder, 'out.csv'))}`)).rejects.toThrow(
        /disabled|Permission/,
      );
      await expect(locked.run('SET enable_external_access = true')).rejects.toThrow();
      await expect(locked.run('INSTALL httpfs')).rejects.toThrow();
      await expect(locked.run(`ATTACH ${sqlText(secret)} AS other`)).rejects.toThrow();
    } finally {
      await locked.close();
    }
  });
});
