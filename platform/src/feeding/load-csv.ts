import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSession } from '../ports/engine.ts';
import { dateLayouts } from './column-casts.ts';
import { CsvColumns, hasColumns, packColumns } from './csv-columns.ts';
import { type DirectPlan, isDirect, presentOf, readDirect } from './csv-direct.ts';
import { convertExact } from './csv-exact.ts';
import { type CsvShape, columnSample, csvShape } from './csv-source.ts';
import { type CsvFacts, sampleCounts, surveyCsv } from './csv-survey.ts';
import { finishLoad, requireBudget } from './finish.ts';
import { inferColumns, type PlannedColumn } from './infer-types.ts';
import type { LoadInput } from './load-input.ts';
import { Quarantine } from './quarantine.ts';
import { emptySource } from './source-file.ts';
import type { LoadedSource } from './types.ts';

/**
 * CSV and TSV. Types are guessed from samples, and DuckDB begins to read with them while a survey of every field finds out what they
 * really are and what does not fit. Where the guess was right and DuckDB read what the survey saw, that is all; otherwise it reads
 * again with the right types; and where it still reads otherwise (a way of writing dates, a lone carriage return), the exact way is
 * taken (see csv-exact).
 */
export async function loadCsv(input: LoadInput): Promise<LoadedSource> {
  const { request, source, head } = input;
  const shape = csvShape(head, head.length === source.bytes, request);
  const hash = source.packed.digest === undefined ? createHash('sha256') : undefined;
  const session = await input.engine.open({
    workDir: input.workDir,
    threads: 1,
    readable: [source.path],
  });
  try {
    const work = { ...input, session, shape };
    const guess = planColumns(work, await sampleCounts(source, shape));
    const { facts, reading } = await attempt(work, guess, hash);
    if (facts.records === 0) throw emptySource(request.fileName);
    const loaded = await convert(work, { facts, guess, reading });
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
    await session.close();
  }
}

type Conversion = LoadInput & { readonly session: EngineSession; readonly shape: CsvShape };

interface Attempt {
  readonly facts: CsvFacts;
  /** What the direct way gave; undefined where it could not be tried, or was given up. */
  readonly reading: Awaited<ReturnType<typeof readDirect>>;
}

/** Surveys the source while DuckDB reads it with the planned types, which it does on a thread of its own. */
async function attempt(
  work: Conversion,
  plan: DirectPlan,
  hash?: ReturnType<typeof createHash>,
): Promise<Attempt> {
  const { source, shape, report, session, workDir } = work;
  if (hasColumns(plan, columnSample(shape))) return attemptColumns(work, plan, hash);
  const direct = isDirect(plan);
  let running = direct;
  const reading = direct ? readDirect(session, workDir, plan) : Promise.resolve(undefined);
  const settled = reading.then(
    () => (running = false),
    () => (running = false),
  );
  try {
    const quarantine = new Quarantine(join(workDir, 'quarantine.ndjson'));
    const facts = await surveyCsv({
      path: source.path,
      dialect: shape.dialect,
      hash,
      ...(direct ? { expected: { columns: plan.columns, quarantine } } : {}),
      onChunk: (rows, bytes) => report({ phase: 'reading', rows, bytes, bytesTotal: source.bytes }),
    });
    const right = planColumns(work, facts.counts);
    if (direct && (facts.refused === undefined || !isSamePlan(plan, right) || !isDirect(right))) {
      if (running) session.interrupt();
      await settled;
      await rm(quarantine.path, { force: true });
      return { facts, reading: undefined };
    }
    return { facts, reading: await reading };
  } catch (error) {
    if (running) session.interrupt();
    await settled;
    throw error;
  }
}

/** One pass over the text, into typed columns; DuckDB packs them when the types were right. */
async function attemptColumns(
  work: Conversion,
  plan: DirectPlan,
  hash?: ReturnType<typeof createHash>,
): Promise<Attempt> {
  const { source, shape, report, session, workDir } = work;
  const quarantine = new Quarantine(join(workDir, 'quarantine.ndjson'));
  const columns = new CsvColumns(plan, workDir);
  let facts: CsvFacts;
  try {
    facts = await surveyCsv({
      path: source.path,
      dialect: shape.dialect,
      hash,
      expected: { columns: plan.columns, quarantine },
      columns,
      onChunk: (rows, bytes) => report({ phase: 'reading', rows, bytes, bytesTotal: source.bytes }),
    });
  } catch (error) {
    columns.close();
    throw error;
  }
  const counted = planColumns(work, facts.counts);
  const right = columns.finish(counted.columns) && facts.refused !== undefined && isSamePlan(plan, counted);
  if (!right) {
    await rm(quarantine.path, { force: true });
    return { facts, reading: undefined };
  }
  const packed = await packColumns(session, workDir, plan.columns);
  return { facts, reading: { ...packed, refusedOffsets: facts.refused!.offsets } };
}

/** The guess if it was right, the right plan if not, and the exact way if DuckDB reads otherwise. */
async function convert(
  work: Conversion,
  first: Attempt & { readonly guess: DirectPlan },
): Promise<{ columns: readonly PlannedColumn[]; quarantine: Quarantine }> {
  const plan = planColumns(work, first.facts.counts);
  const canTry = (some: DirectPlan) => isDirect(some) || hasColumns(some, columnSample(work.shape));
  const wasTried = canTry(first.guess) && isSamePlan(first.guess, plan);
  const { facts, reading } = wasTried || !canTry(plan) ? first : await attempt(work, plan);
  const { columns } = plan;
  if (reading !== undefined && facts.refused !== undefined) {
    const { quarantine, counts, offsets } = facts.refused;
    const present = presentOf(columns, facts.counts, counts);
    const same =
      reading.rows === facts.records - quarantine.count &&
      present.every((count, i) => count === reading.present[i]) &&
      offsets.length === reading.refusedOffsets.length &&
      offsets.every((offset, i) => offset === reading.refusedOffsets[i]);
    if (same) {
      requireBudget(work.request, facts.records, quarantine);
      return { columns, quarantine };
    }
    await rm(quarantine.path, { force: true });
  }
  return convertExact(work, facts);
}

function isSamePlan(a: DirectPlan, b: DirectPlan): boolean {
  return a.columns.every((column, i) => {
    const other = b.columns[i]!;
    return (
      column.type === other.type &&
      column.dateFormat === other.dateFormat &&
      column.fit.every((fit, kind) => fit === other.fit[kind])
    );
  });
}

function planColumns({ request, shape, source }: Conversion, counts: Float64Array): DirectPlan {
  const { dialect } = shape;
  const sample = columnSample(shape);
  const { types, missingMark } = request;
  const columns = inferColumns({ names: dialect.columnNames, counts, sample, types, missingMark });
  const layouts = columns.map(({ dateFormat }, i) =>
    dateFormat === undefined ? [] : dateLayouts(sample[i]!.texts, dateFormat),
  );
  return { path: source.path, dialect, columns, layouts, counts };
}
