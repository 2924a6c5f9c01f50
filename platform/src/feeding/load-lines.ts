import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSession } from '../ports/engine.ts';
import { dateLayouts } from './column-casts.ts';
import { packColumns } from './csv-columns.ts';
import { columnNames } from './dialect.ts';
import { requireBudget } from './finish.ts';
import { givenType, inferColumns, isTextAfterAll, type PlannedColumn } from './infer-types.ts';
import type { JsonFacts } from './json-survey.ts';
import { nestedText } from './json-values.ts';
import { LinesAttempt } from './lines-attempt.ts';
import { ASKED, FINE, LineKernel } from './lines-kernel.ts';
import { sampleLines } from './lines-sample.ts';
import { LINES_BUFFER_BYTES, scanLines } from './lines-scan.ts';
import type { LoadInput } from './load-input.ts';
import { ParquetSpool } from './parquet-spool.ts';
import { Quarantine } from './quarantine.ts';
import { datedValue } from './typed-text.ts';

/** Beyond, columns take more memory than they save time. */
const COLUMNS_MAX = 400;

export interface LoadedLines {
  readonly facts: JsonFacts;
  readonly columns: readonly PlannedColumn[];
  readonly quarantine: Quarantine;
  /** Of the source, when a hash was asked for. */
  readonly digest: string | undefined;
}

type Work = LoadInput & { readonly session: () => Promise<EngineSession> };

/** What the columns of a reading are; the next reading corrects it. */
interface Plan {
  readonly keys: readonly string[];
  readonly columns: readonly PlannedColumn[];
  readonly samples: JsonFacts['sample'];
  readonly forcedText: ReadonlySet<string>;
  readonly coarse: boolean;
}

/**
 * NDJSON by way of the compiled kernel: types are guessed from samples, and one pass over the source parses, counts, refuses and writes
 * typed columns, which DuckDB then packs. Where the counts say that the guess was wrong, or a key comes late, a second pass does it right.
 * Gives what `surveyJson` and its conversion give, which remain for arrays and for very wide or long records.
 *
 * @returns undefined where the other way must be taken
 */
export async function loadLines(work: Work): Promise<LoadedLines | undefined> {
  const sample = await sampleLines(work);
  const width = sample?.keys.columns.length ?? 0;
  if (sample === undefined || width === 0 || width > COLUMNS_MAX) return undefined;
  const sampled = sample.keys.facts(0);
  let plan: Plan = {
    keys: sampled.keys,
    columns: [],
    samples: sampled.sample,
    forcedText: new Set(),
    coarse: false,
  };
  plan = { ...plan, columns: plannedColumns(work, plan, sample.counts, true) };
  // Each turn widens the keys, makes columns text or drops digits; a guess may be wrong once on top.
  for (;;) {
    const attempt = await read(work, plan);
    const { facts, quarantine } = attempt;
    const next = corrected(work, plan, attempt);
    if (next === undefined) {
      if (facts.records > 0 && facts.broken < facts.records) {
        requireBudget(work.request, facts.records, quarantine);
        await pack(work, plan.columns, attempt);
      }
      return { facts, columns: plan.columns, quarantine, digest: attempt.digest };
    }
    await rm(quarantine.path, { force: true });
    if (next.columns.length > COLUMNS_MAX) return undefined;
    plan = next;
  }
}

function plannedColumns(
  { request }: Work,
  plan: Pick<Plan, 'keys' | 'samples' | 'forcedText'>,
  counts: Float64Array,
  guess: boolean,
): PlannedColumn[] {
  const names = columnNames(plan.keys, plan.keys.length);
  const given = Object.entries(request.types ?? {}).filter(([name]) => !guess || names.includes(name));
  return inferColumns({
    names,
    counts,
    sample: plan.samples,
    types: Object.fromEntries(given),
    forcedText: plan.forcedText,
    textMayConvert: true,
  });
}

type Read = Awaited<ReturnType<typeof read>>;

async function read(work: Work, plan: Plan) {
  const { source, workDir, report } = work;
  const { columns, keys } = plan;
  const hash = source.packed.digest === undefined ? createHash('sha256') : undefined;
  const spool = new ParquetSpool(
    join(workDir, 'spool.parquet'),
    columns.map(({ type }) => type),
  );
  const kernel = new LineKernel({
    columns,
    keys,
    coarse: plan.coarse,
    bytes: LINES_BUFFER_BYTES,
    textOf: nestedText,
    dateOf: (text, column) => datedValue(text.trim(), column),
  });
  const quarantine = new Quarantine(join(workDir, 'quarantine.ndjson'));
  const attempt = new LinesAttempt({ ...plan, kernel, spool, quarantine, fileName: work.request.fileName });
  try {
    const records = await scanLines({
      path: source.path,
      kernel,
      hash,
      onRecord: (record) => attempt.look(record),
      onFull: () => attempt.flush(),
      onChunk: async (rows, bytes) => {
        report({ phase: 'reading', rows, bytes, bytesTotal: source.bytes });
        await quarantine.drain();
        attempt.mayGiveUp(rows);
      },
    });
    attempt.flush();
    spool.finish();
    const digest = hash?.digest('hex');
    return { ...attempt.result(records), quarantine, spool: spool.path, digest, kernel };
  } finally {
    spool.close();
    await quarantine.close();
  }
}

/** What the next reading must do otherwise; undefined when this one is right. */
function corrected(work: Work, plan: Plan, attempt: Read): Plan | undefined {
  const { facts, misfits } = attempt;
  const wider = { ...plan, keys: facts.keys, samples: facts.sample };
  const columns = plannedColumns(work, wider, facts.counts, false);
  if (facts.keys.length > plan.keys.length || attempt.gaveUp || !isSamePlan(columns, plan.columns)) {
    return { ...wider, columns };
  }
  const types = work.request.types ?? {};
  const texts = columns.filter(
    (column, i) => !givenType(types, column.name) && isTextAfterAll(column, misfits[i]!),
  );
  if (texts.length > 0) {
    const forcedText = new Set([...plan.forcedText, ...texts.map(({ name }) => name)]);
    return {
      ...plan,
      forcedText,
      columns: plannedColumns(work, { ...plan, forcedText }, facts.counts, false),
    };
  }
  return !plan.coarse && mustBeCoarse(plan, attempt) ? { ...plan, coarse: true } : undefined;
}

/** Where a parser must have a say, timestamps have milliseconds; only those that DuckDB could read itself have microseconds. */
function mustBeCoarse({ columns, samples }: Plan, { kernel, quarantine }: Read): boolean {
  const flags = columns.map((_, i) => kernel.flags(i));
  if (!flags.some((flag) => flag & FINE)) return false;
  if (quarantine.count > 0 || flags.some((flag) => flag & ASKED)) return true;
  return columns.some(({ dateFormat }, i) => {
    if (dateFormat === undefined) return false;
    const layouts = dateLayouts(samples[i]!.texts, dateFormat);
    return layouts.length === 0 || (flags[i]! & FINE && !layouts.some((layout) => layout.includes('%f')));
  });
}

function isSamePlan(a: readonly PlannedColumn[], b: readonly PlannedColumn[]): boolean {
  return a.every((column, i) => {
    const other = b[i]!;
    return (
      column.name === other.name &&
      column.type === other.type &&
      column.dateFormat === other.dateFormat &&
      column.fit.every((fit, kind) => fit === other.fit[kind])
    );
  });
}

/** The part, from the columns that were written. */
async function pack(work: Work, columns: readonly PlannedColumn[], attempt: Read): Promise<void> {
  const found = await packColumns(await work.session(), work.workDir, columns);
  const same =
    found.rows === attempt.facts.records - attempt.quarantine.count &&
    columns.every((_, i) => found.present[i] === attempt.present[i]);
  if (!same) throw new Error('assertion failed: columns are read as they were written');
}
