import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { sqlName } from '../../ports/engine.ts';
import type { Column, ColumnType, Table } from '../../tables/table.ts';

/**
 * Query results as typed columns. The query is wrapped so that DuckDB itself converts every column to one of two physical
 * types, DOUBLE or VARCHAR: then a chunk's numbers are one typed array, and no row object is ever made.
 */
export async function readTable(connection: DuckDBConnection, sql: string): Promise<Table> {
  const plan = await planColumns(connection, sql);
  if (plan.length === 0) return { rows: 0, columns: [] };
  const projection = plan.map((column) => `${column.expression} AS ${sqlName(column.alias)}`).join(', ');
  const result = await connection.stream(`SELECT ${projection} FROM (${sql}) AS source`);
  const builders = plan.map((column) =>
    column.type === 'string' ? new StringBuilder() : new NumberBuilder(),
  );
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    for (let index = 0; index < builders.length; index++) builders[index]!.append(chunk, index);
  }
  return { rows, columns: plan.map(({ name, type }, index) => builders[index]!.build(name, type)) };
}

interface PlannedColumn {
  readonly name: string;
  readonly alias: string;
  readonly type: ColumnType;
  readonly expression: string;
}

async function planColumns(connection: DuckDBConnection, sql: string): Promise<PlannedColumn[]> {
  const described = (await connection.runAndReadAll(`DESCRIBE ${sql}`)).getRowObjectsJS();
  return described.map((row, index) => {
    const name = String(row['column_name']);
    const { type, expression } = conversion(sqlName(name), String(row['column_type']).toUpperCase());
    return { name, alias: `c${index}`, type, expression };
  });
}

/** How a DuckDB type becomes a logical type, and the SQL that converts it to DOUBLE or VARCHAR. */
function conversion(column: string, duckType: string): { type: ColumnType; expression: string } {
  if (duckType === 'BOOLEAN') return { type: 'boolean', expression: `${column}::INTEGER::DOUBLE` };
  if (duckType === 'DATE') return { type: 'date', expression: `epoch_ms(${column}::TIMESTAMP)::DOUBLE` };
  if (/^TIMESTAMP/.test(duckType))
    return { type: 'timestamp', expression: `epoch_ms(${column}::TIMESTAMP)::DOUBLE` };
  if (/^U?(TINYINT|SMALLINT|INTEGER)$/.test(duckType))
    return { type: 'integer', expression: `${column}::DOUBLE` };
  if (/^(U?BIGINT|U?HUGEINT)$/.test(duckType)) return { type: 'integer', expression: `${column}::DOUBLE` };
  if (/^(DOUBLE|FLOAT|REAL|DECIMAL)/.test(duckType))
    return { type: 'number', expression: `${column}::DOUBLE` };
  return { type: 'string', expression: `${column}::VARCHAR` };
}

class NumberBuilder {
  private values = new Float64Array(4096);
  private rows = 0;

  append(chunk: DuckDBDataChunk, index: number): void {
    const vector = chunk.getColumnVector(index) as unknown as {
      readonly items: Float64Array;
      readonly validity: { itemValid(row: number): boolean; readonly data?: unknown };
    };
    const count = chunk.rowCount;
    this.reserve(this.rows + count);
    this.values.set(vector.items.subarray(0, count), this.rows);
    for (let row = 0; row < count; row++) {
      if (!vector.validity.itemValid(row)) this.values[this.rows + row] = Number.NaN;
    }
    this.rows += count;
  }

  build(name: string, type: ColumnType): Column {
    return { name, type: type as 'number', values: this.values.slice(0, this.rows) };
  }

  private reserve(rows: number): void {
    if (rows <= this.values.length) return;
    const grown = new Float64Array(Math.max(rows, this.values.length * 2));
    grown.set(this.values.subarray(0, this.rows));
    this.values = grown;
  }
}

class StringBuilder {
  private codes = new Int32Array(4096);
  private rows = 0;
  private readonly index = new Map<string, number>();
  private readonly dictionary: string[] = [];

  append(chunk: DuckDBDataChunk, index: number): void {
    const vector = chunk.getColumnVector(index) as unknown as { getItem(row: number): string | null };
    const count = chunk.rowCount;
    this.reserve(this.rows + count);
    for (let row = 0; row < count; row++) {
      const text = vector.getItem(row);
      this.codes[this.rows + row] = text === null ? -1 : this.codeOf(text);
    }
    this.rows += count;
  }

  build(name: string): Column {
    return { name, type: 'string', codes: this.codes.slice(0, this.rows), dictionary: this.dictionary };
  }

  private codeOf(text: string): number {
    let code = this.index.get(text);
    if (code === undefined) {
      code = this.dictionary.length;
      this.index.set(text, code);
      this.dictionary.push(text);
    }
    return code;
  }

  private reserve(rows: number): void {
    if (rows <= this.codes.length) return;
    const grown = new Int32Array(Math.max(rows, this.codes.length * 2));
    grown.set(this.codes.subarray(0, this.rows));
    this.codes = grown;
  }
}
