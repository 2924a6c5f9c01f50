import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError } from '../kernel/errors.ts';
import type { EngineSession } from '../ports/engine.ts';
import { CANONICAL_LAYOUTS, dateLayouts } from './column-casts.ts';
import { convertText } from './convert.ts';
import { columnNames } from './dialect.ts';
import { finishLoad, requireBudget } from './finish.ts';
import { ASK, givenType, inferColumns, isTextAfterAll, type PlannedColumn } from './infer-types.ts';
import { readCells } from './json-cells.ts';
import { type JsonRecord, scanJson } from './json-records.ts';
import { type JsonFacts, surveyJson } from './json-survey.ts';
import { quotedText } from './json-values.ts';
import type { LoadInput } from './load-input.ts';
import { type LoadedLines, loadLines } from './load-lines.ts';
import { Quarantine } from './quarantine.ts';
import { emptySource } from './source-file.ts';
import { Spool } from './spool.ts';
import type { LoadedSource } from './types.ts';

/**
 * NDJSON and JSON arrays. Lines go through the compiled kernel (see load-lines). Arrays, and lines that are too wide or long for it: one pass
 * counts kinds of values by key and writes them as delimited text, which DuckDB reads when all is well; otherwise a second pass writes
 * only the records that fit, value by value.
 * Not DuckDB's own JSON reader: it rounds 1.7 to 2, drops unknown keys, or turns a broken record into missing values silently.
 */
export async function loadJson(input: LoadInput): Promise<LoadedSource> {
  const { source } = input;
  const hash = source.packed.digest === undefined ? createHash('sha256') : undefined;
  const opening = input.engine.open({ workDir: input.workDir, threads: 1, readable: [source.path] });
  try {
    if (input.format === 'ndjson') {
      const lines = await loadLines({ ...input, session: () => opening });
      if (lines !== undefined) return await finish(input, await opening, lines);
    }
    const spool = await Spool.open(join(input.workDir, 'records.csv'));
    const facts = await surveyJson(input, spool, hash).finally(() => spool.close());
    requireRecords(input, facts);
    const session = await opening;
    const loaded = await convert({ ...input, session }, facts);
    return await finish(input, session, { facts, ...loaded, digest: hash?.digest('hex') });
  } finally {
    await (await opening).close();
  }
}

function requireRecords(input: LoadInput, facts: JsonFacts): void {
  if (facts.records === 0) throw emptySource(input.request.fileName);
  if (facts.broken === facts.records) throw noObjects(input);
}

function finish(input: LoadInput, session: EngineSession, loaded: LoadedLines): Promise<LoadedSource> {
  const { facts, columns, quarantine } = loaded;
  requireRecords(input, facts);
  const digest = input.source.packed.digest ?? loaded.digest!;
  const rest = { sourceRows: facts.records, digest, header: true, delimiter: null };
  return finishLoad({ ...input, session, columns, quarantine, ...rest });
}

function noObjects({ request, format }: LoadInput): SlipwayError {
  const what =
    format === 'json'
      ? 'is a JSON array, but none of its elements is an object'
      : 'begins with {, but is neither an array of objects nor one object a line';
  return new SlipwayError('NOT_A_TABLE', {
    message: `${request.fileName} ${what}`,
    fix: 'Give an array of objects, or one object a line; jq -c ".path.to.array[]" writes such lines.',
  });
}

type Conversion = LoadInput & { readonly session: Parameters<typeof convertText>[0]['session'] };

async function convert(
  work: Conversion,
  facts: JsonFacts,
): Promise<{ columns: readonly PlannedColumn[]; quarantine: Quarantine }> {
  const types = work.request.types ?? {};
  const forcedText = new Set<string>();
  const names = columnNames(facts.keys, facts.keys.length);
  for (;;) {
    const columns = inferColumns({ ...facts, names, types, forcedText, textMayConvert: true });
    const direct = forcedText.size === 0 ? await convertDirect(work, facts, columns) : undefined;
    if (direct !== undefined) return { columns, quarantine: direct };
    const { quarantine, misfits, present, spool } = await enforce(work, facts, columns);
    const texts = columns.filter(
      (column, i) => !givenType(types, column.name) && isTextAfterAll(column, misfits[i]!),
    );
    // Ends: each turn makes at least one more of finitely many columns text.
    for (const column of texts) forcedText.add(column.name);
    if (texts.length > 0) continue;
    requireBudget(work.request, facts.records, quarantine);
    const file = { path: spool, delimiter: 0x2c, header: false, lineFeeds: true };
    const expected = { rows: facts.records - quarantine.count, present };
    const read = await convertText(work, {
      file,
      columns,
      layouts: columns.map(() => CANONICAL_LAYOUTS),
      expected,
    });
    if (!read) throw new Error('assertion failed: values written anew are read as they were written');
    return { columns, quarantine };
  }
}

/** Lets DuckDB read what the survey wrote, where nothing needs to be refused and dates are written in a way that it knows. */
async function convertDirect(
  work: Conversion,
  facts: JsonFacts,
  columns: readonly PlannedColumn[],
): Promise<Quarantine | undefined> {
  if (!facts.spooled || facts.broken > 0) return undefined;
  if (columns.some((column) => column.misfits > 0)) return undefined;
  const layouts = columns.map(({ dateFormat }, i) =>
    dateFormat === undefined ? [] : dateLayouts(facts.sample[i]!.texts, dateFormat),
  );
  const asked = columns.some(
    ({ fit, dateFormat }, i) => fit.includes(ASK) && (dateFormat === undefined || layouts[i]!.length === 0),
  );
  if (asked) return undefined;
  const file = { path: join(work.workDir, 'records.csv'), delimiter: 0x2c, header: false, lineFeeds: true };
  const expected = { rows: facts.records, present: columns.map(({ present }) => present) };
  const read = await convertText(work, { file, columns, layouts, expected });
  return read ? new Quarantine(join(work.workDir, 'quarantine.ndjson')) : undefined;
}

async function enforce(work: Conversion, facts: JsonFacts, columns: readonly PlannedColumn[]) {
  const { source, request, workDir, report } = work;
  const quarantine = new Quarantine(join(workDir, 'quarantine.ndjson'));
  const spool = await Spool.open(join(workDir, 'spool.csv'));
  const misfits = new Float64Array(columns.length);
  const present = new Float64Array(columns.length);
  const writer = { facts, columns, quarantine, spool, misfits, present };
  try {
    await scanJson({
      path: source.path,
      fileName: request.fileName,
      kind: work.format === 'json' ? 'json' : 'ndjson',
      onRecord: (record) => writeRecord(record, writer),
      onChunk: async (rows, bytes) => {
        report({ phase: 'checking', rows, bytes, bytesTotal: source.bytes });
        await quarantine.drain();
        await spool.drain();
      },
    });
  } finally {
    await spool.close();
    await quarantine.close();
  }
  return { quarantine, misfits, present, spool: spool.path };
}

interface Writer {
  readonly facts: JsonFacts;
  readonly columns: readonly PlannedColumn[];
  readonly quarantine: Quarantine;
  readonly spool: Spool;
  readonly misfits: Float64Array;
  readonly present: Float64Array;
}

function writeRecord(source: JsonRecord, writer: Writer): void {
  const { facts, columns, quarantine, spool, misfits, present } = writer;
  const read = readCells(source, facts.keys, columns);
  if (!('cells' in read)) {
    if (read.misfit !== undefined) misfits[read.misfit]!++;
    quarantine.add(read.rejection);
    return;
  }
  const cells = read.cells.map((cell, i) =>
    cell === '' || columns[i]!.type !== 'string' ? cell : quotedText(cell),
  );
  for (let i = 0; i < cells.length; i++) if (cells[i] !== '') present[i]!++;
  spool.writeText(cells.length === 1 && cells[0] === '' ? '""\n' : `${cells.join(',')}\n`);
}
