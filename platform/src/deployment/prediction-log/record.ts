import { crc32 } from 'node:zlib';
import type { DecodedColumn } from '../../tables/coercion.ts';

/**
 * One request as one record: length (u32 LE), CRC-32 (u32 LE), then JSON. Length and checksum make a torn tail recognisable; JSON
 * keeps the log readable in ten years without this program. NaN is written as null.
 */
export interface PredictionRecord {
  readonly revision: number;
  readonly modelDigest: string;
  /** One per row; the first twelve hex digits are the time. */
  readonly ids: readonly string[];
  /** Coerced columns in the order of the coercions. */
  readonly columns: readonly DecodedColumn[];
  /** Row-major rows × outputsPerRow. */
  readonly outputs: Float32Array;
  readonly outputsPerRow: number;
}

export const FRAME_BYTES = 8;
/** No request makes a larger record; a larger length is a torn or foreign tail. */
export const RECORD_BYTES_MAX = 512 * 1024 * 1024;

export function encodeRecord(record: PredictionRecord): Buffer {
  const { revision, modelDigest, ids, columns, outputs, outputsPerRow } = record;
  const json = JSON.stringify({
    r: revision,
    m: modelDigest,
    i: ids,
    c: columns.map((column) => (column instanceof Float64Array ? { n: Array.from(column) } : { s: column })),
    o: Array.from(outputs),
    k: outputsPerRow,
  });
  const bytes = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(FRAME_BYTES + bytes);
  frame.write(json, FRAME_BYTES);
  frame.writeUInt32LE(bytes, 0);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_BYTES)), 4);
  return frame;
}

interface Stored {
  readonly r: number;
  readonly m: string;
  readonly i: string[];
  readonly c: ({ readonly n: (number | null)[] } | { readonly s: string[] })[];
  readonly o: (number | null)[];
  readonly k: number;
}

export function decodePayload(payload: Buffer): PredictionRecord {
  const stored = JSON.parse(payload.toString('utf8')) as Stored;
  return {
    revision: stored.r,
    modelDigest: stored.m,
    ids: stored.i,
    columns: stored.c.map((column) =>
      's' in column ? column.s : Float64Array.from(column.n, (value) => value ?? Number.NaN),
    ),
    outputs: Float32Array.from(stored.o, (value) => value ?? Number.NaN),
    outputsPerRow: stored.k,
  };
}

/** The whole frame at `offset`: its payload's place, or undefined when the bytes end before it does or are damaged. */
export function frameAt(
  bytes: Buffer,
  offset: number,
  verify: boolean,
): { start: number; end: number } | undefined {
  if (offset + FRAME_BYTES > bytes.length) return undefined;
  const length = bytes.readUInt32LE(offset);
  const start = offset + FRAME_BYTES;
  const end = start + length;
  if (length === 0 || length > RECORD_BYTES_MAX || end > bytes.length) return undefined;
  if (verify && crc32(bytes.subarray(start, end)) !== bytes.readUInt32LE(offset + 4)) return undefined;
  return { start, end };
}
