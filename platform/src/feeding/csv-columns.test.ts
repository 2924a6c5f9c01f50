import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import type { EngineSession } from '../ports/engine.ts';
import { parseDate } from '../tables/dates.ts';
import { dateLayouts } from './column-casts.ts';
import { CsvColumns, hasColumns, packColumns } from './csv-columns.ts';
import { columnSample, csvShape, newParser } from './csv-source.ts';
import { surveyCsv } from './csv-survey.ts';
import { fieldKind } from './field-kind.ts';
import { inferColumns, MISSING, type PlannedColumn } from './infer-types.ts';
import { Quarantine } from './quarantine.ts';
import { fieldText } from './record-parser.ts';
import { scanRecords } from './record-scan.ts';

const folder = mkdtempSync(join(tmpdir(), 'columns-'));
const path = join(folder, 'x.csv');
let opened: Promise<EngineSession> | undefined;
const session = () => (opened ??= createDuckdbEngine().open({ workDir: folder, threads: 1 }));
afterAll(async () => {
  await (await opened)?.close();
  rmSync(folder, { recursive: true, force: true });
});

type Value = number | string | null;

/** The value that the types give a field, by JavaScript's own conversions. */
function valueOfField(text: string, { type, dateFormat }: PlannedColumn): Value {
  if (type === 'string') return text;
  const trimmed = text.trim();
  if (type === 'boolean') return trimmed.toLowerCase() === 'true' ? 1 : 0;
  if (dateFormat === undefined) return Number(trimmed);
  const millis = parseDate(trimmed, dateFormat);
  return type === 'date' ? Math.floor(millis / 86_400_000) * 86_400_000 : millis;
}

async function expectSame(text: string | Buffer): Promise<void> {
  // A folder each: DuckDB remembers what a file of that name and time held.
  const workDir = mkdtempSync(join(folder, 'run-'));
  writeFileSync(path, text);
  const bytes = Buffer.from(text);
  const request = { name: 'x', path, fileName: 'x.csv', header: 'yes' as const, delimiter: ',' };
  const shape = csvShape(bytes, true, request);
  const { dialect } = shape;
  const sample = columnSample(shape);
  const plain = { path, dialect, onChunk: () => undefined };
  const wanted = await surveyCsv(plain);
  const columns = inferColumns({ names: dialect.columnNames, counts: wanted.counts, sample });
  const layouts = columns.map(({ dateFormat }, i) =>
    dateFormat === undefined ? [] : dateLayouts(sample[i]!.texts, dateFormat),
  );
  const plan = { path, dialect, columns, layouts, counts: wanted.counts };
  if (!hasColumns(plan, sample)) return;
  const quarantine = new Quarantine(join(workDir, 'quarantine.ndjson'));
  const sink = new CsvColumns(plan, workDir);
  const found = await surveyCsv({ ...plain, expected: { columns, quarantine }, columns: sink });
  expect([found.records, found.broken, ...found.counts]).toEqual([
    wanted.records,
    wanted.broken,
    ...wanted.counts,
  ]);
  if (!sink.finish(columns) || found.refused === undefined) return;
  const refused = new Set(found.refused.offsets);
  const rows: Value[][] = [];
  const parser = newParser(dialect);
  await scanRecords({
    path,
    parser,
    columns: columns.length,
    skipBytes: dialect.skipBytes,
    header: true,
    onRecord: ({ buffer, problem, byteOffset }) => {
      expect(problem === undefined || refused.has(byteOffset)).toBe(true);
      if (refused.has(byteOffset)) return;
      const { starts, stops, masks } = parser;
      const row = columns.map((column, i): Value => {
        const kind = fieldKind(buffer, starts[i]!, stops[i]!, masks[i]!);
        if (column.fit[kind] === MISSING) return null;
        return valueOfField(fieldText(buffer, parser, i), column);
      });
      rows.push(row);
    },
  });
  const packed = await packColumns(await session(), workDir, columns);
  expect(packed.rows).toBe(rows.length);
  const values = columns.map(({ type }, i) => {
    if (type === 'boolean') return `"${i}"::INTEGER AS v${i}`;
    if (type === 'integer') return `"${i}"::DOUBLE AS v${i}`;
    return type === 'date' || type === 'timestamp'
      ? `epoch_ms("${i}"::TIMESTAMP)::DOUBLE AS v${i}`
      : `"${i}" AS v${i}`;
  });
  const names = columns.map((_, i) => `"${i}"`).join(', ');
  const read = await (await session()).rows(
    `SELECT ${values.join(', ')} FROM read_parquet('${join(workDir, 'part.parquet')}') AS t(${names})`,
  );
  expect(read.map((row) => columns.map((_, i) => row[`v${i}`] ?? null))).toEqual(rows);
}

const odd = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '""',
    '?',
    'NA',
    '-',
    '.',
    'null',
    'true',
    'FALSE',
    ' False',
    'tru',
    '"a""b"',
    '"x',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc.stringMatching(/^ ?[-+]?0?\d{0,18}\.?\d{0,20}([eE][-+]?\d{0,2})? ?$/),
  fc.stringMatching(/^20[0-2]\d-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d(:[0-6]\d(\.\d{1,3})?)?Z?)?$/),
  fc.constantFrom(
    '2024-2-9',
    '2024-02-30',
    ' 2024-02-29 ',
    '2024-02-29T10:00:00+01:00',
    '9999-12-31',
    '0001-01-01',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll(/[",\r\n\0]/g, ' ')),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => `"${text.replaceAll('"', '""')}"`),
);
const usual = fc.constantFrom<(i: number) => string>(
  (i) => String(i),
  (i) => (i / 8).toFixed(3),
  (i) => String(Math.sin(i)),
  (i) => String(i % 2 === 0),
  (i) => `2024-02-${10 + (i % 20)}`,
  (i) => `2024-02-${10 + (i % 20)} 10:0${i % 10}:00`,
  (i) => `"said ""so"", ${i}"`,
  (i) => `city ${i % 7}`,
);
const record = fc.tuple(
  fc.array(fc.tuple(fc.nat(60), odd), { minLength: 3, maxLength: 3 }),
  fc.nat(60),
  fc.nat(9),
);
const documents = fc
  .tuple(fc.array(usual, { minLength: 3, maxLength: 3 }), fc.array(record, { minLength: 1, maxLength: 400 }))
  .map(([columns, records]) => {
    const lines = records.map(([fields, disorder, end], i) => {
      const cells = fields.map(([rare, text], field) => (rare === 0 ? text : columns[field]!(i)));
      if (disorder === 0) cells.pop();
      else if (disorder === 1) cells.push('more');
      else if (disorder === 2) return '\n';
      return `${cells.join(',')}${end === 0 ? '\r\n' : '\n'}`;
    });
    return `a,b,c\n${lines.join('')}`;
  });

describe('the columns of delimited text', () => {
  it('hold what the parser sees and the types say, whatever the records', async () => {
    await fc.assert(fc.asyncProperty(documents, expectSame), { numRuns: 150 });
  });

  it('do so where bytes are broken anywhere', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(documents, damage, async (text, places) => {
        const bytes = Buffer.from(text);
        for (const [at, byte] of places) if (at % bytes.length > 5) bytes[at % bytes.length] = byte;
        await expectSame(bytes);
      }),
      { numRuns: 100 },
    );
  });
});
