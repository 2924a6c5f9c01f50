import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { nearestName } from '../kernel/names.ts';
import type { Compression } from './types.ts';

/** A source whose bytes can be read in any order: the file itself, or its unpacked copy in the work folder. */
export interface PlainSource {
  readonly path: string;
  readonly bytes: number;
  readonly compression: Compression;
  /** sha256 and size of the file as it came, once known. For a plain file the first scan finds the digest. */
  readonly packed: { readonly digest: string | undefined; readonly bytes: number };
}

const GZIP_MAGIC = 0x1f8b;
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * Finds the file, and unpacks it when its first bytes say gzip or zstd (the name has no say).
 *
 * @throws SOURCE_NOT_FOUND with the nearest file name, SOURCE_UNREADABLE, SOURCE_EMPTY, DISK_FULL.
 */
export async function openPlain(
  path: string,
  workDir: string,
  onBytes: (bytes: number, total: number) => void,
): Promise<PlainSource> {
  const bytes = await requireFile(path);
  const compression = await compressionOf(path);
  if (compression === 'none') {
    return { path, bytes, compression, packed: { digest: undefined, bytes } };
  }
  const plain = join(workDir, 'source.plain');
  const { digest, unpacked } = await unpack({ path, plain, compression, total: bytes, onBytes });
  if (unpacked === 0) throw emptySource(path);
  return { path: plain, bytes: unpacked, compression, packed: { digest, bytes } };
}

async function requireFile(path: string): Promise<number> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (info instanceof Error) {
    if (info.code === 'ENOENT' || info.code === 'ENOTDIR') throw await notFound(path);
    throw unreadable(path, info);
  }
  if (!info.isFile()) throw unreadable(path, new Error('it is not a regular file'));
  if (info.size === 0) throw emptySource(path);
  return info.size;
}

async function notFound(path: string): Promise<SlipwayError> {
  // A folder that cannot be listed only costs the suggestion.
  const siblings = await readdir(dirname(path)).catch(() => []);
  const near = nearestName(basename(path), siblings);
  return new SlipwayError('SOURCE_NOT_FOUND', {
    message: `there is no file ${path}`,
    fix: near === undefined ? 'Check the path.' : `Did you mean '${near}'?`,
    details: { path, ...(near === undefined ? {} : { nearest: near }) },
  });
}

function unreadable(path: string, cause: Error): SlipwayError {
  return new SlipwayError('SOURCE_UNREADABLE', {
    message: `${basename(path)} cannot be read: ${cause.message}`,
    fix: 'Check that it is a file, that its permissions allow reading, and that it is complete.',
    details: { path },
    cause,
  });
}

export function emptySource(path: string): SlipwayError {
  return new SlipwayError('SOURCE_EMPTY', {
    message: `${basename(path)} has no rows`,
    fix: 'Give a file with at least one row below its header.',
  });
}

async function compressionOf(path: string): Promise<Compression> {
  const head = await readHead(path, 4);
  if (head.length >= 2 && head.readUInt16BE(0) === GZIP_MAGIC) return 'gzip';
  if (head.length >= 4 && head.readUInt32LE(0) === ZSTD_MAGIC) return 'zstd';
  return 'none';
}

/** The first bytes of a file, at most `bytes`. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: Error) => {
    throw unreadable(path, error);
  });
  try {
    const buffer = Buffer.alloc(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await file.read(buffer, filled, bytes - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await file.close();
  }
}

interface Unpacking {
  readonly path: string;
  readonly plain: string;
  readonly compression: Exclude<Compression, 'none'>;
  readonly total: number;
  readonly onBytes: (bytes: number, total: number) => void;
}

async function unpack(request: Unpacking): Promise<{ digest: string; unpacked: number }> {
  const hash = createHash('sha256');
  let packed = 0;
  const raw = createReadStream(request.path, { highWaterMark: 1 << 20 });
  raw.on('data', (chunk) => {
    hash.update(chunk);
    packed += chunk.length;
    request.onBytes(packed, request.total);
  });
  raw.pause();
  const file = await open(request.plain, 'w', 0o600);
  try {
    const stream: AsyncIterable<Uint8Array> =
      request.compression === 'gzip' ? gunzip(raw) : unzstd(raw as AsyncIterable<Uint8Array>);
    const unpacked = await writeAll(file, stream, request.total);
    return { digest: hash.digest('hex'), unpacked };
  } catch (error) {
    const named = toSlipwayError(error);
    throw named.code === 'INTERNAL' ? unreadable(request.path, error as Error) : named;
  } finally {
    raw.destroy();
    await file.close();
  }
}

function gunzip(raw: Readable): AsyncIterable<Uint8Array> {
  const unzip = createGunzip({ chunkSize: 1 << 18 });
  raw.on('error', (error) => unzip.destroy(error));
  return raw.pipe(unzip);
}

async function* unzstd(raw: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => ready.push(chunk));
  for await (const chunk of raw) {
    decoder.push(chunk);
    yield* ready;
    ready = [];
  }
  // Throws when the last frame is cut off.
  decoder.push(new Uint8Array(0), true);
  yield* ready;
}

async function writeAll(
  file: FileHandle,
  stream: AsyncIterable<Uint8Array>,
  packed: number,
): Promise<number> {
  const { unpackBytesFree, unpackRatioMax, uploadBytesMax } = LIMITS;
  const most = Math.min(uploadBytesMax, Math.max(unpackBytesFree, packed * unpackRatioMax));
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > most) {
      throw new SlipwayError('LIMIT_EXCEEDED', {
        message: `the source has ${packed} bytes and unpacks to more than ${most}`,
        fix:
          most === uploadBytesMax
            ? 'Split it into smaller files.'
            : 'If it is what it should be, unpack it and load the plain file.',
        details: { packed, most },
      });
    }
    for (let offset = 0; offset < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, offset, chunk.length - offset);
      offset += bytesWritten;
    }
  }
  return bytes;
}
