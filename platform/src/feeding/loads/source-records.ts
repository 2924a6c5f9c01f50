import { join } from 'node:path';
import { type EngineSession, sqlName, sqlText } from '../../ports/engine.ts';
import { csvShape, newParser } from '../csv-source.ts';
import { scanJson } from '../json-records.ts';
import { scanRecords } from '../record-scan.ts';
import { readHead } from '../source-file.ts';
import type { LoadedSource, LoadRequest } from '../types.ts';

export interface SourceRecord {
  readonly byteOffset: number;
  readonly bytes: Buffer;
}

const HEAD_BYTES = 1 << 20;

/**
 * Records of a source by their numbers (from 1), with their exact bytes: one more pass over the source, made only when rows that were
 * read break a rule. Sources that are no text give each row as JSON.
 */
export async function readSourceRecords(
  loaded: LoadedSource,
  work: {
    readonly request: LoadRequest;
    readonly workDir: string;
    readonly session: EngineSession;
    readonly wanted: ReadonlyMap<number, number>;
  },
): Promise<Map<number, SourceRecord>> {
  const { format, compression } = loaded.source;
  const path = compression === 'none' ? work.request.path : join(work.workDir, 'source.plain');
  const numbers = work.wanted;
  const found = new Map<number, SourceRecord>();
  const keep = (record: number, byteOffset: number, bytes: Uint8Array) => {
    if (numbers.has(record)) found.set(record, { byteOffset, bytes: Buffer.from(bytes) });
  };
  if (format === 'csv' || format === 'tsv') {
    const head = await readHead(path, HEAD_BYTES);
    const { dialect } = csvShape(head, head.length < HEAD_BYTES, work.request);
    const parser = newParser(dialect);
    await scanRecords({
      ...{
        path,
        parser,
        columns: dialect.columnNames.length,
        skipBytes: dialect.skipBytes,
        header: dialect.header,
      },
      onRecord: ({ record, byteOffset, buffer, start, next }) =>
        keep(record, byteOffset, buffer.subarray(start, next)),
    });
    return found;
  }
  if (format === 'json' || format === 'ndjson') {
    await scanJson({
      ...{ path, fileName: work.request.fileName, kind: format },
      onRecord: ({ record, byteOffset, bytes }) => keep(record, byteOffset, bytes),
    });
    return found;
  }
  return rowsAsJson(loaded, work);
}

/** Rows per query. */
const PAGE = 10_000;

async function rowsAsJson(
  loaded: LoadedSource,
  { session, wanted }: { readonly session: EngineSession; readonly wanted: ReadonlyMap<number, number> },
): Promise<Map<number, SourceRecord>> {
  const found = new Map<number, SourceRecord>();
  const members = loaded.schema.columns.map(({ name }) => `${sqlText(name)}, ${sqlName(name)}`).join(', ');
  const entries = [...wanted];
  for (let from = 0; from < entries.length; from += PAGE) {
    const page = entries.slice(from, from + PAGE);
    const byRow = new Map(page.map(([record, row]) => [row, record]));
    const rows = await session.rows(
      `SELECT file_row_number AS row, json_object(${members})::VARCHAR AS text
       FROM read_parquet(${sqlText(loaded.partPath)}, file_row_number = true)
       WHERE file_row_number IN (${[...byRow.keys()].join(', ')})`,
    );
    for (const row of rows) {
      const record = byRow.get(Number(row['row']))!;
      found.set(record, { byteOffset: -1, bytes: Buffer.from(String(row['text'])) });
    }
  }
  return found;
}

/**
 * Record numbers of part rows: the n-th row that was loaded is the n-th record that was not refused.
 *
 * @param rows rows of the part, from 0, ascending
 * @param refused record numbers that were refused, ascending
 * @returns record number (from 1) → row
 */
export function recordNumbers(rows: readonly number[], refused: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  let before = 0;
  for (const row of rows) {
    while (before < refused.length && refused[before]! <= row + before + 1) before++;
    found.set(row + before + 1, row);
  }
  return found;
}
