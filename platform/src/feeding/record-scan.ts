import { isUtf8 } from 'node:buffer';
import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { LIMITS } from '../kernel/limits.ts';
import { INCOMPLETE, type RecordParser } from './record-parser.ts';

export type RowProblem =
  | 'UNCLOSED_QUOTE'
  | 'BAD_QUOTING'
  | 'INVALID_UTF8'
  | 'NUL_BYTE'
  | 'TOO_FEW_FIELDS'
  | 'TOO_MANY_FIELDS'
  | 'LINE_TOO_LONG';

/** One record of the source, valid only during the call: `parser` holds its fields, `buffer` its bytes. */
export interface ScannedRecord {
  readonly buffer: Buffer;
  readonly parser: RecordParser;
  /** Bytes [start, next) of `buffer` are the record with its line end. */
  start: number;
  next: number;
  /** Position of `start` in the source. */
  byteOffset: number;
  /** 1-based; the header is not counted. */
  record: number;
  problem: RowProblem | undefined;
}

/** Takes plain records out of a buffer of its own, see `SurveyKernel`. */
export interface ScanKernel {
  readonly buffer: Buffer;
  grow(bytes: number): void;
  survey(at: number, limit: number): { at: number; records: number };
}

export interface ScanOptions {
  readonly path: string;
  readonly parser: RecordParser;
  /** Fields a record must have. */
  readonly columns: number;
  /** Bytes before the first record (byte-order mark) and whether a header record follows them. */
  readonly skipBytes: number;
  readonly header: boolean;
  /** Takes every byte of the file, also those skipped. */
  readonly hash?: Hash;
  readonly onRecord: (record: ScannedRecord) => void;
  /** Takes plain records, which are then counted in it and not given to `onRecord`. Not for files whose records end with returns. */
  readonly kernel?: ScanKernel;
  /** Called with bytes [start, next) of whole records that the kernel took. */
  readonly onPlain?: (buffer: Buffer, start: number, next: number) => void;
  /** Called after each chunk, awaited. */
  readonly onChunk?: (records: number, bytes: number) => Promise<void> | void;
}

const CHUNK_BYTES = 1 << 20;
/** Room that a kernel needs to begin with. */
export const SCAN_BUFFER_BYTES = 2 * CHUNK_BYTES;
/** Where some bytes are bad, stretches of this size without any still go to the kernel. */
const STRETCH_BYTES = 1 << 14;
const NEWLINE = 0x0a;

/**
 * Reads a delimited file record by record in bounded memory (a record above `LIMITS.sourceLineBytesMax` is skipped and reported).
 *
 * @returns records, problem records included: the independent count that rows + quarantined must equal
 */
export async function scanRecords(options: ScanOptions): Promise<number> {
  const scan = new Scan(options);
  const file = await open(options.path, 'r');
  try {
    for (let position = 0; ; ) {
      scan.makeRoom();
      const { bytesRead } = await file.read(scan.buffer, scan.end, CHUNK_BYTES, position);
      options.hash?.update(scan.buffer.subarray(scan.end, scan.end + bytesRead));
      position += bytesRead;
      scan.end += bytesRead;
      if (scan.begun(position)) scan.consume(bytesRead === 0);
      await options.onChunk?.(scan.records, position);
      if (bytesRead === 0) return scan.records;
    }
  } finally {
    await file.close();
  }
}

/** States: reading records; or skipping to the next line end after a record that was too long. */
class Scan {
  buffer: Buffer;
  end = 0;
  records = 0;
  private at = 0;
  private skipping = false;
  private headerPending: boolean;
  private skipPending: number;
  /** Position in the source of buffer[0]. */
  private base = 0;
  private readonly options: ScanOptions;

  constructor(options: ScanOptions) {
    this.options = options;
    this.buffer = options.kernel?.buffer ?? Buffer.allocUnsafeSlow(SCAN_BUFFER_BYTES);
    this.headerPending = options.header;
    this.skipPending = options.skipBytes;
  }

  /** Moves the unread rest to the front, and grows when a long record fills the buffer. */
  makeRoom(): void {
    const rest = this.end - this.at;
    if (this.at > 0) {
      this.buffer.copyWithin(0, this.at, this.end);
      this.base += this.at;
      this.at = 0;
      this.end = rest;
    }
    if (this.buffer.length - this.end >= CHUNK_BYTES) return;
    const { kernel } = this.options;
    if (kernel !== undefined) {
      kernel.grow(this.buffer.length * 2);
      this.buffer = kernel.buffer;
      return;
    }
    const grown = Buffer.allocUnsafeSlow(this.buffer.length * 2);
    this.buffer.copy(grown, 0, 0, this.end);
    this.buffer = grown;
  }

  /** Drops the byte-order mark once it is there. */
  begun(position: number): boolean {
    if (this.skipPending === 0) return true;
    if (position < this.skipPending) return false;
    this.at = this.skipPending;
    this.skipPending = 0;
    return true;
  }

  consume(final: boolean): void {
    const { options, buffer, end } = this;
    const { parser, columns } = options;
    if (this.skipping && !this.skipLine(final)) return;
    const region = buffer.subarray(this.at, end);
    const suspicious = isSuspicious(region);
    const plain = new PlainStretches(this.at, this.end, buffer, suspicious);
    const record: ScannedRecord = {
      buffer,
      parser,
      start: 0,
      next: 0,
      byteOffset: 0,
      record: 0,
      problem: undefined,
    };
    while (this.at < end) {
      if (options.kernel !== undefined && !this.headerPending) {
        this.takePlain(options.kernel, plain.limit(this.at));
        if (this.at >= end) break;
      }
      let next = parser.parse(buffer, this.at, end, final);
      if (next === INCOMPLETE) {
        if (end - this.at <= LIMITS.sourceLineBytesMax) return;
        next = this.tooLong(record);
        if (this.skipping) return;
      } else record.problem = parser.problem;
      if (parser.blank && record.problem === undefined) {
        this.at = next;
        continue;
      }
      if (record.problem === undefined && parser.count !== columns && !this.headerPending) {
        record.problem = parser.count < columns ? 'TOO_FEW_FIELDS' : 'TOO_MANY_FIELDS';
      }
      if (suspicious) record.problem = badBytes(buffer.subarray(this.at, next)) ?? record.problem;
      this.emit(record, next);
    }
  }

  /** Hands records in [at, limit) to the kernel, as far as they are plain. */
  private takePlain(kernel: ScanKernel, limit: number): void {
    if (limit <= this.at) return;
    const { at, records } = kernel.survey(this.at, limit);
    if (at > this.at) this.options.onPlain?.(this.buffer, this.at, at);
    this.at = at;
    this.records += records;
  }

  private emit(record: ScannedRecord, next: number): void {
    record.start = this.at;
    record.next = next;
    record.byteOffset = this.base + this.at;
    this.at = next;
    if (this.headerPending) {
      this.headerPending = false;
      record.problem = undefined;
      return;
    }
    this.records++;
    record.record = this.records;
    this.options.onRecord(record);
    record.problem = undefined;
  }

  /** The record does not end within the limit: a quote that never closes costs its line, a long line costs itself. */
  private tooLong(record: ScannedRecord): number {
    const { parser } = this.options;
    const lineEnd = this.buffer.indexOf(NEWLINE, this.at);
    if (lineEnd >= 0 && lineEnd < this.end) {
      record.problem = 'UNCLOSED_QUOTE';
      return parser.fail('UNCLOSED_QUOTE', this.buffer, this.at, this.end);
    }
    record.problem = 'LINE_TOO_LONG';
    parser.count = 0;
    this.skipping = true;
    this.emit(record, this.end);
    return this.end;
  }

  private skipLine(final: boolean): boolean {
    const lineEnd = this.buffer.indexOf(NEWLINE, this.at);
    if (lineEnd < 0 || lineEnd >= this.end) {
      this.at = this.end;
      return final;
    }
    this.at = lineEnd + 1;
    this.skipping = false;
    return true;
  }
}

/** How far from a position on the bytes are whole lines of good UTF-8: the whole region, as a rule. */
export class PlainStretches {
  private readonly buffer: Buffer;
  private readonly linesEnd: number;
  private readonly suspicious: boolean;
  /** What was found last: [from, to) is good, or is not. */
  private from = -1;
  private to = -1;
  private good = false;

  constructor(at: number, end: number, buffer: Buffer, suspicious: boolean) {
    this.buffer = buffer;
    this.linesEnd = at >= end ? at : Math.max(at, buffer.lastIndexOf(NEWLINE, end - 1) + 1);
    // The region may only end in the middle of a character.
    this.suspicious = suspicious && isSuspicious(buffer.subarray(at, this.linesEnd));
  }

  /** Where the good lines that begin at `at` end; `at` when the first of them is not good. */
  limit(at: number): number {
    if (!this.suspicious || at >= this.linesEnd) return Math.max(at, this.linesEnd);
    if (at < this.from || at >= this.to) {
      this.from = at;
      const lineEnd = this.buffer.indexOf(NEWLINE, Math.min(at + STRETCH_BYTES, this.linesEnd - 1));
      this.to = lineEnd + 1;
      this.good = !isSuspicious(this.buffer.subarray(at, this.to));
    }
    return this.good ? this.to : at;
  }
}

export function isSuspicious(bytes: Buffer): boolean {
  return bytes.includes(0) || !isUtf8(bytes);
}

function badBytes(bytes: Buffer): RowProblem | undefined {
  if (bytes.includes(0)) return 'NUL_BYTE';
  return isUtf8(bytes) ? undefined : 'INVALID_UTF8';
}
