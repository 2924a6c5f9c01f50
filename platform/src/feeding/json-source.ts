import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { RecordPlaces } from './csv-source.ts';
import type { QuarantineWriter } from './quarantine.ts';
import { skipBom, unreadable } from './source-format.ts';

/** A JSON array is parsed whole; larger files come as NDJSON. */
const ARRAY_BYTES_MAX = 512 * 1024 * 1024;
const FLUSH_CHARS = 1 << 20;

/** JSON records as CSV text with every field quoted: one reader, one inference and one quarantine for all text formats. */
export interface FlatJson {
  readonly path: string;
  readonly names: readonly string[];
  readonly sourceRows: number;
  readonly places: RecordPlaces;
  /** Columns whose values were all JSON strings: digits in them are text, not numbers. */
  readonly textColumns: ReadonlySet<string>;
}

export interface JsonOptions {
  readonly workDir: string;
  readonly fileName: string;
  readonly quarantine: QuarantineWriter;
  readonly onProgress: (bytes: number, rows: number) => void;
}

/** @throws SOURCE_UNREADABLE when the array is not JSON, or is none of objects. */
export async function readJsonArray(path: string, options: JsonOptions): Promise<FlatJson> {
  if ((await stat(path)).size > ARRAY_BYTES_MAX) {
    throw new SlipwayError('LIMIT_EXCEEDED', {
      message: `a JSON array of more than ${ARRAY_BYTES_MAX / 1024 ** 2} MiB`,
      fix: 'Write it as NDJSON (one object a line), e.g. with jq -c ".[]".',
    });
  }
  const text = skipBom(await readFile(path)).toString('utf8');
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch (error) {
    throw unreadable(
      options.fileName,
      `it begins like a JSON array but is not JSON (${(error as Error).message.slice(0, 200)})`,
    );
  }
  if (!Array.isArray(items)) throw unreadable(options.fileName, 'it is JSON, but not an array of objects');
  const writer = new FlatWriter(options);
  for (const item of items) writer.add(item, -1, () => Buffer.from(JSON.stringify(item)));
  return writer.finish();
}

export async function readNdjson(path: string, options: JsonOptions): Promise<FlatJson> {
  const writer = new FlatWriter(options);
  let bytes = 0;
  for await (const { line, offset } of lines(path)) {
    bytes = offset + line.length;
    if (line.length === 0 || line.every((byte) => byte === 32 || byte === 9 || byte === 13)) continue;
    writer.addLine(line, offset);
    if (writer.rows % 50_000 === 0) options.onProgress(bytes, writer.rows);
  }
  return writer.finish();
}

/** Lines without their end. A line beyond the limit comes cut, and is refused as no JSON. */
async function* lines(path: string): AsyncIterable<{ line: Buffer; offset: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let dropping = false;
  let first = true;
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    let chunk = piece as Buffer;
    if (first) {
      const without = skipBom(chunk);
      offset += chunk.length - without.length;
      chunk = without;
      first = false;
    }
    let buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = buffer.indexOf(10); end !== -1; end = buffer.indexOf(10)) {
      if (!dropping) yield { line: buffer.subarray(0, end), offset };
      dropping = false;
      offset += end + 1;
      buffer = buffer.subarray(end + 1);
    }
    if (buffer.length > LIMITS.sourceLineBytesMax) {
      if (!dropping) yield { line: buffer.subarray(0, LIMITS.sourceLineBytesMax), offset };
      dropping = true;
      offset += buffer.length;
      buffer = Buffer.alloc(0);
    }
    rest = buffer;
  }
  if (rest.length > 0 && !dropping) yield { line: rest, offset };
}

/** Columns are not known before the last record: cells go out in order of first appearance, short records are filled at the end. */
class FlatWriter {
  rows = 0;
  private readonly index = new Map<string, number>();
  private readonly notText = new Set<number>();
  private readonly records: (string | undefined)[][] = [];
  private readonly places = new RecordPlaces();

  constructor(private readonly options: JsonOptions) {}

  addLine(line: Buffer, offset: number): void {
    let item: unknown;
    try {
      item = JSON.parse(line.toString('utf8'));
    } catch (error) {
      this.rows++;
      const message = `not JSON: ${(error as Error).message.slice(0, 200)}`;
      this.options.quarantine.add({
        record: this.rows,
        byteOffset: offset,
        reason: 'INVALID_JSON',
        message,
        bytes: line,
      });
      return;
    }
    this.add(item, offset, () => line);
  }

  add(item: unknown, offset: number, bytes: () => Uint8Array): void {
    this.rows++;
    if (item === null || typeof item !== 'object' || Array.isArray(item)) {
      const message = `${Array.isArray(item) ? 'an array' : String(item).slice(0, 40)} where an object is expected`;
      this.options.quarantine.add({
        record: this.rows,
        byteOffset: offset,
        reason: 'NOT_AN_OBJECT',
        message,
        bytes: bytes(),
      });
      return;
    }
    const record: (string | undefined)[] = [];
    for (const [name, value] of Object.entries(item))
      record[this.columnOf(name)] = this.cell(value, this.columnOf(name));
    this.records.push(record);
    this.places.add(this.rows, offset);
  }

  finish(): FlatJson {
    const names = [...this.index.keys()];
    const path = join(this.options.workDir, 'flat.csv');
    const file = openSync(path, 'w');
    try {
      let text = '';
      for (const record of this.records) {
        for (let i = 0; i < names.length; i++)
          text += `${i === 0 ? '' : ','}"${(record[i] ?? '').replaceAll('"', '""')}"`;
        text += '\n';
        if (text.length > FLUSH_CHARS) {
          writeSync(file, text);
          text = '';
        }
      }
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
    const textColumns = new Set(names.filter((_, index) => !this.notText.has(index)));
    return { path, names, sourceRows: this.rows, places: this.places, textColumns };
  }

  private columnOf(name: string): number {
    let index = this.index.get(name);
    if (index === undefined) {
      index = this.index.size;
      if (index >= LIMITS.columnsMax) {
        throw new SlipwayError('SOURCE_TOO_WIDE', {
          message: `the records have more than ${LIMITS.columnsMax} different keys`,
          fix: 'Turn the keys that name things into values.',
        });
      }
      this.index.set(name, index);
    }
    return index;
  }

  private cell(value: unknown, column: number): string | undefined {
    if (value === null || value === undefined) return undefined;
    if (typeof value === 'string') return value.replaceAll('\u0000', '');
    this.notText.add(column);
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}
