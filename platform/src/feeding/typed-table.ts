import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { SchemaColumn, TableSchema } from '../tables/table.ts';

/**
 * SQL that holds texts to a schema. For each column an expression that gives the typed value, and a test that is true for a text
 * that is present and does not fit: those rows go to the quarantine instead of becoming NULL silently.
 */
export interface TypedExpression {
  readonly value: string;
  readonly misfit: string;
}

const BIGGEST_INTEGER = '9007199254740992';
/** The grammar of `parseScalar`: what casts would accept beyond it (inf, nan, 1_000) is not a number in a request either. */
const NUMBER_PATTERN = '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?';
const ISO_PATTERN =
  '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?\\s*(Z|z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?';
const DAY_FORMATS = {
  ymd: ['%Y/%m/%d', '%Y-%m-%d', '%Y.%m.%d'],
  mdy: dayFormats('%m', '%d'),
  dmy: dayFormats('%d', '%m'),
} as const;
const TIME_FORMATS = [
  '',
  ' %H:%M',
  ' %H:%M:%S',
  ' %I:%M %p',
  ' %I:%M:%S %p',
  'T%H:%M',
  'T%H:%M:%S',
  ' %H:%M:%S.%f',
];

function dayFormats(first: string, second: string): string[] {
  return ['/', '-', '.'].flatMap((sign) => [
    `${first}${sign}${second}${sign}%Y`,
    `${first}${sign}${second}${sign}%y`,
  ]);
}

export function typedExpression(column: SchemaColumn): TypedExpression {
  const raw = sqlName(column.name);
  const text = `trim(${raw})`;
  const missing = missingTest(raw, text, column);
  if (column.type === 'string')
    return { value: `CASE WHEN ${missing} THEN NULL ELSE ${raw} END`, misfit: 'false' };
  const parsed = parsedExpression(column, text);
  const present = `NOT (${missing})`;
  return { value: `CASE WHEN ${present} THEN ${parsed} END`, misfit: `(${present} AND (${parsed}) IS NULL)` };
}

function missingTest(raw: string, text: string, column: SchemaColumn): string {
  const empty = column.type === 'string' ? `${raw} IS NULL OR ${raw} = ''` : `${raw} IS NULL OR ${text} = ''`;
  if (column.missingTokens.length === 0) return empty;
  return `${empty} OR ${text} IN (${column.missingTokens.map(sqlText).join(', ')})`;
}

function parsedExpression(column: SchemaColumn, text: string): string {
  const number = `CASE WHEN regexp_full_match(${text}, ${sqlText(NUMBER_PATTERN)}) THEN TRY_CAST(${text} AS DOUBLE) END`;
  switch (column.type) {
    case 'number':
      return finite(number);
    case 'integer':
      return `CASE WHEN abs(${number}) <= ${BIGGEST_INTEGER} AND trunc(${number}) = ${number} THEN (${number})::BIGINT END`;
    case 'boolean':
      return `CASE WHEN lower(${text}) IN ('true', 't', '1', 'yes') THEN true WHEN lower(${text}) IN ('false', 'f', '0', 'no') THEN false END`;
    case 'date':
      return `(${instant(column, text)})::DATE`;
    default:
      return instant(column, text);
  }
}

function finite(number: string): string {
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}

function instant(column: SchemaColumn, text: string): string {
  const format = column.dateFormat ?? 'iso';
  if (format === 'iso') {
    return `CASE WHEN regexp_full_match(${text}, ${sqlText(ISO_PATTERN)}) THEN TRY_CAST(replace(${text}, ',', '.') AS TIMESTAMP) END`;
  }
  const formats = DAY_FORMATS[format].flatMap((day) => TIME_FORMATS.map((time) => `${day}${time}`));
  return `try_strptime(${text}, [${formats.map(sqlText).join(', ')}])`;
}

/** Rows of `raw` (with a `record_index`) whose text does not fit, first misfit column each. Ordered by index. */
export async function findMisfits(
  session: EngineSession,
  schema: TableSchema,
): Promise<{ readonly index: number; readonly column: string; readonly text: string }[]> {
  const typed = schema.columns.filter((column) => column.type !== 'string');
  if (typed.length === 0) return [];
  const tests = typed.map((column) => ({ column, test: typedExpression(column).misfit }));
  const which = tests.map(({ column, test }) => `WHEN ${test} THEN ${sqlText(column.name)}`).join(' ');
  const shown = tests.map(({ column, test }) => `WHEN ${test} THEN ${sqlName(column.name)}`).join(' ');
  const rows = await session.rows(
    `SELECT record_index, CASE ${which} END AS misfit, CASE ${shown} END AS shown FROM raw
     WHERE ${tests.map(({ test }) => test).join(' OR ')} ORDER BY record_index`,
  );
  return rows.map((row) => ({
    index: Number(row['record_index']),
    column: String(row['misfit']),
    text: String(row['shown']),
  }));
}

/** Counts of misfits by column, in one scan: a column that misfits too often is text after all. */
export async function countMisfits(
  session: EngineSession,
  schema: TableSchema,
): Promise<Map<string, { misfits: number; present: number }>> {
  const typed = schema.columns.filter((column) => column.type !== 'string');
  if (typed.length === 0) return new Map();
  const counts = typed.map((column, index) => {
    const { misfit } = typedExpression(column);
    const missing = missingTest(sqlName(column.name), `trim(${sqlName(column.name)})`, column);
    return `count(*) FILTER (WHERE ${misfit}) AS m${index}, count(*) FILTER (WHERE NOT (${missing})) AS p${index}`;
  });
  const [row] = await session.rows(`SELECT ${counts.join(', ')} FROM raw`);
  return new Map(
    typed.map((column, index) => [
      column.name,
      { misfits: Number(row![`m${index}`]), present: Number(row![`p${index}`]) },
    ]),
  );
}
