import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { SlipwayError } from '../kernel/errors.ts';
import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { ColumnType, SchemaColumn } from '../tables/table.ts';
import { finishLoad, requireBudget } from './finish.ts';
import { givenType, requireColumns } from './infer-types.ts';
import type { LoadInput } from './load-input.ts';
import { copySql, partPathIn } from './part-file.ts';
import { Quarantine } from './quarantine.ts';
import { emptySource } from './source-file.ts';
import type { LoadedSource } from './types.ts';

const REFUSED_PAGE_ROWS = 10_000;

/** How a column of the file is read. */
interface ParquetColumn extends SchemaColumn {
  /** Type the file gives it; `type` may be the one the request gives. */
  readonly own: ColumnType;
  readonly value: string;
  /** SQL test for a present value that does not fit; undefined when all fit. */
  readonly misfit?: string;
}

/**
 * Parquet brings its types: nothing is inferred. Nested values become JSON text, decimals numbers, whole numbers beyond 2^53 text; NaN
 * and empty texts are missing, as everywhere. Infinite numbers, and values that don't fit a given type, are quarantined; their bytes are
 * the row as JSON, because a row has no bytes of its own in a columnar file.
 */
export async function loadParquet(input: LoadInput): Promise<LoadedSource> {
  const { request, source, workDir, report } = input;
  const session = await input.engine.open({ workDir, threads: 1, readable: [source.path] });
  try {
    const hashing = source.packed.digest ?? hashFile(source.path, input);
    const file = `read_parquet(${sqlText(source.path)})`;
    const columns = await describe(session, file, input);
    requireColumns(
      request.types ?? {},
      columns.map(({ name }) => name),
    );
    const [counted] = await session.rows(
      `SELECT sum(num_rows) AS n FROM parquet_file_metadata(${sqlText(source.path)})`,
    );
    const sourceRows = Number(counted!['n']);
    if (sourceRows === 0) throw emptySource(request.fileName);
    report({ phase: 'checking', rows: sourceRows, bytes: source.bytes, bytesTotal: source.bytes });
    const quarantine = await refuse(input, session, file, columns);
    requireBudget(request, sourceRows, quarantine);
    const misfit = misfitTest(columns);
    const where = quarantine.count > 0 && misfit !== undefined ? ` WHERE NOT (${misfit})` : '';
    const projection = columns.map(({ name, value }) => `${value} AS ${sqlName(name)}`).join(', ');
    await session.run(copySql(`SELECT ${projection} FROM ${file}${where}`, partPathIn(workDir)));
    const rest = { sourceRows, digest: await hashing, header: true, delimiter: null };
    return await finishLoad({ ...input, session, columns, quarantine, ...rest });
  } finally {
    await session.close();
  }
}

async function hashFile(path: string, { source, report }: LoadInput): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    report({ phase: 'reading', rows: 0, bytes, bytesTotal: source.bytes });
  }
  return hash.digest('hex');
}

async function describe(
  session: EngineSession,
  file: string,
  { request }: LoadInput,
): Promise<ParquetColumn[]> {
  const described = await session.rows(`DESCRIBE SELECT * FROM ${file}`).catch((error: Error) => {
    throw new SlipwayError('SOURCE_UNREADABLE', {
      message: `${request.fileName} begins like Parquet but is broken: ${error.message.slice(0, 200)}`,
      fix: 'Copy or write the file again; it may be cut off.',
      cause: error,
    });
  });
  const found = described.map((row) => ({
    name: String(row['column_name']),
    duckType: String(row['column_type']).toUpperCase(),
  }));
  const long = await longColumns(session, file, found);
  return found.map(({ name, duckType }) => {
    const own = ownColumn(name, duckType, long.has(name));
    const given = givenType(request.types, name);
    return given === undefined || given === own.type ? own : givenColumn(own, given);
  });
}

/** 64-bit columns that hold a value which a float64 would change. */
async function longColumns(
  session: EngineSession,
  file: string,
  columns: readonly { name: string; duckType: string }[],
): Promise<Set<string>> {
  const wide = columns.filter(({ duckType }) => /^(U?BIGINT|U?HUGEINT)$/.test(duckType));
  if (wide.length === 0) return new Set();
  const tests = wide.map(
    ({ name }, i) =>
      `coalesce(max(${sqlName(name)}) > 9007199254740992 OR min(${sqlName(name)}) < -9007199254740992, false) AS c${i}`,
  );
  const [row] = await session.rows(`SELECT ${tests.join(', ')} FROM ${file}`);
  return new Set(wide.filter((_, i) => row![`c${i}`] === true).map(({ name }) => name));
}

function ownColumn(name: string, duckType: string, long: boolean): ParquetColumn {
  const column = sqlName(name);
  const make = (type: ColumnType, value: string, misfit?: string) => ({
    name,
    type,
    own: type,
    missingTokens: [],
    value,
    misfit,
  });
  if (duckType === 'BOOLEAN') return make('boolean', column);
  if (duckType === 'DATE') return make('date', column);
  if (duckType.startsWith('TIMESTAMP')) return make('timestamp', `${column}::TIMESTAMP`);
  if (long) return make('string', `${column}::VARCHAR`);
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(duckType))
    return make('integer', `${column}::BIGINT`);
  if (/^(DOUBLE|FLOAT|REAL)$/.test(duckType)) {
    return make('number', `nullif(${column}::DOUBLE, 'nan'::DOUBLE)`, `isinf(${column})`);
  }
  if (duckType.startsWith('DECIMAL')) return make('number', `${column}::DOUBLE`);
  if (/^(STRUCT|MAP|UNION|.*\[\d*\]$)/.test(duckType)) return make('string', `to_json(${column})::VARCHAR`);
  if (duckType === 'BLOB') return make('string', `nullif(hex(${column}), '')`);
  const text = `${column}::VARCHAR`;
  return make('string', `CASE WHEN trim(${text}) = '' THEN NULL ELSE ${text} END`);
}

const CASTS: Record<ColumnType, string> = {
  string: 'VARCHAR',
  number: 'DOUBLE',
  integer: 'BIGINT',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

function givenColumn(own: ParquetColumn, type: ColumnType): ParquetColumn {
  const value = `TRY_CAST(${own.value} AS ${CASTS[type]})`;
  const unfit = `(${own.value}) IS NOT NULL AND ${value} IS NULL`;
  // DuckDB rounds 1.7 to 2 when it casts: a whole number is one that stays itself.
  const exact = type === 'integer' && own.type === 'number' ? ` OR ${value} <> ${own.value}` : '';
  const misfit = own.misfit === undefined ? `(${unfit}${exact})` : `(${own.misfit} OR ${unfit}${exact})`;
  return { ...own, type, value, misfit };
}

function misfitTest(columns: readonly ParquetColumn[]): string | undefined {
  const tests = columns.flatMap(({ misfit }) => (misfit === undefined ? [] : [`coalesce(${misfit}, false)`]));
  return tests.length === 0 ? undefined : tests.join(' OR ');
}

/** The row as JSON; infinite numbers, which JSON lacks, as texts. */
function rowJson(columns: readonly ParquetColumn[]): string {
  const members = columns.map(({ name, own }) => {
    const column = sqlName(name);
    const value =
      own === 'number'
        ? `CASE WHEN isfinite(${column}::DOUBLE) THEN to_json(${column}) ELSE to_json(${column}::VARCHAR) END`
        : column;
    return `${sqlText(name)}, ${value}`;
  });
  return `json_object(${members.join(', ')})::VARCHAR`;
}

async function refuse(
  input: LoadInput,
  session: EngineSession,
  file: string,
  columns: readonly ParquetColumn[],
): Promise<Quarantine> {
  const quarantine = new Quarantine(join(input.workDir, 'quarantine.ndjson'));
  const test = misfitTest(columns);
  if (test === undefined) return quarantine;
  const which = columns.flatMap(({ misfit }, i) =>
    misfit === undefined ? [] : [`WHEN ${misfit} THEN ${i}`],
  );
  const numbered = file.replace(/\)$/, ', file_row_number = true)');
  for (let after = -1; ; ) {
    const rows = await session.rows(
      `SELECT file_row_number AS at, CASE ${which.join(' ')} END AS column_index, ${rowJson(columns)} AS row_json
       FROM ${numbered} AS r WHERE file_row_number > ${after} AND (${test}) ORDER BY file_row_number LIMIT ${REFUSED_PAGE_ROWS}`,
    );
    for (const row of rows) {
      const column = columns[Number(row['column_index'])]!;
      after = Number(row['at']);
      quarantine.add({
        record: after + 1,
        byteOffset: -1,
        reason: 'WRONG_TYPE',
        message: `the value is not ${column.type === 'integer' ? 'an' : 'a finite'} ${column.type}`,
        column: column.name,
        bytes: Buffer.from(String(row['row_json'])),
      });
    }
    await quarantine.drain();
    if (rows.length < REFUSED_PAGE_ROWS) break;
  }
  await quarantine.close();
  return quarantine;
}
