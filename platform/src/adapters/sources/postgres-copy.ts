import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { to as copyTo } from 'pg-copy-streams';
import type { PostgresSession } from './postgres-session.ts';
import type { PostgresColumn } from './postgres-types.ts';

export interface Copying {
  readonly path: string;
  readonly columns: readonly PostgresColumn[];
  readonly relation: string;
  readonly where?: string | undefined;
  readonly quote: (name: string) => string;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

const CHUNK_BYTES = 1 << 20;

/** Rows into a CSV file, as Postgres itself writes it; what it says it sent, and how many bytes came. */
export async function copyOut(
  { client }: PostgresSession,
  copying: Copying,
): Promise<{ rows: number; bytes: number }> {
  const list = copying.columns.map(({ name, value }) => `${value} AS ${copying.quote(name)}`).join(', ');
  const where = copying.where === undefined ? '' : ` WHERE ${copying.where}`;
  // A lone column's empty text would be an empty line, which is no record.
  const quoted = copying.columns.length === 1 ? ', FORCE_QUOTE *' : '';
  const stream = client.query(
    copyTo(
      `COPY (SELECT ${list} FROM ${copying.relation}${where}) TO STDOUT (FORMAT csv, HEADER true, NULL '\\N'${quoted})`,
      { highWaterMark: CHUNK_BYTES },
    ),
  );
  let bytes = 0;
  const counter = new Transform({
    highWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      copying.onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const out = createWriteStream(copying.path, { mode: 0o600, highWaterMark: CHUNK_BYTES });
  try {
    await pipeline(stream, counter, out, { signal: copying.signal });
    // The count comes after the last row; an answer to the next statement says that it has come.
    await client.query('SELECT 1');
  } catch (error) {
    await rm(copying.path, { force: true });
    throw error;
  }
  return { rows: stream.rowCount, bytes };
}
