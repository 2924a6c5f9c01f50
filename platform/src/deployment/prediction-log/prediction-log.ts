import {
  close,
  closeSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writev,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { idTimeMs } from '../../kernel/ids.ts';
import { decodePayload, encodeRecord, type PredictionRecord } from './record.ts';
import {
  enforceRetention,
  frameCovering,
  frames,
  repairTail,
  segmentFor,
  segmentName,
  segmentNames,
} from './segments.ts';

export interface PredictionLogOptions {
  readonly clock: Clock;
  /** A segment is closed at this size. Default 64 MiB. */
  readonly segmentBytesMax?: number;
  /** The oldest segments go beyond this. Default 8 GiB. */
  readonly retentionBytesMax?: number;
  /** Told of rows that could not be logged. */
  readonly onGap?: (rows: number, error: Error) => void;
}

/** A record written to the operating system is on the disk at most this much later. */
const FSYNC_MS = 100;
const SEGMENT_BYTES = 64 * 1024 * 1024;
const RETENTION_BYTES = 8 * 1024 ** 3;
/** Records that wait for a stalled disk at most; beyond, they are counted as a gap and serving goes on. */
const WAITING_BYTES_MAX = 256 * 1024 * 1024;

/** A batch up to this size is written on this thread: handing it to another costs more than the copy into the page cache. */
const SYNC_BYTES_MAX = 256 * 1024;
/** After a write that took longer the disk is taken for slow, and writes go to another thread for a while. */
const SLOW_WRITE_MS = 20;
const SLOW_FOR_MS = 5000;

interface OpenSegment {
  readonly fd: number;
  readonly name: string;
  bytes: number;
}

interface Waiting {
  readonly frame: Buffer;
  readonly rows: number;
  readonly timeMs: number;
  readonly resolve: (logged: boolean) => void;
}

/**
 * The durable log of one deployment. `append` resolves when the record is written to the operating system (it survives a kill -9);
 * fsync follows within 100 ms (it survives a power cut). Whatever queued while a write was under way goes into the next one.
 */
export class PredictionLog {
  /** Rows that could not be logged since the start. */
  gapRows = 0;
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private writing = false;
  private file: OpenSegment | undefined;
  private slowUntil = 0;
  private syncTimer: NodeJS.Timeout | undefined;
  private idle: (() => void)[] = [];
  private closed = false;

  constructor(
    private readonly folder: string,
    private readonly options: PredictionLogOptions,
  ) {
    mkdirSync(folder, { recursive: true });
    const newest = segmentNames(folder).at(-1);
    if (newest !== undefined) repairTail(folder, newest);
  }

  /** Whether the record is in the log; false when the disk is full: the gap is counted and serving goes on. */
  append(record: PredictionRecord): Promise<boolean> {
    const frame = encodeRecord(record);
    const rows = record.ids.length;
    if (this.closed || this.waitingBytes + frame.length > WAITING_BYTES_MAX) {
      this.countGap(rows, new Error('the log does not keep up'));
      return Promise.resolve(false);
    }
    this.waitingBytes += frame.length;
    return new Promise((resolve) => {
      this.waiting.push({ frame, rows, timeMs: idTimeMs(record.ids[0]!), resolve });
      this.pump();
    });
  }

  /** Records from a position on, at most about `rowsMax` rows. */
  read(from: string | undefined, rowsMax: number): { records: PredictionRecord[]; next: string } {
    const [startName, startOffset] =
      from === undefined ? ['', 0] : [from.split(':')[0]!, Number(from.split(':')[1])];
    const records: PredictionRecord[] = [];
    let rows = 0;
    let next = from ?? ':0';
    for (const name of segmentNames(this.folder)) {
      if (name < startName) continue;
      const offset = name === startName ? startOffset : 0;
      const bytes = readFrom(join(this.folder, name), offset);
      for (const frame of frames(bytes, 0)) {
        const record = decodePayload(bytes.subarray(frame.start, frame.end));
        records.push(record);
        rows += record.ids.length;
        next = `${name}:${offset + frame.next}`;
        if (rows >= rowsMax) return { records, next };
      }
    }
    return { records, next };
  }

  /** The record that holds this id, and its row. */
  find(id: string): { record: PredictionRecord; row: number } | undefined {
    const timeMs = idTimeMs(id);
    if (Number.isNaN(timeMs)) return undefined;
    const names = segmentNames(this.folder);
    const name = segmentFor(names, timeMs);
    if (name === undefined) return undefined;
    const bytes = readFileSync(join(this.folder, name));
    const position = bytes.indexOf(`"${id}"`);
    const frame = position === -1 ? undefined : frameCovering(bytes, position);
    if (frame === undefined) return undefined;
    const record = decodePayload(bytes.subarray(frame.start, frame.end));
    const row = record.ids.indexOf(id);
    return row === -1 ? undefined : { record, row };
  }

  /** The newest records, newest last, until `rowsMax` rows are covered. `before`: only rows with smaller ids. */
  newest(rowsMax: number, before?: string): PredictionRecord[] {
    const found: PredictionRecord[] = [];
    let rows = 0;
    for (const name of segmentNames(this.folder).reverse()) {
      const bytes = readFileSync(join(this.folder, name));
      const places = [...frames(bytes, 0)].reverse();
      for (const place of places) {
        const record = decodePayload(bytes.subarray(place.start, place.end));
        if (before !== undefined && record.ids[0]! >= before) continue;
        found.push(record);
        rows += record.ids.length;
        if (rows >= rowsMax) return found.reverse();
      }
    }
    return found.reverse();
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.writing || this.waiting.length > 0)
      await new Promise<void>((resolve) => this.idle.push(resolve));
    clearTimeout(this.syncTimer);
    if (this.file === undefined) return;
    const { fd } = this.file;
    this.file = undefined;
    await new Promise<void>((resolve) => fsync(fd, () => close(fd, () => resolve())));
  }

  /** Everything that is appended in one turn of the event loop is one write. */
  private pump(): void {
    if (this.writing) return;
    if (this.waiting.length === 0) {
      for (const resolve of this.idle.splice(0)) resolve();
      return;
    }
    this.writing = true;
    setImmediate(() => this.write());
  }

  private write(): void {
    const batch = this.waiting;
    this.waiting = [];
    let file: OpenSegment;
    try {
      file = this.currentFile(batch[0]!.timeMs);
    } catch (error) {
      this.finish(batch, error as Error);
      return;
    }
    const frames = batch.map((entry) => entry.frame);
    const total = frames.reduce((sum, frame) => sum + frame.length, 0);
    const settle = (error: Error | null, written: number) => {
      if (error !== null || written < total) {
        this.undo(file);
        this.finish(batch, error ?? new Error('the disk took only a part of the record'));
        return;
      }
      file.bytes += total;
      this.scheduleSync(file.fd);
      this.finish(batch, undefined);
    };
    const began = this.options.clock.elapsed();
    if (total > SYNC_BYTES_MAX || began < this.slowUntil) {
      writev(file.fd, frames, null, (error, written) => settle(error, written));
      return;
    }
    try {
      const written = writevSync(file.fd, frames);
      const now = this.options.clock.elapsed();
      if (now - began > SLOW_WRITE_MS) this.slowUntil = now + SLOW_FOR_MS;
      settle(null, written);
    } catch (error) {
      settle(error as Error, 0);
    }
  }

  /** Half a record in front of good ones would hide them: the file goes back to its last whole record. */
  private undo(file: { fd: number; bytes: number }): void {
    try {
      ftruncateSync(file.fd, file.bytes);
    } catch {
      // The next start repairs the tail; until then a new segment is begun.
      this.file = undefined;
    }
  }

  private finish(batch: readonly Waiting[], error: Error | undefined): void {
    this.writing = false;
    for (const entry of batch) {
      this.waitingBytes -= entry.frame.length;
      if (error !== undefined) this.countGap(entry.rows, error);
      entry.resolve(error === undefined);
    }
    this.pump();
  }

  private countGap(rows: number, error: Error): void {
    this.gapRows += rows;
    this.options.onGap?.(rows, error);
  }

  private currentFile(timeMs: number): OpenSegment {
    if (this.file !== undefined && this.file.bytes < (this.options.segmentBytesMax ?? SEGMENT_BYTES))
      return this.file;
    if (this.file !== undefined) {
      closeSync(this.file.fd);
      enforceRetention(this.folder, this.options.retentionBytesMax ?? RETENTION_BYTES);
    }
    const newest = segmentNames(this.folder).at(-1);
    // A new process goes on in the newest segment unless it is full.
    const resume =
      this.file === undefined &&
      newest !== undefined &&
      statSync(join(this.folder, newest)).size < SEGMENT_BYTES;
    const fresh = segmentName(timeMs);
    const name = resume || (newest !== undefined && fresh <= newest) ? newest! : fresh;
    const path = join(this.folder, name);
    this.file = { fd: openSync(path, 'a'), name, bytes: statSync(path).size };
    return this.file;
  }

  private scheduleSync(fd: number): void {
    this.syncTimer ??= setTimeout(() => {
      this.syncTimer = undefined;
      if (this.file?.fd === fd) fsync(fd, (error) => error !== null && this.options.onGap?.(0, error));
    }, FSYNC_MS).unref();
  }
}

function readFrom(path: string, offset: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, statSync(path).size - offset));
    const got = readSync(fd, bytes, 0, bytes.length, offset);
    return bytes.subarray(0, got);
  } finally {
    closeSync(fd);
  }
}

export function unknownPrediction(id: string): SlipwayError {
  return new SlipwayError('PREDICTION_NOT_FOUND', {
    message: `no log of this server holds prediction ${id}`,
    fix: 'Use an id from a reply of this server; logs are kept up to their retention limit.',
    details: { id },
  });
}
