import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';

/** One record of a JSON source, valid only during the call. */
export interface JsonRecord {
  readonly bytes: Buffer;
  readonly byteOffset: number;
  /** 1-based. */
  readonly record: number;
  /** The record is longer than a line may be; `bytes` is empty. */
  readonly tooLong: boolean;
}

export interface JsonScan {
  readonly path: string;
  readonly fileName: string;
  readonly kind: 'json' | 'ndjson';
  readonly hash?: Hash;
  readonly onRecord: (record: JsonRecord) => void;
  readonly onChunk?: (records: number, bytes: number) => Promise<void> | void;
}

const CHUNK_BYTES = 1 << 20;
const INCOMPLETE = -1;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * Cuts a JSON array into its elements, or NDJSON into its lines, in bounded memory and without parsing.
 *
 * @returns records, unreadable ones included
 * @throws NOT_A_TABLE when an array is broken outside its elements or ends too early
 */
export async function scanJson(options: JsonScan): Promise<number> {
  const cutter = options.kind === 'json' ? new ArrayCutter(options) : new LineCutter(options);
  const file = await open(options.path, 'r');
  try {
    let buffer = Buffer.allocUnsafeSlow(2 * CHUNK_BYTES);
    let end = 0;
    for (let position = 0; ; ) {
      if (buffer.length - end < CHUNK_BYTES) buffer = grown(buffer, end);
      const { bytesRead } = await file.read(buffer, end, CHUNK_BYTES, position);
      options.hash?.update(buffer.subarray(end, end + bytesRead));
      position += bytesRead;
      end += bytesRead;
      const used = cutter.cut(buffer.subarray(0, end), bytesRead === 0);
      buffer.copyWithin(0, used, end);
      end -= used;
      await options.onChunk?.(cutter.records, position);
      if (bytesRead === 0) return cutter.records;
    }
  } finally {
    await file.close();
  }
}

function grown(buffer: Buffer, end: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
  buffer.copy(larger, 0, 0, end);
  return larger;
}

/** A UTF-8 byte-order mark at the very front is no part of the first record. */
export function bomLength(bytes: Buffer, base: number): number {
  return base === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

class LineCutter {
  records = 0;
  private base = 0;
  private skipping = false;
  private readonly options: JsonScan;

  constructor(options: JsonScan) {
    this.options = options;
  }

  cut(bytes: Buffer, final: boolean): number {
    let at = bomLength(bytes, this.base);
    while (at < bytes.length) {
      const found = bytes.indexOf(NEWLINE, at);
      const stop = found < 0 ? bytes.length : found + 1;
      if (found < 0 && !final) {
        if (!this.skipping && stop - at <= LIMITS.sourceLineBytesMax) break;
        if (!this.skipping) this.emit(Buffer.alloc(0), at, true);
        this.skipping = true;
        at = stop;
        break;
      }
      if (this.skipping) this.skipping = false;
      else if (!isBlank(bytes, at, stop)) this.emit(bytes.subarray(at, stop), at, false);
      at = stop;
    }
    this.base += at;
    return at;
  }

  private emit(bytes: Buffer, at: number, tooLong: boolean): void {
    this.records++;
    this.options.onRecord({ bytes, byteOffset: this.base + at, record: this.records, tooLong });
  }
}

export function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isSpace(bytes[at]!)) return false;
  return true;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
}

/** States: before the array; before an element (or the end); after an element; after the array. */
class ArrayCutter {
  records = 0;
  private base = 0;
  private state: 'outside' | 'element' | 'separator' | 'done' = 'outside';
  private readonly options: JsonScan;

  constructor(options: JsonScan) {
    this.options = options;
  }

  cut(bytes: Buffer, final: boolean): number {
    let at = bomLength(bytes, this.base);
    for (;;) {
      while (at < bytes.length && isSpace(bytes[at]!)) at++;
      if (at >= bytes.length) break;
      const byte = bytes[at]!;
      if (this.state === 'element' && !(byte === CLOSE && this.records === 0)) {
        const stop = elementEnd(bytes, at, final);
        if (stop === INCOMPLETE) {
          if (bytes.length - at > LIMITS.sourceLineBytesMax)
            throw this.broken(at, 'is longer than a record may be');
          break;
        }
        this.records++;
        const span = { byteOffset: this.base + at, record: this.records, tooLong: false };
        this.options.onRecord({ bytes: bytes.subarray(at, stop), ...span });
        this.state = 'separator';
        at = stop;
        continue;
      }
      this.step(byte, at);
      at++;
    }
    if (final && this.state !== 'done') throw this.broken(at, 'is where the file ends, inside the array');
    this.base += at;
    return at;
  }

  private step(byte: number, at: number): void {
    if (this.state === 'outside' && byte === OPEN) this.state = 'element';
    else if (this.state === 'separator' && byte === COMMA) this.state = 'element';
    else if ((this.state === 'separator' || this.state === 'element') && byte === CLOSE) this.state = 'done';
    else throw this.broken(at, `holds ${JSON.stringify(String.fromCharCode(byte))} where it may not be`);
  }

  private broken(at: number, how: string): SlipwayError {
    return new SlipwayError('NOT_A_TABLE', {
      message: `${this.options.fileName} is not a whole JSON array: byte ${this.base + at} ${how}, after record ${this.records}`,
      fix: 'Write the file again, or give one JSON object a line (NDJSON): there one broken record costs only itself.',
    });
  }
}

/** Where the element that begins at `from` ends: at the comma or bracket that belongs to the array around it. */
function elementEnd(bytes: Buffer, from: number, final: boolean): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE: {
        at = stringEnd(bytes, at + 1);
        if (at < 0) return INCOMPLETE;
        break;
      }
      case 0x7b:
      case OPEN:
        depth++;
        break;
      case COMMA:
        if (depth === 0) return at;
        break;
      case 0x7d:
      case CLOSE:
        if (depth === 0) return at;
        depth--;
        if (depth === 0) return at + 1;
        break;
    }
  }
  return final && depth === 0 ? bytes.length : INCOMPLETE;
}

function stringEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at;
  }
  return -1;
}
