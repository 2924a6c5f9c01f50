import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** A batch of rows as it lies in a segment. */
export interface PushEntry {
  readonly offset: number;
  readonly rows: number;
  readonly bytes: number;
  readonly crc: number;
  /** Idempotency key; '' for none. */
  readonly key: string;
  readonly format: 'ndjson' | 'arrow';
  readonly at: number;
}

/** Whole entries of a segment with the place of their bytes, and how many bytes of the file they take. */
export async function readSegment(
  path: string,
): Promise<{ entries: (PushEntry & { readonly body: Buffer })[]; bytes: number }> {
  const data = await readFile(path);
  const entries: (PushEntry & { readonly body: Buffer })[] = [];
  let at = 0;
  while (at < data.length) {
    const lineEnd = data.indexOf(0x0a, at);
    if (lineEnd < 0) break;
    let header: PushEntry;
    try {
      header = JSON.parse(data.toString('utf8', at, lineEnd)) as PushEntry;
    } catch {
      break;
    }
    const end = lineEnd + 1 + header.bytes;
    const body = data.subarray(lineEnd + 1, end);
    if (end > data.length || crc32(body) !== header.crc) break;
    entries.push({ ...header, body });
    at = end;
  }
  return { entries, bytes: at };
}
