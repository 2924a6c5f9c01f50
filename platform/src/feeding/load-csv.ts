import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { assert } from '../kernel/assert.ts';
import type { EngineSession } from '../ports/engine.ts';
import { CANONICAL_LAYOUTS, dateLayouts } from './column-casts.ts';
import { convertText, type TextFile } from './convert.ts';
import { enforceCsv, type RewriteMode } from './csv-enforce.ts';
import { type CsvFacts, type CsvShape, csvShape, surveyCsv } from './csv-source.ts';
import type { Dialect } from './dialect.ts';
import { finishLoad, requireBudget } from './finish.ts';
import { ASK, inferColumns, isTextAfterAll, type PlannedColumn } from './infer-types.ts';
import type { LoadInput } from './load-input.ts';
import { Quarantine } from './quarantine.ts';
import { emptySource } from './source-file.ts';
import { Spool } from './spool.ts';
import type { LoadedSource } from './types.ts';

/**
 * CSV and TSV. One pass looks at every field and decides the types; then DuckDB reads the file itself when all of it is well, or a
 * spool of the rows that fit when not. What DuckDB read is compared with what the first pass counted, value by column: where they
 * differ (a way of writing dates, a lone carriage return), the values are written anew, so that nothing is left to interpret.
 */
export async function loadCsv(input: LoadInput): Promise<LoadedSource> {
  const { request, source, head } = input;
  const shape = csvShape(head, head.length === source.bytes, request);
  const hash = source.packed.digest === undefined ? createHash('sha256') : undefined;
  const opening = input.engine.open({ workDir: input.workDir, threads: 1, readable: [source.path] });
  try {
    const facts = await survey(input, shape.dialect, hash);
    if (facts.records === 0) throw emptySource(request.fileName);
    const session = await opening;
    const loaded = await convert({ ...input, session, shape, facts });
    return await finishLoad({
      ...input,
      session,
      ...loaded,
      sourceRows: facts.records,
      digest: source.packed.digest ?? hash!.digest('hex'),
      header: shape.dialect.header,
      delimiter: String.fromCharCode(shape.dialect.delimiter),
    });
  } finally {
    await (await opening).close();
  }
}

function survey(input: LoadInput, dialect: Dialect, hash: Hash | undefined): Promise<CsvFacts> {
  const { source, report } = input;
  return surveyCsv({
    path: source.path,
    dialect,
    hash,
    onChunk: (rows, bytes) => report({ phase: 'reading', rows, bytes, bytesTotal: source.bytes }),
  });
}

type Conversion = LoadInput & {
  readonly session: EngineSession;
  readonly shape: CsvShape;
  readonly facts: CsvFacts;
};

interface Converted {
  readonly columns: readonly PlannedColumn[];
  readonly quarantine: Quarantine;
}

/** direct → verbatim → canonical: each way costs more and leaves less to interpretation. */
async function convert(work: Conversion): Promise<Converted> {
  const { request, shape, facts, source } = work;
  const forcedText = new Set<string>();
  const plan = () =>
    inferColumns({
      names: shape.dialect.columnNames,
      counts: facts.counts,
      sample: columnSample(shape),
      types: request.types,
      forcedText,
    });
  let columns = plan();
  const clean =
    facts.broken === 0 && columns.every((column) => column.misfits === 0 && readable(column, shape));
  if (clean) {
    const { dialect } = shape;
    const file: TextFile = { path: source.path, delimiter: dialect.delimiter, header: dialect.header };
    const expected = { rows: facts.records, present: columns.map((column) => column.present) };
    if (await convertText(work, { file, columns, layouts: layoutsOf(columns, shape), expected })) {
      return { columns, quarantine: new Quarantine(join(work.workDir, 'quarantine.ndjson')) };
    }
  }
  const allReadable = columns.every((column) => readable(column, shape));
  let mode: RewriteMode = !clean && allReadable ? 'verbatim' : 'canonical';
  // Every turn either ends, moves on to 'canonical', or makes one more column text.
  for (let turn = 0; turn < columns.length + 3; turn++) {
    const attempt = await enforce(work, columns, mode);
    const texts = columns.filter(
      (column, i) => !request.types?.[column.name] && isTextAfterAll(column, attempt.misfits[i]!),
    );
    if (texts.length > 0) {
      for (const column of texts) forcedText.add(column.name);
      columns = plan();
    } else if (attempt.matches) {
      return { columns, quarantine: attempt.quarantine };
    } else {
      assert(mode === 'verbatim', 'values written anew are read as they were written');
      mode = 'canonical';
    }
  }
  throw new Error('assertion failed: the types of a source settle');
}

/** Whether DuckDB's own casts read this column as the rest of the program would. */
function readable(column: PlannedColumn, shape: CsvShape): boolean {
  if (column.fit.includes(ASK) && column.type === 'boolean') return false;
  if (column.dateFormat === undefined) return true;
  return dateLayouts(textsOf(column, shape), column.dateFormat).length > 0;
}

function layoutsOf(columns: readonly PlannedColumn[], shape: CsvShape): string[][] {
  return columns.map((column) =>
    column.dateFormat === undefined ? [] : dateLayouts(textsOf(column, shape), column.dateFormat),
  );
}

function textsOf(column: PlannedColumn, shape: CsvShape): string[] {
  const index = shape.dialect.columnNames.indexOf(column.name);
  return shape.sample.flatMap((row) => row.texts[index] ?? []);
}

function columnSample(shape: CsvShape) {
  const whole = shape.sample.filter((row) => row.texts.length === shape.dialect.columnNames.length);
  return shape.dialect.columnNames.map((_, column) => ({
    texts: whole.map((row) => row.texts[column]!),
    kinds: whole.map((row) => row.kinds[column]!),
  }));
}

async function enforce(work: Conversion, columns: readonly PlannedColumn[], mode: RewriteMode) {
  const { source, shape, workDir, report, facts, request } = work;
  const quarantine = new Quarantine(join(workDir, 'quarantine.ndjson'));
  const spool = await Spool.open(join(workDir, 'spool.csv'));
  let found: Awaited<ReturnType<typeof enforceCsv>>;
  try {
    found = await enforceCsv({
      path: source.path,
      dialect: shape.dialect,
      columns,
      mode,
      quarantine,
      spool,
      onChunk: (rows, bytes) => report({ phase: 'checking', rows, bytes, bytesTotal: source.bytes }),
    });
  } finally {
    await spool.close();
    await quarantine.close();
  }
  const { misfits, present } = found;
  if (columns.some((column, i) => !request.types?.[column.name] && isTextAfterAll(column, misfits[i]!))) {
    return { misfits, quarantine, matches: false };
  }
  requireBudget(request, facts.records, quarantine);
  const canonical = mode === 'canonical';
  const file: TextFile = {
    path: spool.path,
    delimiter: canonical ? 0x2c : shape.dialect.delimiter,
    header: false,
    lineFeeds: canonical,
  };
  const expected = { rows: facts.records - quarantine.count, present };
  const layouts = canonical ? columns.map(() => CANONICAL_LAYOUTS) : layoutsOf(columns, shape);
  const matches = await convertText(work, { file, columns, layouts, expected });
  return { misfits, quarantine, matches };
}
