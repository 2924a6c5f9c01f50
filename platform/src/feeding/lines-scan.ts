import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { LIMITS } from '../kernel/limits.ts';
import { bomLength, isBlank, type JsonRecord } from './json-records.ts';
import { type LineKernel, STOP_FULL, STOP_LIMIT } from './lines-kernel.ts';
import { isSuspicious, PlainStretches } from './record-scan.ts';

export interface LineScan {
  readonly path: string;
  readonly kernel: LineKernel;
  readonly hash: Hash | undefined;
  /** Takes every record that the kernel does not. */
  readonly onRecord: (record: JsonRecord) => void;
  /** The kernel's columns are full: they must be emptied. */
  readonly onFull: () => void;
  readonly onChunk: (records: number, bytes: number) => Promise<void> | void;
}

const CHUNK_BYTES = 1 << 20;
/** Room that a kernel needs to begin with. */
export const LINES_BUFFER_BYTES = 2 * CHUNK_BYTES;
const NEWLINE = 0x0a;

/**
 * Reads NDJSON in bounded memory: the same lines as `scanJson`, those that are plain through the kernel.
 *
 * @returns records, unreadable ones included
 */
export async function scanLines(scan: LineScan): Promise<number> {
  const lines = new Lines(scan);
  const { kernel } = scan;
  const file = await open(scan.path, 'r');
  try {
    let end = 0;
    for (let position = 0; ; ) {
      if (kernel.buffer.length - end < CHUNK_BYTES) kernel.grow(kernel.buffer.length * 2);
      const { bytesRead } = await file.read(kernel.buffer, end, CHUNK_BYTES, position);
      scan.hash?.update(kernel.buffer.subarray(end, end + bytesRead));
      position += bytesRead;
      end += bytesRead;
      const used = lines.consume(end, bytesRead === 0);
      kernel.buffer.copyWithin(0, used, end);
      end -= used;
      await scan.onChunk(lines.records, position);
      if (bytesRead === 0) return lines.records;
    }
  } finally {
    await file.close();
  }
}

class Lines {
  records = 0;
  private base = 0;
  private skipping = false;
  private readonly scan: LineScan;

  constructor(scan: LineScan) {
    this.scan = scan;
  }

  /** @returns how many of the bytes [0, end) of the buffer are done with */
  consume(end: number, final: boolean): number {
    const { buffer } = this.scan.kernel;
    const bytes = buffer.subarray(0, end);
    let at = bomLength(bytes, this.base);
    const stretches = new PlainStretches(at, end, buffer, isSuspicious(bytes.subarray(at)));
    while (at < end) {
      if (!this.skipping) {
        at = this.takePlain(at, stretches.limit(at));
        if (at >= end) break;
      }
      const found = bytes.indexOf(NEWLINE, at);
      const stop = found < 0 ? end : found + 1;
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

  /** Hands [at, limit) to the kernel, as far as it is plain. */
  private takePlain(from: number, limit: number): number {
    const { kernel, onFull } = this.scan;
    let at = from;
    while (at < limit) {
      const before = kernel.rows;
      const taken = kernel.load(at, limit);
      this.records += kernel.rows - before;
      at = taken.at;
      if (taken.stop === STOP_LIMIT) break;
      if (taken.stop !== STOP_FULL) return at;
      onFull();
    }
    return at;
  }

  private emit(bytes: Buffer, at: number, tooLong: boolean): void {
    this.records++;
    this.scan.onRecord({ bytes, byteOffset: this.base + at, record: this.records, tooLong });
  }
}
