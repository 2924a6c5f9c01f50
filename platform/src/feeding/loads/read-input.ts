import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractBody } from '../../contracts/data-contracts.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import type { EngineSession } from '../../ports/engine.ts';
import type { ColumnType } from '../../tables/table.ts';
import { inferContract, type Reconciled, reconcile } from '../contracts/contract.ts';
import { loadSource } from '../load.ts';
import type { FetchedFile } from '../ports.ts';
import type { LoadedSource, LoadRequest } from '../types.ts';
import { type CheckedInput, checkPart } from './check-part.ts';
import { type GatheredInput, placeOf } from './gather.ts';
import { type HeldRecord, readHeld, writeRecords } from './held-records.ts';
import type { LoadJob } from './job.ts';
import type { LoadLedger } from './ledger.ts';
import type { RunLoadContext } from './run-context.ts';

export interface InputWork {
  readonly job: LoadJob;
  readonly context: RunLoadContext;
  readonly input: GatheredInput;
  readonly index: number;
  readonly of: number;
  readonly ledger: LoadLedger;
  readonly session: () => Promise<EngineSession>;
}

/** Reads one input into a part, as the contract wants it, and enters it into the ledger. */
export async function readInput(work: InputWork): Promise<void> {
  const { job, input, ledger } = work;
  const file = input.file;
  const given = { ...file.types, ...job.types };
  const first = await read(work, given, 'input');
  if (first === undefined) return;
  const contract = ledger.contract ?? inferContract(first.schema);
  if (ledger.contract === null) ledger.changes.push('inferred from the first load');
  const { decided, loaded } = await readTyped(work, contract, first, given);
  if (ledger.contract !== null) ledger.changes.push(...decided.changes);
  ledger.contract = decided.contract;
  ledger.sources.push(loaded.source);
  ledger.sourceRows += loaded.sourceRows;
  await enter(work, loaded, decided);
  if (file.temporary) await rm(file.path, { force: true });
}

/** A column turns into text only when at least this share of the source's values is not of its type; otherwise their rows are kept back. */
const TEXT_SHARE_MIN = 0.5;

/**
 * Reads the source again where the contract wants other types than it suggests by itself. One 'n/a' among a thousand numbers must not
 * turn a column of numbers into text: it is tried as numbers first.
 */
async function readTyped(
  work: InputWork,
  contract: ContractBody,
  first: LoadedSource,
  given: Readonly<Record<string, ColumnType>>,
): Promise<{ decided: Reconciled; loaded: LoadedSource }> {
  const evolved = reconcile(contract, factsOf(first), given);
  const before = new Map(contract.columns.map(({ name, type }) => [name, type]));
  const kept = Object.fromEntries(
    evolved.contract.columns.flatMap(({ name, type }) => {
      const old = before.get(name);
      const turned = type === 'string' && old !== undefined && old !== 'string' && given[name] === undefined;
      return turned ? [[name, old] as const] : [];
    }),
  );
  const typed = async (decided: Reconciled) => {
    const again = Object.keys(decided.types).length > 0;
    const loaded = again ? await read(work, { ...given, ...decided.types }, 'typed') : first;
    return { decided, loaded: loaded ?? first };
  };
  if (Object.keys(kept).length === 0) return typed(evolved);
  const strict = await typed(reconcile(contract, factsOf(first), { ...given, ...kept }));
  const misfits = await misfitsOf(strict.loaded);
  const present = new Map(first.profile.map(({ name, count }) => [name, count]));
  const mistaken = Object.keys(kept).filter(
    (name) => (misfits.get(name) ?? 0) >= TEXT_SHARE_MIN * (present.get(name) ?? 0),
  );
  if (mistaken.length === 0) return strict;
  const held = Object.fromEntries(Object.entries(kept).filter(([name]) => !mistaken.includes(name)));
  return typed(reconcile(contract, factsOf(first), { ...given, ...held }));
}

/** Values that are not of their column's type; a record counts for the first of its columns that does not fit. */
async function misfitsOf(loaded: LoadedSource): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  if (loaded.quarantinePath === undefined) return counts;
  for await (const { column, reason } of readHeld(loaded.quarantinePath)) {
    if (column === undefined || reason !== 'WRONG_TYPE') continue;
    counts.set(column, (counts.get(column) ?? 0) + 1);
  }
  return counts;
}

function factsOf(loaded: LoadedSource) {
  return loaded.profile.map(({ name, type, count }) => ({ name, type, present: count }));
}

/** Undefined: the input has no rows. */
async function read(
  work: InputWork,
  types: Readonly<Record<string, ColumnType>>,
  folder: string,
): Promise<LoadedSource | undefined> {
  const { job, context, input, index, of } = work;
  const workDir = join(job.workDir, `${folder}-${index}`);
  await mkdir(workDir, { recursive: true });
  const place = of === 1 ? '' : `${index + 1} of ${of}: `;
  try {
    return await loadSource(requestOf(work, types), {
      engine: context.engine,
      workDir,
      onProgress: ({ phase, rows, bytes, bytesTotal }) =>
        context.onProgress({ message: `${place}${phase} ${input.file.fileName}`, rows, bytes, bytesTotal }),
    });
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'SOURCE_EMPTY') return undefined;
    throw error;
  }
}

function requestOf({ job, input }: InputWork, types: Readonly<Record<string, ColumnType>>): LoadRequest {
  const { file } = input;
  return {
    name: job.dataset,
    path: file.path,
    fileName: file.fileName,
    header: file.header ?? job.header,
    ...(file.delimiter === undefined ? {} : { delimiter: file.delimiter }),
    ...markOf(file),
    types,
    // The budget is the contract's, over all inputs together.
    mayRefuseAll: true,
  };
}

/** A database says itself what is missing: its texts 'NA' and '-' mean what they say. */
function markOf(file: FetchedFile): Pick<LoadRequest, 'missingMark'> {
  return file.types === undefined ? {} : { missingMark: '\\N' };
}

/** Contract rules over the part; values that may go missing alone; then what is left is a part of the snapshot. */
async function enter(work: InputWork, loaded: LoadedSource, decided: Reconciled): Promise<void> {
  const { job, ledger, input } = work;
  const contract = decided.contract;
  const refusedTypes = await heldByReader(work, loaded, contract);
  const schema = { columns: loaded.schema.columns.filter(({ name }) => !decided.dropped.includes(name)) };
  for (const name of decided.dropped)
    ledger.warnings.push(`column ${name} is not in the contract and was left out`);
  const check = { job, ledger, contract, schema, refusedColumns: decided.refused, session: work.session };
  const checked = await checkPart({
    ...check,
    loaded,
    request: requestOf(work, {}),
    workDir: join(job.workDir, `checked-${work.index}`),
    sourceDir: join(loaded.partPath, '..'),
  });
  addPart(ledger, checked);
  const again = refusedTypes.again;
  const late: HeldRecord[] = [];
  if (again !== undefined) {
    const rechecked = await checkPart({
      ...{ ...check, loaded: again.loaded, request: again.request },
      workDir: join(job.workDir, `rechecked-${work.index}`),
      sourceDir: again.workDir,
    });
    addPart(ledger, rechecked);
    // Their numbers count the records that were read again: the records themselves know where they came from.
    const gone = new Set(rechecked.held.filter(({ value }) => value !== true).map(({ record }) => record));
    const whole = new Set([...gone].map((record) => again.records[record - 1]!.record));
    late.push(...again.values.filter(({ record }) => !whole.has(record)));
    for (const found of rechecked.held) {
      const { record, byteOffset, bytes } = again.records[found.record - 1]!;
      late.push({ ...found, record, byteOffset, bytes });
    }
  }
  ledger.addSchema(schema);
  const shape = shapeOf(loaded, input.file.uri);
  await ledger.keepBack(shape, placed(input, [...refusedTypes.held, ...checked.held, ...late]));
}

function addPart(ledger: LoadLedger, { part }: Pick<CheckedInput, 'part'>): void {
  ledger.loaded += part.rows;
  if (part.rows > 0) ledger.parts.push(part);
}

function shapeOf(loaded: LoadedSource, uri: string) {
  const { format, delimiter } = loaded.source;
  return { uri, format, delimiter, columns: loaded.schema.columns.map(({ name }) => name) };
}

function placed(input: GatheredInput, records: readonly HeldRecord[]): HeldRecord[] {
  if (input.pieces.length === 0) return [...records];
  return records.map((record) => {
    const { uri, byteOffset } = placeOf(input, record.byteOffset);
    return { ...record, record: -1, byteOffset, source: uri };
  });
}

/**
 * What the reader refused. Where the contract says so, a value that is not of its type fails the load, or goes missing alone: then the
 * record is read again without it.
 */
async function heldByReader(
  work: InputWork,
  loaded: LoadedSource,
  contract: ContractBody,
): Promise<{ held: HeldRecord[]; again?: Blanked }> {
  const held: HeldRecord[] = [];
  const blankable: HeldRecord[] = [];
  if (loaded.quarantinePath === undefined) return { held };
  const modes = new Map(contract.columns.map(({ name, onViolation }) => [name, onViolation]));
  for await (const record of readHeld(loaded.quarantinePath)) {
    const mode =
      record.column === undefined ? 'quarantine-row' : (modes.get(record.column) ?? contract.types);
    if (mode === 'freeze') throw frozen(record);
    if (mode === 'quarantine-value' && record.reason === 'WRONG_TYPE') blankable.push(record);
    else held.push(record);
  }
  if (blankable.length === 0) return { held };
  const again = await readBlanked(work, loaded, blankable);
  held.push(...again.refused);
  return { held, again };
}

function frozen(record: HeldRecord): SlipwayError {
  return new SlipwayError('CONTRACT_VIOLATED', {
    message: `record ${record.record}, ${record.column}: ${record.message}`,
    fix: 'Correct the source, or let the contract keep such rows back: types = quarantine-row.',
    details: { record: record.record, column: record.column, rule: record.reason },
  });
}

/** A record can have several bad values: each reading finds the next. */
const ROUNDS_MAX = 50;

/** Records that were read again without the values that are not of their type. */
interface Blanked {
  readonly loaded: LoadedSource;
  readonly request: LoadRequest;
  readonly workDir: string;
  /** As they were read again, in order. */
  readonly records: readonly HeldRecord[];
  readonly values: readonly HeldRecord[];
  /** Refused for something else than a value. */
  readonly refused: readonly HeldRecord[];
}

async function readBlanked(
  { job, context, index, input }: InputWork,
  loaded: LoadedSource,
  records: readonly HeldRecord[],
): Promise<Blanked> {
  const workDir = join(job.workDir, `blanked-${index}`);
  await mkdir(workDir, { recursive: true });
  const types = Object.fromEntries(loaded.schema.columns.map(({ name, type }) => [name, type]));
  const shape = shapeOf(loaded, '');
  const { delimiter } = shape;
  const blanks = new Map<number, Map<string, HeldRecord>>();
  const blank = (at: number, found: HeldRecord): boolean => {
    const columns = blanks.get(at) ?? new Map<string, HeldRecord>();
    if (found.column === undefined || columns.has(found.column)) return false;
    columns.set(found.column, { ...records[at]!, column: found.column, message: found.message, value: true });
    blanks.set(at, columns);
    return true;
  };
  for (const [at, record] of records.entries()) blank(at, record);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const left = new Map([...blanks].map(([at, columns]) => [at, new Set(columns.keys())]));
    const written = await writeRecords(workDir, shape, records, left);
    const request: LoadRequest = {
      ...{ name: job.dataset, path: written.path, fileName: written.fileName, header: written.header, types },
      ...(delimiter === null ? {} : { delimiter }),
      ...markOf(input.file),
      mayRefuseAll: true,
    };
    const again = await loadSource(request, { engine: context.engine, workDir });
    const refused: { at: number; found: HeldRecord }[] = [];
    if (again.quarantinePath !== undefined)
      for await (const found of readHeld(again.quarantinePath)) refused.push({ at: found.record - 1, found });
    const more = refused.map(({ at, found }) => blank(at, found));
    if (more.some(Boolean)) continue;
    const gone = new Set(refused.map(({ at }) => at));
    const values = [...blanks].flatMap(([at, columns]) => (gone.has(at) ? [] : [...columns.values()]));
    return { loaded: again, request, workDir, records, values, refused: [...gone].map((at) => records[at]!) };
  }
  throw new Error('assertion failed: blanking ends');
}
