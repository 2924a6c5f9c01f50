import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { SchemaColumn } from '../tables/table.ts';
import { castOf } from './column-casts.ts';
import { copySql, partPathIn } from './part-file.ts';

/** A delimited file that DuckDB is to read. */
export interface TextFile {
  readonly path: string;
  readonly delimiter: number;
  readonly header: boolean;
  /** Lines are known to end with a line feed, whatever their values hold; otherwise DuckDB finds out. */
  readonly lineFeeds?: boolean;
}

export interface TextConversion {
  readonly file: TextFile;
  readonly columns: readonly SchemaColumn[];
  /** strptime layouts by column; empty where the column holds no dates. */
  readonly layouts: readonly (readonly string[])[];
  readonly expected: {
    readonly rows: number;
    /** Values by column that must not be NULL. */
    readonly present: ArrayLike<number>;
  };
}

/**
 * Writes the Parquet part from a text file, and compares it with what was counted before.
 *
 * @returns whether DuckDB read the file exactly so; false also when it could not read it
 */
export async function convertText(
  work: { readonly session: EngineSession; readonly workDir: string },
  conversion: TextConversion,
): Promise<boolean> {
  const { columns, layouts, expected } = conversion;
  const part = partPathIn(work.workDir);
  const projection = columns.map((column, i) => `${castOf(column, layouts[i]!)} AS ${sqlName(column.name)}`);
  try {
    await work.session.run(copySql(`SELECT ${projection.join(', ')} FROM ${readCsvSql(conversion)}`, part));
  } catch (error) {
    if (isReadError(error)) return false;
    throw error;
  }
  const counts = columns.map((column, i) => `count(${sqlName(column.name)}) AS c${i}`);
  const [row] = await work.session.rows(
    `SELECT count(*) AS n, ${counts.join(', ')} FROM read_parquet(${sqlText(part)})`,
  );
  if (Number(row!['n']) !== expected.rows) return false;
  return columns.every((_, i) => Number(row![`c${i}`]) === expected.present[i]);
}

function readCsvSql({ file, columns }: TextConversion): string {
  const types = columns.map((column) => `${sqlText(column.name)}: 'VARCHAR'`);
  return `read_csv(${[
    sqlText(file.path),
    'auto_detect = false',
    `header = ${file.header}`,
    `delim = ${sqlText(String.fromCharCode(file.delimiter))}`,
    `quote = '"'`,
    `escape = '"'`,
    ...(file.lineFeeds ? [`new_line = '\\n'`] : []),
    `max_line_size = 33554432`,
    `columns = {${types.join(', ')}}`,
  ].join(', ')})`;
}

/** DuckDB's parser disagrees about the text; a full disk or memory is not of this kind. */
function isReadError(error: unknown): boolean {
  return error instanceof Error && /^(Invalid Input|Conversion) Error/.test(error.message);
}
