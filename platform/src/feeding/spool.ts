import { type FileHandle, open } from 'node:fs/promises';

const FLUSH_BYTES = 1 << 20;

/** A text file for DuckDB, filled by a synchronous producer that awaits `drain` between chunks: few large writes, one buffer. */
export class Spool {
  readonly path: string;
  private readonly file: FileHandle;
  private buffer = Buffer.allocUnsafeSlow(4 * FLUSH_BYTES);
  private used = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  static async open(path: string): Promise<Spool> {
    return new Spool(path, await open(path, 'w', 0o600));
  }

  write(bytes: Uint8Array): void {
    this.makeRoom(bytes.length);
    this.buffer.set(bytes, this.used);
    this.used += bytes.length;
  }

  writeText(text: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8.
    this.makeRoom(text.length * 3);
    this.used += this.buffer.write(text, this.used);
  }

  async drain(): Promise<void> {
    if (this.used >= FLUSH_BYTES) await this.flush();
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }

  private makeRoom(bytes: number): void {
    if (this.used + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.used + bytes, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }

  private async flush(): Promise<void> {
    for (let offset = 0; offset < this.used; ) {
      const { bytesWritten } = await this.file.write(this.buffer, offset, this.used - offset);
      offset += bytesWritten;
    }
    this.used = 0;
  }
}
