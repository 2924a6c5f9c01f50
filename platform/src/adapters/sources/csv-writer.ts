import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** Rows as CSV, the way a database's COPY writes it: a header, `\N` unquoted for what is missing. Lines are joined into large writes. */
export class CsvWriter {
  rows = 0;
  bytes = 0;
  private readonly out: WriteStream;
  private text = '';
  private failure: unknown;
  private readonly lone: boolean;

  constructor(path: string, columns: readonly string[]) {
    this.out = createWriteStream(path, { mode: 0o600, highWaterMark: CHUNK_CHARS });
    this.out.on('error', (error) => {
      this.failure = error;
    });
    // A lone column's empty text would be an empty line, which is no record.
    this.lone = columns.length === 1;
    this.text = `${columns.map(cell).join(',')}\n`;
  }

  /** @returns whether the caller should await `drain` before it goes on */
  row(values: readonly (string | null)[]): boolean {
    let line = '';
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (i > 0) line += ',';
      line += value === null ? '\\N' : this.lone && value === '' ? '""' : cell(value);
    }
    this.text += `${line}\n`;
    this.rows++;
    return this.text.length >= CHUNK_CHARS;
  }

  async drain(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const chunk = Buffer.from(this.text);
    this.text = '';
    this.bytes += chunk.length;
    if (this.out.write(chunk)) return;
    await new Promise<void>((resolve, reject) => {
      this.out.once('drain', resolve);
      this.out.once('error', reject);
    });
  }

  async close(): Promise<void> {
    await this.drain();
    this.out.end();
    await finished(this.out);
  }

  destroy(): void {
    this.out.destroy();
  }
}

const CHUNK_CHARS = 1 << 18;
const SPECIAL = /[",\n\r]/;

function cell(text: string): string {
  if (text === '\\N') return '"\\N"';
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
