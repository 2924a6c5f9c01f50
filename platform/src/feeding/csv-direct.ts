import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { ColumnType } from '../tables/table.ts';
import { castOf } from './column-casts.ts';
import type { Dialect } from './dialect.ts';
import { BLANK, KINDS, MISSING_TOKENS, TOKEN } from './field-kind.ts';
import { ASK, MISSING, type PlannedColumn } from './infer-types.ts';
import { copySql, partPathIn } from './part-file.ts';

/**
 * The fastest way from text to Parquet: DuckDB's reader with its own typed columns, refusing rows as it goes. It reads more texts
 * than Slipway does ('1.7' for a BIGINT becomes 2), and some differently, so it is believed only when rows, present values by column
 * and the position of every refused row are what the survey found.
 */
export interface DirectPlan {
  readonly path: string;
  readonly dialect: Dialect;
  readonly columns: readonly PlannedColumn[];
  /** strptime layouts by column; empty where the column holds no dates. */
  readonly layouts: readonly (readonly string[])[];
  /** Kinds by column, as far as they are known. */
  readonly counts: Float64Array;
}

/** Rejected rows that are remembered; beyond, the reading is not believed. */
const REJECTS_MAX = 100_000;

const TYPES: Record<ColumnType, string> = {
  string: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/** Whether the direct way can be tried: dates in known layouts, and no missing mark that another column means as a text. */
export function isDirect({ dialect, columns, layouts, counts }: DirectPlan): boolean {
  if (dialect.returnEnds) return false;
  const marks = new Set(columns.flatMap((column) => column.missingTokens));
  return columns.every((column, i) => {
    const mustAsk = column.fit.some((fit, kind) => fit === ASK && counts[i * KINDS + kind]! > 0);
    if (column.dateFormat !== undefined ? layouts[i]!.length === 0 : mustAsk) return false;
    return MISSING_TOKENS.every((token, index) => {
      const kind = TOKEN + index;
      return !marks.has(token) || column.fit[kind] === MISSING || counts[i * KINDS + kind] === 0;
    });
  });
}

export interface DirectReading {
  readonly rows: number;
  readonly present: readonly number[];
  /** Where refused rows begin in the source, ascending. */
  readonly refusedOffsets: readonly number[];
}

/**
 * Writes the part.
 *
 * @returns what was read; undefined when DuckDB could not read the file or was interrupted
 */
export async function readDirect(
  session: EngineSession,
  workDir: string,
  plan: DirectPlan,
): Promise<DirectReading | undefined> {
  const part = partPathIn(workDir);
  try {
    await session.run('DROP TABLE IF EXISTS refused; DROP TABLE IF EXISTS refused_scans');
    await session.run(copySql(directSql(plan), part));
  } catch (error) {
    if (isReadError(error)) return undefined;
    throw error;
  }
  const counts = plan.columns.map((column, i) => `count(${sqlName(column.name)}) AS c${i}`);
  const [row] = await session.rows(
    `SELECT count(*) AS n, ${counts.join(', ')} FROM read_parquet(${sqlText(part)})`,
  );
  const refused = await session.rows(
    'SELECT DISTINCT line_byte_position AS position FROM refused ORDER BY position',
  );
  return {
    rows: Number(row!['n']),
    present: plan.columns.map((_, i) => Number(row![`c${i}`])),
    refusedOffsets: refused.map(({ position }) => Number(position) - 1),
  };
}

function isReadError(error: unknown): boolean {
  return error instanceof Error && /^(Invalid Input|Conversion|INTERRUPT) Error/i.test(error.message);
}

function directSql(plan: DirectPlan): string {
  const { dialect, columns, layouts } = plan;
  const formats = { date: onlyLayout(plan, 'date'), timestamp: onlyLayout(plan, 'timestamp') };
  const asText = (column: PlannedColumn) =>
    (column.type === 'date' || column.type === 'timestamp') && formats[column.type] === undefined;
  const types = columns.map(
    (column) => `${sqlText(column.name)}: '${asText(column) ? 'VARCHAR' : TYPES[column.type]}'`,
  );
  const projection = columns.map((column, i) => {
    const name = sqlName(column.name);
    if (asText(column)) return `${castOf(column, layouts[i]!)} AS ${name}`;
    const blanks = column.type === 'string' && plan.counts[i * KINDS + BLANK]! > 0;
    return blanks ? `CASE WHEN trim(${name}) = '' THEN NULL ELSE ${name} END AS ${name}` : name;
  });
  const marks = [...new Set(['', ...columns.flatMap((column) => column.missingTokens)])];
  return `SELECT ${projection.join(', ')} FROM read_csv(${[
    sqlText(plan.path),
    'auto_detect = false',
    `header = ${dialect.header}`,
    `delim = ${sqlText(String.fromCharCode(dialect.delimiter))}`,
    `quote = '"'`,
    `escape = '"'`,
    `nullstr = [${marks.map(sqlText).join(', ')}]`,
    ...(formats.date === undefined ? [] : [`dateformat = ${sqlText(formats.date)}`]),
    ...(formats.timestamp === undefined ? [] : [`timestampformat = ${sqlText(formats.timestamp)}`]),
    'store_rejects = true',
    "rejects_table = 'refused'",
    "rejects_scan = 'refused_scans'",
    `rejects_limit = ${REJECTS_MAX}`,
    `columns = {${types.join(', ')}}`,
  ].join(', ')})`;
}

/** A file has one format for each of the two types: the layout of all columns of the type, when they agree on one. */
function onlyLayout({ columns, layouts }: DirectPlan, type: 'date' | 'timestamp'): string | undefined {
  const used = new Set(layouts.flatMap((list, i) => (columns[i]!.type === type ? list : [])));
  return used.size === 1 ? [...used][0] : undefined;
}

/** Present values by column when the refused are left out. */
export function presentOf(
  columns: readonly PlannedColumn[],
  counts: Float64Array,
  refused: Float64Array,
): number[] {
  return columns.map(({ fit }, column) => {
    let present = 0;
    for (let kind = 0; kind < KINDS; kind++) {
      const at = column * KINDS + kind;
      if (fit[kind] !== MISSING) present += counts[at]! - refused[at]!;
    }
    return present;
  });
}
