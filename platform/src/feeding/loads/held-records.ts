import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fieldText, RecordParser } from '../record-parser.ts';
import type { RecordShape } from '../types.ts';

/** A line of a quarantine part. */
export interface HeldRecord {
  readonly record: number;
  readonly byteOffset: number;
  readonly reason: string;
  readonly message: string;
  readonly column?: string;
  /** Where it came from, when one part gathers several files. */
  readonly source?: string;
  /** A single value was kept back; the row itself was loaded. */
  readonly value?: boolean;
  readonly bytes: Buffer;
}

export async function* readHeld(path: string): AsyncIterable<HeldRecord> {
  const lines = createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) {
    if (line === '') continue;
    const { bytes, ...facts } = JSON.parse(line) as Omit<HeldRecord, 'bytes'> & { bytes: string };
    yield { ...facts, bytes: Buffer.from(bytes, 'base64') };
  }
}

export function heldLine({ bytes, ...facts }: HeldRecord): string {
  return `${JSON.stringify({ ...facts, bytes: bytes.toString('base64') })}\n`;
}

/**
 * Writes kept-back records as a source of their own, so that they are read again by the same reader: their bytes below the header of
 * the source they came from.
 *
 * @param blanks by index: columns whose value is left out
 * @returns the file's path
 */
export async function writeRecords(
  folder: string,
  shape: RecordShape,
  records: readonly { readonly bytes: Buffer }[],
  blanks: ReadonlyMap<number, ReadonlySet<string>> = new Map(),
): Promise<{ path: string; fileName: string; header: 'yes' | 'auto' }> {
  const text = shape.format === 'csv' || shape.format === 'tsv';
  const chunks: Buffer[] = [];
  if (text) chunks.push(Buffer.from(`${shape.columns.map(quoted).join(shape.delimiter ?? ',')}\n`));
  for (const [index, { bytes }] of records.entries()) {
    const blank = blanks.get(index);
    const line = trimmed(bytes);
    if (blank === undefined) chunks.push(line);
    else chunks.push(text ? blankFields(line, shape, blank) : blankMembers(line, blank));
    chunks.push(Buffer.from('\n'));
  }
  const fileName = text ? 'held.csv' : 'held.ndjson';
  const path = join(folder, fileName);
  await writeFile(path, Buffer.concat(chunks));
  return { path, fileName, header: text ? 'yes' : 'auto' };
}

function trimmed(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--;
  return bytes.subarray(0, end);
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function blankFields(line: Buffer, shape: RecordShape, blank: ReadonlySet<string>): Buffer {
  const delimiter = (shape.delimiter ?? ',').charCodeAt(0);
  const parser = new RecordParser({ delimiter, capacity: shape.columns.length });
  parser.parse(line, 0, line.length, true);
  const cells = shape.columns.map((column, field) => {
    if (blank.has(column) || field >= parser.count) return '';
    return quoted(fieldText(line, parser, field));
  });
  return Buffer.from(cells.join(shape.delimiter ?? ','));
}

function blankMembers(line: Buffer, blank: ReadonlySet<string>): Buffer {
  try {
    const row = JSON.parse(line.toString('utf8')) as Record<string, unknown>;
    for (const column of blank) if (column in row) row[column] = null;
    return Buffer.from(JSON.stringify(row));
  } catch {
    // What is no JSON is refused again by the reader, with its reason.
    return line;
  }
}
