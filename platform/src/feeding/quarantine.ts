import { type FileHandle, open } from 'node:fs/promises';
import type { QuarantinedRow } from '../contracts/datasets.ts';
import { LIMITS } from '../kernel/limits.ts';

export interface Rejection {
  /** 1-based record number in the source. */
  readonly record: number;
  readonly byteOffset: number;
  readonly reason: string;
  readonly message: string;
  readonly column?: string;
  /** The record as it came, its line end included; empty for a line beyond the limit, whose bytes stay in the source. */
  readonly bytes: Uint8Array;
}

const EXCERPT_CHARS = 2000;
const SAMPLE_ROWS = 100;
const BUFFER_CHARS = 1 << 20;

/** Writes refused rows with their exact bytes as NDJSON, and keeps counts by reason and the first rows for people. */
export class Quarantine {
  readonly path: string;
  count = 0;
  readonly sample: QuarantinedRow[] = [];
  private readonly reasons = new Map<string, number>();
  private pending: string[] = [];
  private pendingChars = 0;
  private file: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  add(rejection: Rejection): void {
    const { bytes, ...facts } = rejection;
    this.count++;
    this.reasons.set(facts.reason, (this.reasons.get(facts.reason) ?? 0) + 1);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const line = `${JSON.stringify({ ...facts, bytes: buffer.toString('base64') })}\n`;
    this.pending.push(line);
    this.pendingChars += line.length;
    if (this.sample.length < Math.min(SAMPLE_ROWS, LIMITS.quarantineSampleMax)) {
      // Four bytes are the longest character: no more of the record can be in the excerpt.
      const excerpt = buffer.toString('utf8', 0, EXCERPT_CHARS * 4).slice(0, EXCERPT_CHARS);
      this.sample.push({ ...facts, excerpt });
    }
  }

  /** To be awaited between chunks, so that memory stays bounded. */
  async drain(): Promise<void> {
    if (this.pendingChars >= BUFFER_CHARS) await this.flush();
  }

  private async flush(): Promise<void> {
    if (this.pending.length === 0) return;
    this.file ??= await open(this.path, 'w', 0o600);
    const text = this.pending.join('');
    this.pending = [];
    this.pendingChars = 0;
    await this.file.appendFile(text);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.file?.close();
    this.file = undefined;
  }

  /** Most frequent first. */
  counts(): { reason: string; count: number }[] {
    return [...this.reasons]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }
}
