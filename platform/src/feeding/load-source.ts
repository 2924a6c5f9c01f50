import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import { type Engine, type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { SchemaColumn, TableSchema } from '../tables/table.ts';
import { type RecordPlaces, readCsv, readRecordBytes } from './csv-source.ts';
import { unpack } from './decompress.ts';
import './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { columnValues, inferColumn, MISFIT_SHARE_MAX } from './infer.ts';
import { readJsonArray, readNdjson } from './json-source.ts';
import { stageParquet } from './parquet-source.ts';
import { profileTable } from './profile.ts';
import { QuarantineWriter } from './quarantine.ts';
import { compressionOf, formatOf } from './source-format.ts';
import { countMisfits, findMisfits, typedExpression } from './typed-table.ts';
import type { LoadedSource, LoadProgress, LoadRequest, SourceFormat } from './types.ts';

export interface LoadDeps {
  readonly engine: Engine;
  /** Empty folder of this load's own. */
  readonly workDir: string;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** Share of rows that may be refused, and the number below which the share is not asked for. */
const REJECT_SHARE_MAX = 0.2;
const REJECT_ROWS_FREE = 100;
const SAMPLE_ROWS = 50_000;

/**
 * Reads a source into a typed Parquet part, a quarantine and a description. Deterministic in bytes and options. Runs in a child
 * process; publishes nothing.
 *
 * @throws SOURCE_EMPTY, SOURCE_UNREADABLE, TYPES_COLUMN_NOT_FOUND, REJECT_BUDGET_EXCEEDED, LOAD_UNPROVEN, DISK_FULL
 */
export async function loadSource(request: LoadRequest, deps: LoadDeps): Promise<LoadedSource> {
  const opened = await openSource(request, deps);
  const session = await deps.engine.open({ workDir: deps.workDir });
  try {
    const staged = await stageRaw(request, deps, opened, session);
    return await typeAndDescribe(request, deps, { session, staged, opened });
  } finally {
    await session.close();
  }
}

interface OpenedSource {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  readonly compression: ReturnType<typeof compressionOf>;
  readonly format: SourceFormat;
}

async function openSource(request: LoadRequest, deps: LoadDeps): Promise<OpenedSource> {
  const head = await readHead(request.path);
  if (head.length === 0) throw empty(request.fileName, 'the file has no bytes');
  const compression = compressionOf(head);
  const { path, digest, bytes } = await unpack(request.path, {
    compression,
    workDir: deps.workDir,
    fileName: request.fileName,
  });
  const text = compression === 'none' ? head : await readHead(path);
  if (text.length === 0) throw empty(request.fileName, 'the packed file has no bytes');
  return { path, digest, bytes, compression, format: formatOf(text, request.fileName) };
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(65_536);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A source whose rows stand in the engine as table `raw`: texts with a `record_index`, or typed columns from Parquet. */
interface StagedRaw {
  readonly quarantine: QuarantineWriter;
  readonly sourceRows: number;
  readonly header: boolean;
  readonly delimiter: string | null;
  /** Undefined for Parquet: its types are its own. */
  readonly text?: {
    readonly names: readonly string[];
    readonly places: RecordPlaces;
    readonly textColumns: ReadonlySet<string>;
    readonly bytesOf: (byteOffset: number) => Uint8Array | undefined;
  };
  readonly schema?: TableSchema;
}

async function stageRaw(
  request: LoadRequest,
  deps: LoadDeps,
  opened: OpenedSource,
  session: EngineSession,
): Promise<StagedRaw> {
  const quarantine = new QuarantineWriter(join(deps.workDir, 'quarantine.ndjson'));
  const { path, format, bytes } = opened;
  const onProgress = (read: number, rows: number) =>
    deps.onProgress({ rows, bytes: Math.min(read, bytes), bytesTotal: bytes, phase: 'reading' });
  if (format === 'parquet') {
    const { schema, rows } = await stageParquet(session, path, request.fileName);
    return { quarantine, sourceRows: rows, header: true, delimiter: null, schema };
  }
  if (format === 'json' || format === 'ndjson') {
    const options = { workDir: deps.workDir, fileName: request.fileName, quarantine, onProgress };
    const flat = format === 'json' ? await readJsonArray(path, options) : await readNdjson(path, options);
    await stageCsv(session, { path: flat.path, names: flat.names, delimiter: ',', header: false });
    const bytesOf = (offset: number) => (offset < 0 ? undefined : readRecordBytes(path, offset, '\u0001', 1));
    const text = { names: flat.names, places: flat.places, textColumns: flat.textColumns, bytesOf };
    return { quarantine, sourceRows: flat.sourceRows, header: true, delimiter: null, text };
  }
  const options = {
    header: request.header ?? ('auto' as const),
    tsv: format === 'tsv',
    workDir: deps.workDir,
    quarantine,
    onProgress,
  };
  const csv = readCsv(path, options);
  const { names, delimiter, header } = csv.dialect;
  await stageCsv(session, { path: csv.path, names, delimiter, header: csv.headerInFile });
  const bytesOf = (offset: number) => readRecordBytes(path, offset, delimiter, names.length);
  const text = { names, places: csv.places, textColumns: new Set<string>(), bytesOf };
  return { quarantine, sourceRows: csv.sourceRows, header, delimiter, text };
}

/** Every record is sound by now: the engine is told the dialect, guesses nothing and refuses nothing. */
async function stageCsv(
  session: EngineSession,
  csv: { path: string; names: readonly string[]; delimiter: string; header: boolean },
): Promise<void> {
  const columns = csv.names.map((name) => `${sqlText(name)}: 'VARCHAR'`).join(', ');
  if (csv.names.length === 0) {
    await session.run('CREATE TABLE raw (record_index BIGINT)');
    return;
  }
  await session.run(
    `CREATE TABLE raw AS SELECT row_number() OVER () - 1 AS record_index, * FROM read_csv(${sqlText(csv.path)},
       auto_detect=false, columns={${columns}}, delim=${sqlText(csv.delimiter)}, quote='"', escape='"', header=${csv.header},
       nullstr='', max_line_size=33554432, strict_mode=true, null_padding=false, encoding='utf-8')`,
  );
}

interface Describing {
  readonly session: EngineSession;
  readonly staged: StagedRaw;
  readonly opened: OpenedSource;
}

async function typeAndDescribe(
  request: LoadRequest,
  deps: LoadDeps,
  { session, staged, opened }: Describing,
): Promise<LoadedSource> {
  const progress = (phase: LoadProgress['phase'], rows: number) =>
    deps.onProgress({ phase, rows, bytes: opened.bytes, bytesTotal: opened.bytes });
  progress('checking', staged.sourceRows);
  const schema = staged.schema ?? (await settleSchema(session, request, staged));
  if (staged.text !== undefined) await refuseMisfits(session, schema, staged);
  await materialise(session, schema, staged.text !== undefined);
  const [counted] = await session.rows('SELECT count(*) AS n FROM typed');
  const rows = Number(counted!['n']);
  const { quarantine, sourceRows } = staged;
  requireProof({ rows, quarantined: quarantine.count, sourceRows, fileName: request.fileName });
  requireBudget(request, { rows, quarantine, sourceRows });
  progress('profiling', rows);
  const profile = await profileTable(session, schema, rows);
  const fingerprint = await fingerprintOf(session, schema);
  progress('storing', rows);
  const partPath = join(deps.workDir, 'part.parquet');
  const names = schema.columns.map((column) => sqlName(column.name)).join(', ');
  await session.run(
    `COPY (SELECT ${names} FROM typed) TO ${sqlText(partPath)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  const quarantinePath = quarantine.close();
  const { format, compression, digest, bytes } = opened;
  const { header, delimiter } = staged;
  return {
    partPath,
    ...(quarantinePath === undefined ? {} : { quarantinePath }),
    ...{ rows, quarantined: quarantine.count, sourceRows, schema, profile, fingerprint },
    source: { uri: request.fileName, format, compression, digest, bytes, header, delimiter },
    quarantineSample: quarantine.sample,
    quarantineReasons: quarantine.reasons(),
  };
}

async function settleSchema(
  session: EngineSession,
  request: LoadRequest,
  staged: StagedRaw,
): Promise<TableSchema> {
  const { names, textColumns } = staged.text!;
  requireKnownColumns(request, names);
  const list = names.map(sqlName).join(', ');
  const sample =
    names.length === 0
      ? { columns: [] }
      : await session.table(
          `SELECT ${list} FROM raw WHERE record_index % greatest(1, (SELECT count(*) FROM raw) // ${SAMPLE_ROWS}) = 0`,
        );
  let columns = sample.columns.map((column) => {
    const inferred = inferColumn(columnValues(column), textColumns.has(column.name));
    const type = request.types?.[column.name];
    return type === undefined || type === inferred.type ? inferred : overridden(inferred, type);
  });
  const counts = await countMisfits(session, { columns });
  columns = columns.map((column) => {
    const count = counts.get(column.name);
    const forced = request.types?.[column.name] !== undefined;
    if (forced || count === undefined || count.misfits <= count.present * MISFIT_SHARE_MAX) return column;
    return { name: column.name, type: 'string', missingTokens: column.missingTokens };
  });
  return { columns };
}

function overridden(inferred: SchemaColumn, type: SchemaColumn['type']): SchemaColumn {
  const { name, missingTokens, dateFormat } = inferred;
  return { name, missingTokens, type, ...(dateFormat === undefined ? {} : { dateFormat }) };
}

function requireKnownColumns(request: LoadRequest, names: readonly string[]): void {
  for (const name of Object.keys(request.types ?? {})) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    throw new SlipwayError('TYPES_COLUMN_NOT_FOUND', {
      message: `a type is given for '${name}', but ${request.fileName} has no such column`,
      fix: near === undefined ? `Columns: ${names.slice(0, 20).join(', ')}` : `Did you mean '${near}'?`,
      details: { column: name, ...(near === undefined ? {} : { nearest: near }) },
    });
  }
}

async function refuseMisfits(session: EngineSession, schema: TableSchema, staged: StagedRaw): Promise<void> {
  const misfits = await findMisfits(session, schema);
  if (misfits.length === 0) return;
  const types = new Map(schema.columns.map((column) => [column.name, column.type]));
  for (const { index, column, text } of misfits) {
    const place = staged.text!.places.at(index);
    const bytes = staged.text!.bytesOf(place.byteOffset) ?? Buffer.from(text);
    const message = `${JSON.stringify(text.slice(0, 60))} is not a ${types.get(column)}`;
    staged.quarantine.add({ ...place, reason: 'WRONG_TYPE', message, column, bytes });
  }
  await session.run(
    `DELETE FROM raw WHERE ${schema.columns
      .filter((c) => c.type !== 'string')
      .map((c) => typedExpression(c).misfit)
      .join(' OR ')}`,
  );
}

async function materialise(session: EngineSession, schema: TableSchema, fromText: boolean): Promise<void> {
  if (!fromText) {
    await session.run('CREATE VIEW typed AS SELECT * FROM raw');
    return;
  }
  const columns = schema.columns.map(
    (column) => `${typedExpression(column).value} AS ${sqlName(column.name)}`,
  );
  if (columns.length === 0) columns.push('record_index');
  await session.run(`CREATE TABLE typed AS SELECT ${columns.join(', ')} FROM raw ORDER BY record_index`);
}

function requireProof(facts: {
  rows: number;
  quarantined: number;
  sourceRows: number;
  fileName: string;
}): void {
  if (facts.rows + facts.quarantined === facts.sourceRows) return;
  throw new SlipwayError('LOAD_UNPROVEN', {
    message: `${facts.fileName}: ${facts.rows} loaded + ${facts.quarantined} quarantined is not ${facts.sourceRows} in the source`,
    fix: 'Report this with the file; nothing was published.',
    details: { ...facts },
  });
}

function requireBudget(
  request: LoadRequest,
  facts: { rows: number; quarantine: QuarantineWriter; sourceRows: number },
): void {
  const { rows, quarantine, sourceRows } = facts;
  const allowed = Math.max(REJECT_ROWS_FREE, sourceRows * (request.rejectShareMax ?? REJECT_SHARE_MAX));
  const first = quarantine.sample[0];
  if (quarantine.count > allowed || (rows === 0 && quarantine.count > 0)) {
    throw new SlipwayError('REJECT_BUDGET_EXCEEDED', {
      message: `${quarantine.count} of ${sourceRows} rows do not fit; the first, row ${first?.record}: ${first?.message}`,
      fix: 'Check encoding (UTF-8), delimiter and --types, or mend the source.',
      details: { quarantined: quarantine.count, sourceRows, reasons: quarantine.reasons() },
    });
  }
  if (rows === 0)
    throw empty(
      request.fileName,
      sourceRows === 0 ? 'it has a header but no rows' : 'no row of it could be read',
    );
}

function empty(fileName: string, why: string): SlipwayError {
  return new SlipwayError('SOURCE_EMPTY', {
    message: `${fileName} has no rows: ${why}`,
    fix: 'Give a file with at least one row.',
  });
}
