import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DataType, Vector } from 'apache-arrow';
import { SlipwayError } from '../kernel/errors.ts';
import type { ColumnType } from '../tables/table.ts';
import './errors.ts';
import type { FetchedFile } from './ports.ts';
import { readHead } from './source-file.ts';
import { Spool } from './spool.ts';

type Arrow = typeof import('apache-arrow');

const STREAM_START = 0xffffffff;
const EXACT_DIGITS = 15;

/** Whether a file is Arrow IPC: a file by its magic, a stream by its first marker together with what its name says. */
export async function isArrow(path: string, fileName: string): Promise<boolean> {
  // Whatever is wrong with the file is told by the reader that it is given to.
  const head = await readHead(path, 8).catch(() => undefined);
  if (head === undefined) return false;
  if (head.toString('latin1', 0, 6) === 'ARROW1') return true;
  return (
    head.length === 8 && head.readUInt32LE(0) === STREAM_START && /\.(arrows?|feather|ipc)$/i.test(fileName)
  );
}

/**
 * An Arrow file or stream as the CSV that databases give, batch by batch: the path that is checked, quarantined and replayed like every
 * other. Whole numbers, decimals and texts stay exact; times are kept to the millisecond, as everywhere; nested values become JSON.
 *
 * @throws SOURCE_UNREADABLE when it is broken, or packed in a way that is not read
 */
export async function arrowToCsv(file: FetchedFile, workDir: string, index: number): Promise<FetchedFile> {
  const arrow = await import('apache-arrow');
  const handle = await open(file.path, 'r');
  const path = join(workDir, `arrow-${index}.csv`);
  const spool = await Spool.open(path);
  try {
    const reader = await arrow.RecordBatchReader.from(handle);
    await reader.open();
    const columns = reader.schema.fields.map(({ name, type }) => ({ name, ...converterOf(type, arrow) }));
    const lone = columns.length === 1;
    let bytes = 0;
    const write = (line: string) => {
      spool.writeText(line);
      bytes += Buffer.byteLength(line);
    };
    write(`${columns.map(({ name }) => cell(name, false)).join(',')}\n`);
    for await (const batch of reader) {
      const vectors = columns.map((_, i) => batch.getChildAt(i) as Vector);
      for (let row = 0; row < batch.numRows; row++) {
        const texts = vectors.map((vector, i) => {
          const value: unknown = vector.get(row);
          return value === null || value === undefined ? '\\N' : cell(columns[i]!.text(value), lone);
        });
        write(`${texts.join(',')}\n`);
        await spool.drain();
      }
    }
    const types = Object.fromEntries(columns.flatMap(({ name, type }) => typed(name.trim(), type())));
    return { ...file, path, bytes, types, header: 'yes', delimiter: ',', temporary: true };
  } catch (error) {
    throw error instanceof SlipwayError ? error : unreadable(file, error);
  } finally {
    await spool.close();
    await handle.close().catch(() => undefined);
  }
}

function typed(name: string, type: ColumnType | undefined): [string, ColumnType][] {
  return type === undefined || name === '' ? [] : [[name, type]];
}

function cell(text: string, lone: boolean): string {
  if (text === '\\N' || (lone && text === '')) return `"${text}"`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

interface Converter {
  readonly text: (value: unknown) => string;
  /** Asked when all is written. Undefined: the reader finds out. */
  readonly type: () => ColumnType | undefined;
}

function converterOf(type: DataType, { DataType: is }: Arrow): Converter {
  const of = (kind: ColumnType | undefined, text: (value: never) => string): Converter => ({
    text: text as Converter['text'],
    type: () => kind,
  });
  if (is.isDictionary(type)) return converterOf(type.dictionary as DataType, { DataType: is } as Arrow);
  if (is.isInt(type)) return of(type.bitWidth === 64 ? undefined : 'integer', String);
  if (is.isFloat(type)) return of('number', String);
  if (is.isBool(type)) return of('boolean', String);
  if (is.isDecimal(type)) return decimalConverter(type.scale);
  if (is.isDate(type))
    return of('date', (value: number | Date) => new Date(value).toISOString().slice(0, 10));
  if (is.isTimestamp(type))
    return of('timestamp', (value: number) => new Date(Math.floor(value)).toISOString());
  if (is.isBinary(type) || is.isFixedSizeBinary(type) || is.isLargeBinary(type))
    return of('string', (value: Uint8Array) => Buffer.from(value).toString('hex').toUpperCase());
  if (is.isUtf8(type) || is.isLargeUtf8(type)) return of('string', String);
  return of('string', (value: unknown) => (typeof value === 'object' ? json(value) : String(value)));
}

/** A number where every value has at most 15 digits, and text where a double would change one. */
function decimalConverter(scale: number): Converter {
  let exact = true;
  return {
    text: (value) => {
      const digits = signed128(value as Uint32Array);
      const negative = digits < 0n;
      const text = String(negative ? -digits : digits);
      if (text.length > EXACT_DIGITS) exact = false;
      const padded = text.padStart(scale + 1, '0');
      const whole =
        scale > 0 ? `${padded.slice(0, -scale)}.${padded.slice(-scale)}` : `${text}${'0'.repeat(-scale)}`;
      return negative ? `-${whole}` : whole;
    },
    type: () => (exact ? 'number' : 'string'),
  };
}

/** Words of 32 bits, least first, in two's complement. */
function signed128(words: Uint32Array): bigint {
  let value = 0n;
  for (let i = words.length - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[i]! >>> 0);
  return BigInt.asIntN(words.length * 32, value);
}

function json(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
}

function unreadable({ fileName, uri }: FetchedFile, cause: unknown): SlipwayError {
  return new SlipwayError('SOURCE_UNREADABLE', {
    message: `${basename(fileName)} cannot be read as Arrow: ${cause instanceof Error ? cause.message : String(cause)}`,
    fix: 'Check that it is whole, and write it without compression of its buffers, or as Parquet.',
    details: { uri },
    cause,
  });
}
