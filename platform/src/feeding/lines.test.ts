import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ColumnType } from '../tables/table.ts';
import { columnNames } from './dialect.ts';
import { MISSING_TOKENS } from './field-kind.ts';
import { inferColumns, type PlannedColumn } from './infer-types.ts';
import { readCells } from './json-cells.ts';
import { scanJson } from './json-records.ts';
import { KeyTable } from './json-survey.ts';
import { nestedText } from './json-values.ts';
import { cellOf, LinesAttempt } from './lines-attempt.ts';
import { LineKernel } from './lines-kernel.ts';
import { LINES_BUFFER_BYTES, scanLines } from './lines-scan.ts';
import type { Cell, SpoolColumn } from './parquet-spool.ts';
import type { Rejection } from './quarantine.ts';
import { datedValue } from './typed-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'lines-'));
const path = join(folder, 'x.ndjson');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly records: number;
  readonly broken: number;
  readonly keys: readonly string[];
  readonly counts: readonly number[];
  readonly misfits: readonly number[];
  readonly refused: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const shown = ({ bytes, ...facts }: Rejection) =>
  JSON.stringify({ ...facts, bytes: Buffer.from(bytes).toString('base64') });

/** By JSON.parse, record by record. */
async function parsed(keys: readonly string[], columns: readonly PlannedColumn[]): Promise<Outcome> {
  const table = new KeyTable('x');
  for (const key of keys) table.columnOf(key);
  const misfits = new Float64Array(columns.length);
  const [refused, rows]: [string[], Cell[][]] = [[], []];
  let broken = 0;
  const records = await scanJson({
    path,
    fileName: 'x',
    kind: 'ndjson',
    onRecord: (record) => {
      const read = readCells(record, keys, columns);
      if (read.record === undefined) broken++;
      else table.countRecord(read.record);
      // Half a surrogate pair cannot be written as UTF-8.
      if ('cells' in read)
        rows.push(read.cells.map((cell, i) => cellOf(Buffer.from(cell).toString(), columns[i]!)));
      else {
        if (read.misfit !== undefined) misfits[read.misfit]!++;
        refused.push(shown(read.rejection));
      }
    },
  });
  const facts = table.facts(records - broken);
  return {
    records,
    broken,
    keys: facts.keys,
    counts: [...facts.counts],
    misfits: [...misfits],
    refused,
    rows,
  };
}

/** Through the kernel. */
async function compiled(keys: readonly string[], columns: readonly PlannedColumn[]): Promise<Outcome> {
  const kernel = new LineKernel({
    columns,
    keys,
    coarse: true,
    bytes: LINES_BUFFER_BYTES,
    textOf: nestedText,
    dateOf: (text, column) => datedValue(text.trim(), column),
  });
  const [refused, rows]: [string[], Cell[][]] = [[], []];
  const attempt = new LinesAttempt({
    keys,
    columns,
    samples: [],
    kernel,
    fileName: 'x',
    spool: {
      add: (count, spooled) => void rows.push(...decoded(count, spooled, columns)),
      addRow: (cells) => void rows.push([...cells]),
    },
    quarantine: {
      count: 0,
      add: (rejection) => void refused.push(shown(rejection)),
    },
  });
  const records = await scanLines({
    path,
    kernel,
    hash: undefined,
    onRecord: (record) => attempt.look(record),
    onFull: () => attempt.flush(),
    onChunk: () => undefined,
  });
  attempt.flush();
  const { facts, misfits } = attempt.result(records);
  return {
    records,
    broken: facts.broken,
    keys: facts.keys,
    counts: [...facts.counts],
    misfits: [...misfits],
    refused,
    rows,
  };
}

function decoded(
  count: number,
  spooled: readonly SpoolColumn[],
  columns: readonly PlannedColumn[],
): Cell[][] {
  const rows = Array.from({ length: count }, (): Cell[] => []);
  for (const [i, { bits, values }] of spooled.entries()) {
    const bytes = Buffer.from(values);
    let [at, present] = [0, 0];
    for (let row = 0; row < count; row++) {
      if (bits !== undefined && (bits[row >> 3]! & (1 << (row & 7))) === 0) {
        rows[row]!.push(undefined);
        continue;
      }
      const [cell, length] = valueAt(bytes, at, present, columns[i]!.type);
      rows[row]!.push(cell);
      at += length;
      present++;
    }
    if (columns[i]!.type !== 'boolean') expect(at).toBe(bytes.length);
  }
  return rows;
}

function valueAt(bytes: Buffer, at: number, present: number, type: ColumnType): [Cell, number] {
  switch (type) {
    case 'string': {
      const length = bytes.readUInt32LE(at);
      return [bytes.toString('utf8', at + 4, at + 4 + length), 4 + length];
    }
    case 'number':
      return [bytes.readDoubleLE(at), 8];
    case 'integer':
      return [Number(bytes.readBigInt64LE(at)), 8];
    case 'boolean':
      return [(bytes[present >> 3]! >> (present & 7)) & 1, 0];
    case 'date':
      return [bytes.readInt32LE(at) * 86_400_000, 4];
    case 'timestamp':
      return [Number(bytes.readBigInt64LE(at)) / 1000, 8];
  }
}

/** Types as a load would choose them, and then once more with some of them given. */
async function expectSame(text: string | Buffer, types: Readonly<Record<string, ColumnType>> = {}) {
  writeFileSync(path, text);
  const all = await parsed([], []);
  const keys = all.keys;
  const names = columnNames(keys, keys.length);
  const given = Object.fromEntries(Object.entries(types).filter(([name]) => names.includes(name)));
  const table = new KeyTable('x');
  await scanJson({
    path,
    fileName: 'x',
    kind: 'ndjson',
    onRecord: (record) => {
      const read = readCells(record, [], []);
      if (read.record !== undefined) table.countRecord(read.record);
    },
  });
  const { counts, sample } = table.facts(all.records - all.broken);
  const columns = inferColumns({ names, counts, sample, types: given, textMayConvert: true });
  // Keys that come late are left to the other way.
  const known = Math.max(1, keys.length - (text.length % 3 === 0 ? 1 : 0));
  if (keys.length === 0) return;
  const [some, planned] = [keys.slice(0, known), columns.slice(0, known)];
  const found = await compiled(some, planned);
  const wanted = await parsed(some, planned);
  expect(found).toEqual(wanted);
}

const numbers = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/),
  fc.constantFrom('-0', '0', '-0.0', '1.0', '1e3', '1E-2', '9007199254740991', '9007199254740992', '1e400'),
  fc.constantFrom('01', '+1', '1.', '.5', '-', '1e', 'NaN', '0x1', '1_0'),
);
const dates = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.stringMatching(/^20[0-2]\d-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d(:[0-6]\d(\.\d{1,7})?)?(Z|\+01:00)?)?$/),
  fc.stringMatching(/^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}( \d\d:\d\d)?$/),
);
const texts = fc.oneof(
  fc.constantFrom(...MISSING_TOKENS),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.stringMatching(/^[ \t\u00a0]{0,2}[a-z0-9.-]{0,20}[ \t\u00a0\u3000]{0,2}$/),
  fc.constantFrom('', ' ', '\0', 'a\0b', 'true', '12', '0012', 'é', '€', '😀', '\ud800', 'said "so"', 'x\\y'),
);
const written = (text: string) =>
  fc.constantFrom(
    JSON.stringify(text),
    `"${Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`,
  );
const nested = fc.oneof(
  fc.json({ maxDepth: 3 }).filter((text) => /^[[{]/.test(text)),
  fc.constantFrom(
    '{"a": 1.50, "a": 2}',
    '[1, 12345678901234567890]',
    '[',
    '{]',
    '[1,]',
    '{"2":1,"1":2}',
    '["]"]',
  ),
);
const scalar = fc.oneof(
  numbers,
  fc.constantFrom('true', 'false', 'null', 'True', 'nul'),
  dates.chain(written),
  texts.chain(written),
  nested,
);
/** One kind of value in most places, so that the column has a type. */
const column = fc.oneof(
  fc.integer().map(String),
  fc.constant('0.125'),
  fc.constantFrom('true', 'false'),
  fc.constant('"2024-02-29"'),
  fc.constant('"2024-02-29 10:00:01"'),
  fc.constant('"city"'),
);
const space = fc.constantFrom('', '', '', ' ', '\t', '  ', '\r');
const keyNames = [
  'a',
  'b',
  'id',
  'a longer name, of more than sixteen bytes',
  'é',
  '__proto__',
  'constructor',
  '1',
];
const ends = fc.constantFrom('\n', '\n', '\n', '\r\n', ' \n', '\n\n', '\n \n', '');
const record = (usual: readonly string[]) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(40), scalar, space, space), {
        minLength: usual.length,
        maxLength: usual.length,
      }),
      fc.nat(200),
      ends,
    )
    .map(([values, disorder, end]) => {
      let members = values.map(([odd, value, before, after], i) => {
        const text = odd === 0 ? value : usual[i]!;
        return `${before}${JSON.stringify(keyNames[i])}${after}:${before}${text}${after}`;
      });
      if (disorder < 8) members = members.slice(disorder);
      else if (disorder < 16) members.reverse();
      else if (disorder < 20) members.push(members[0]!);
      else if (disorder === 20) members.push('"new":1');
      else if (disorder === 21) return `[${members.length}]${end}`;
      else if (disorder === 22) return `{${members.join(',')},}${end}`;
      return `{${members.join(',')}}${end}`;
    });
const documents = fc
  .array(column, { minLength: 1, maxLength: keyNames.length })
  .chain((usual) => fc.array(record(usual), { minLength: 1, maxLength: 300 }))
  .map((records) => records.join(''));

describe('the kernel for NDJSON', () => {
  it('reads, counts and refuses what JSON.parse would, whatever the records', async () => {
    await fc.assert(
      fc.asyncProperty(documents, (text) => expectSame(text)),
      { numRuns: 300 },
    );
  });

  it('does so also for types that are given', async () => {
    const types = fc.constantFrom<ColumnType>('string', 'integer', 'number', 'boolean', 'date', 'timestamp');
    await fc.assert(
      fc.asyncProperty(documents, types, types, (text, a, b) => expectSame(text, { a, b, id: a })),
      { numRuns: 150 },
    );
  });

  it('does so where bytes are broken anywhere', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(documents, damage, (text, places) => {
        const bytes = Buffer.from(text);
        for (const [at, byte] of places) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return expectSame(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('reads every number as JavaScript does', async () => {
    const line = numbers.map((number) => `{"a":${number}}\n{"a":0.5}\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 200, maxLength: 400 }), (lines) =>
        expectSame(lines.join(''), { a: 'number' }),
      ),
      { numRuns: 100 },
    );
  });

  it('reads more rows, longer texts and longer records than there is room for at once', async () => {
    const long = 'x'.repeat(70_000);
    const lines = Array.from({ length: 140_000 }, (_, i) => `{"a":${i},"b":${i % 7 ? `"t${i}"` : 'null'}}\n`);
    for (let i = 0; i < 40; i++) lines.splice(i * 97, 0, `{"a":${i},"b":"${long.slice(i * 500)}"}\n`);
    lines.push(`{"a":1,"b":"${'y'.repeat(3_000_000)}"}\n`, `\ufeff{"a":2,"b":""}\n`, '{"a":3}');
    await expectSame(`\ufeff${lines.join('')}`);
  });
});
