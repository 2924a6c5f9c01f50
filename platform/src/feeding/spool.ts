import { type FileHandle, open } from 'node:fs/promises';

const BUFFER_BYTES = 1 << 20;

/** A text file for DuckDB, written in large pieces from a synchronous producer that drains between chunks. */
export class Spool {
  readonly path: string;
  private readonly file: FileHandle;
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  static async open(path: string): Promise<Spool> {
    return new Spool(path, await open(path, 'w', 0o600));
  }

  /** Copies `bytes`: the producer may reuse its buffer. */
  write(bytes: Uint8Array): void {
    this.pieces.push(Uint8Array.prototype.slice.call(bytes));
    this.bytes += bytes.length;
  }

  writeText(text: string): void {
    this.write(Buffer.from(text));
  }

  async drain(): Promise<void> {
    if (this.bytes >= BUFFER_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.pieces.length === 0) return;
    const whole = Buffer.concat(this.pieces);
    this.pieces = [];
    this.bytes = 0;
    for (let offset = 0; offset < whole.length; ) {
      const { bytesWritten } = await this.file.write(whole, offset, whole.length - offset);
      offset += bytesWritten;
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }
}
