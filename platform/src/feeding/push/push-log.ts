import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { SlipwayError, toSlipwayError } from '../../kernel/errors.ts';
import { killPoint } from '../../kernel/kill-points.ts';
import { PUSH_LIMITS, type PushLimits } from './limits.ts';
import { type PushEntry, readSegment } from './segment.ts';

export interface Segment {
  readonly path: string;
  readonly from: number;
  /** First offset after it. */
  to: number;
  bytes: number;
}

interface Waiting {
  readonly header: Omit<PushEntry, 'offset'>;
  readonly body: Uint8Array;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

const KEYS_FILE = 'keys.ndjson';
const SEGMENT = /^(\d{16})\.seg$/;

/**
 * Rows that were pushed, durable before they are acknowledged. One folder per data set:
 *
 * - `<first offset>.seg`: entries, each a line of JSON {offset, rows, bytes, crc, key, format} and then its bytes; appended only
 * - `keys.ndjson`: idempotency keys of segments that are gone
 *
 * Writes of one moment share one fsync (group commit). A torn last entry was never acknowledged and is cut off at the next start.
 */
export class PushLog {
  /** Offset of the next row. */
  next = 0;
  /** Rows below it are in a version. */
  loaded = 0;
  segments: Segment[] = [];
  /** When the oldest row that is in no version came. */
  pendingSince: number | undefined;
  private readonly keys = new Map<string, { offset: number; rows: number; at: number }>();
  private file: FileHandle | undefined;
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private writing: Promise<void> | undefined;
  private broken: unknown;
  private readonly folder: string;
  private readonly now: () => number;
  private readonly limits: PushLimits;

  private constructor(folder: string, now: () => number, limits: PushLimits) {
    this.folder = folder;
    this.now = now;
    this.limits = limits;
  }

  /** @param loaded offset up to which rows are in a version: what the database says */
  static async open(
    folder: string,
    loaded: number,
    now: () => number,
    limits = PUSH_LIMITS,
  ): Promise<PushLog> {
    await mkdir(folder, { recursive: true });
    const log = new PushLog(folder, now, limits);
    await log.recover(loaded);
    return log;
  }

  get pendingRows(): number {
    return this.next - this.loaded;
  }

  get pendingBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** The entry that was acknowledged under this key. */
  known(key: string): { offset: number; rows: number } | undefined {
    const found = key === '' ? undefined : this.keys.get(key);
    return found === undefined || found.at < this.now() - this.limits.keyMs ? undefined : found;
  }

  /**
   * @returns the offset of the first row, once the bytes are on the disk
   * @throws PUSH_BACKLOG when more is waiting than may, DISK_FULL
   */
  append(header: Omit<PushEntry, 'offset' | 'crc' | 'bytes' | 'at'>, body: Uint8Array): Promise<number> {
    if (this.broken !== undefined) return Promise.reject(toSlipwayError(this.broken));
    if (
      this.waitingBytes + body.length > this.limits.waitingBytesMax ||
      this.pendingBytes > this.limits.pendingBytesMax
    )
      return Promise.reject(backlog(this.pendingRows));
    const full = { ...header, bytes: body.length, crc: crc32(body), at: this.now() };
    this.waitingBytes += body.length;
    return new Promise<number>((resolve, reject) => {
      this.waiting.push({ header: full, body, resolve, reject });
      this.writing ??= this.drain();
    });
  }

  /** Writes all that waits, one fsync for each round, until nothing waits. */
  private async drain(): Promise<void> {
    // Whoever asks in the same turn of the event loop shares the write.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const placed = batch.map((entry) => ({ entry, offset: 0, again: false }));
      try {
        await this.write(placed);
        for (const { entry, offset } of placed) entry.resolve(offset);
      } catch (error) {
        await this.repair(error);
        for (const { entry } of placed) entry.reject(toSlipwayError(error));
      } finally {
        for (const { body } of batch) this.waitingBytes -= body.length;
      }
    }
    this.writing = undefined;
  }

  private async write(placed: { entry: Waiting; offset: number }[]): Promise<void> {
    const segment = await this.current();
    const chunks: Uint8Array[] = [];
    let next = this.next;
    let bytes = 0;
    const fresh: [string, { offset: number; rows: number; at: number }][] = [];
    const inBatch = new Map<string, number>();
    for (const place of placed) {
      const { header, body } = place.entry;
      // The same request twice at the same time: one of them is written.
      const twin =
        header.key === '' ? undefined : (this.keys.get(header.key)?.offset ?? inBatch.get(header.key));
      if (twin !== undefined) {
        place.offset = twin;
        continue;
      }
      place.offset = next;
      const line = Buffer.from(`${JSON.stringify({ offset: next, ...header })}\n`);
      chunks.push(line, body);
      bytes += line.length + body.length;
      next += header.rows;
      if (header.key === '') continue;
      inBatch.set(header.key, place.offset);
      fresh.push([header.key, { offset: place.offset, rows: header.rows, at: header.at }]);
    }
    if (chunks.length === 0) return;
    const file = this.file!;
    await writeAll(file, Buffer.concat(chunks));
    killPoint('push.written');
    await file.datasync();
    killPoint('push.synced');
    this.next = next;
    segment.to = next;
    segment.bytes += bytes;
    this.pendingSince ??= this.now();
    for (const [key, value] of fresh) this.remember(key, value);
  }

  private remember(key: string, value: { offset: number; rows: number; at: number }): void {
    this.keys.set(key, value);
    while (this.keys.size > this.limits.keysMax) this.keys.delete(this.keys.keys().next().value!);
  }

  /** The segment that grows; made when there is none. */
  private async current(): Promise<Segment> {
    const last = this.segments.at(-1);
    if (this.file !== undefined && last !== undefined) return last;
    const path = join(this.folder, `${String(this.next).padStart(16, '0')}.seg`);
    this.file = await open(path, 'a', 0o600);
    const folder = await open(this.folder, 'r');
    await folder.sync().finally(() => folder.close());
    if (last?.from === this.next) return last;
    const segment: Segment = { path, from: this.next, to: this.next, bytes: 0 };
    this.segments.push(segment);
    return segment;
  }

  /** A write that failed half-way: cut back to what was acknowledged, so that nothing torn is in the way of the next one. */
  private async repair(cause: unknown): Promise<void> {
    try {
      const last = this.segments.at(-1);
      if (this.file !== undefined && last !== undefined) await this.file.truncate(last.bytes);
    } catch {
      this.broken = cause;
    }
  }

  /** Ends the growing segment: what is in the others can be loaded while more is pushed. */
  async seal(): Promise<Segment[]> {
    while (this.writing !== undefined) await this.writing;
    // Nothing is awaited between here and the list: what is pushed from now on opens a segment of its own.
    const file = this.file;
    this.file = undefined;
    const sealed = this.segments.filter(({ to, from }) => to > from);
    await file?.close();
    return sealed;
  }

  /** What a version now has: its segments go, their keys stay. */
  async release(upTo: number): Promise<void> {
    this.loaded = Math.max(this.loaded, upTo);
    const gone = this.segments.filter(({ to, from }) => to <= upTo && to > from);
    if (gone.length > 0) await this.keepKeys();
    for (const segment of gone) await rm(segment.path, { force: true });
    this.segments = this.segments.filter((segment) => !gone.includes(segment));
    this.pendingSince = this.next > this.loaded ? this.now() : undefined;
  }

  private async keepKeys(): Promise<void> {
    const since = this.now() - this.limits.keyMs;
    const lines: string[] = [];
    for (const [key, { offset, rows, at }] of this.keys) {
      if (at < since) this.keys.delete(key);
      else lines.push(`${JSON.stringify({ key, offset, rows, at })}\n`);
    }
    const path = join(this.folder, KEYS_FILE);
    await writeFile(`${path}.new`, lines.join(''), { mode: 0o600, flush: true } as object);
    await rename(`${path}.new`, path);
  }

  private async recover(loaded: number): Promise<void> {
    this.loaded = loaded;
    this.next = loaded;
    const keys = await readFile(join(this.folder, KEYS_FILE), 'utf8').catch(() => '');
    for (const line of keys.split('\n')) {
      if (line === '') continue;
      const { key, ...value } = JSON.parse(line) as { key: string; offset: number; rows: number; at: number };
      this.remember(key, value);
      this.next = Math.max(this.next, value.offset + value.rows);
    }
    const names = (await readdir(this.folder)).filter((name) => SEGMENT.test(name)).sort();
    for (const name of names) await this.recoverSegment(join(this.folder, name));
    // Keys of segments that a version has, and that a kill kept from being noted.
    if (this.segments.length < names.length) await this.keepKeys();
    if (this.next > this.loaded) this.pendingSince = this.now();
  }

  private async recoverSegment(path: string): Promise<void> {
    const { entries, bytes } = await readSegment(path);
    for (const { key, offset, rows, at } of entries) if (key !== '') this.remember(key, { offset, rows, at });
    const [first] = entries;
    const last = entries.at(-1);
    if (first === undefined || last === undefined) {
      await rm(path, { force: true });
      return;
    }
    if ((await stat(path)).size > bytes) {
      const file = await open(path, 'r+');
      await file.truncate(bytes).finally(() => file.close());
    }
    const to = last.offset + last.rows;
    this.next = Math.max(this.next, to);
    if (to <= this.loaded) await rm(path, { force: true });
    else this.segments.push({ path, from: first.offset, to, bytes });
  }

  async close(): Promise<void> {
    await this.writing;
    await this.file?.close();
    this.file = undefined;
  }
}

async function writeAll(file: FileHandle, data: Uint8Array): Promise<void> {
  for (let offset = 0; offset < data.length; ) {
    const { bytesWritten } = await file.write(data, offset, data.length - offset);
    offset += bytesWritten;
  }
}

function backlog(rows: number): SlipwayError {
  return new SlipwayError('PUSH_BACKLOG', {
    message: `${rows} pushed rows wait to be loaded: more is refused until some are`,
    fix: 'Send the same rows again after the time in Retry-After, with the same Idempotency-Key.',
    details: { pendingRows: rows, retryAfterSeconds: 1 },
  });
}
