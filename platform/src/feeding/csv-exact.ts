import { join } from 'node:path';
import { assert } from '../kernel/assert.ts';
import type { EngineSession } from '../ports/engine.ts';
import { CANONICAL_LAYOUTS, dateLayouts } from './column-casts.ts';
import { convertText, type TextFile } from './convert.ts';
import { enforceCsv, type RewriteMode } from './csv-enforce.ts';
import { type CsvShape, columnSample } from './csv-source.ts';
import type { CsvFacts } from './csv-survey.ts';
import { requireBudget } from './finish.ts';
import { ASK, givenType, inferColumns, isTextAfterAll, type PlannedColumn } from './infer-types.ts';
import type { LoadInput } from './load-input.ts';
import { Quarantine } from './quarantine.ts';
import { Spool } from './spool.ts';

export type ExactSource = LoadInput & { readonly session: EngineSession; readonly shape: CsvShape };
type Conversion = ExactSource & { readonly facts: CsvFacts };

interface Converted {
  readonly columns: readonly PlannedColumn[];
  readonly quarantine: Quarantine;
}

/**
 * Text columns cast by us → only the records that fit, as they are written → their values written anew: each way costs more and leaves
 * less to interpretation. What DuckDB read is compared with what the survey counted, value by column.
 */
export async function convertExact(exact: ExactSource, facts: CsvFacts): Promise<Converted> {
  const work = { ...exact, facts };
  const { request, shape } = work;
  const forcedText = new Set<string>();
  const plan = () =>
    inferColumns({
      names: shape.dialect.columnNames,
      counts: facts.counts,
      sample: columnSample(shape),
      types: request.types,
      missingMark: request.missingMark,
      forcedText,
    });
  let columns = plan();
  const clean =
    facts.broken === 0 && columns.every((column) => column.misfits === 0 && readable(column, shape));
  if (clean) {
    const { dialect } = shape;
    const file: TextFile = { path: work.source.path, delimiter: dialect.delimiter, header: dialect.header };
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
      (column, i) => !givenType(request.types, column.name) && isTextAfterAll(column, attempt.misfits[i]!),
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
  if (
    columns.some((column, i) => !givenType(request.types, column.name) && isTextAfterAll(column, misfits[i]!))
  ) {
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
