import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Column, Table } from '../../tables/table.ts';

/** Rows of one record batch. */
const BATCH_ROWS = 65_536;

/** Writes a table as an Arrow IPC file, batch by batch, with the package that Arrow's own project keeps. */
export async function arrowFile(table: Table, path: string): Promise<void> {
  const arrow = await import('apache-arrow');
  const fields = table.columns.map(({ name, type }) => new arrow.Field(name, typeOf(type, arrow), true));
  const schema = new arrow.Schema(fields);
  const writer = new arrow.RecordBatchFileWriter();
  const out = createWriteStream(path, { mode: 0o600 });
  const pumped = (async () => {
    for await (const chunk of writer.toNodeStream()) {
      if (!out.write(chunk)) await new Promise<void>((resolve) => out.once('drain', () => resolve()));
    }
    out.end();
    await finished(out);
  })();
  for (let from = 0; from === 0 || from < table.rows; from += BATCH_ROWS) {
    const rows = Math.min(BATCH_ROWS, table.rows - from);
    const children = table.columns.map((column) => vectorOf(column, from, rows, arrow).data[0]!);
    const data = arrow.makeData({ type: new arrow.Struct(fields), length: rows, nullCount: 0, children });
    writer.write(new arrow.RecordBatch(schema, data));
    if (table.rows === 0) break;
  }
  writer.finish();
  await pumped;
}

type Arrow = typeof import('apache-arrow');

function typeOf(type: Column['type'], arrow: Arrow) {
  switch (type) {
    case 'string':
      return new arrow.Utf8();
    case 'boolean':
      return new arrow.Bool();
    case 'date':
    case 'timestamp':
      return new arrow.TimestampMillisecond('UTC');
    default:
      return new arrow.Float64();
  }
}

function vectorOf(column: Column, from: number, rows: number, arrow: Arrow) {
  const values = Array.from({ length: rows }, (_, i) => {
    if (column.type === 'string') {
      const code = column.codes[from + i]!;
      return code < 0 ? null : column.dictionary[code]!;
    }
    const value = column.values[from + i]!;
    if (Number.isNaN(value)) return null;
    return column.type === 'boolean' ? value === 1 : value;
  });
  return arrow.vectorFromArray(values, typeOf(column.type, arrow));
}
