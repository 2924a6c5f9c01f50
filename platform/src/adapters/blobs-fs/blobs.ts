import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../kernel/canonical-json.ts';
import { defineErrors, SlipwayError, toSlipwayError } from '../../kernel/errors.ts';
import type { BlobRef, BlobStore } from '../../ports/blobs.ts';

defineErrors({
  BLOB_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no blob with this digest' },
  BLOB_CORRUPT: { status: 500, exit: 1, kind: 'operating', title: 'A stored blob no longer has its digest' },
});

const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Content-addressed files: `<root>/<first two hex digits>/<digest>`. A blob appears under its name only when its bytes are on
 * the disk: temporary name in the same folder tree, fsync, rename, fsync of the folder.
 */
export function createFsBlobs(root: string): BlobStore {
  const pathOf = (digest: string) => {
    if (!DIGEST.test(digest)) {
      throw new SlipwayError('BLOB_NOT_FOUND', {
        message: `'${digest.slice(0, 80)}' is not a sha256`,
        fix: 'Send 64 lower-case hex digits.',
      });
    }
    return join(root, digest.slice(0, 2), digest);
  };
  const existing = async (digest: string): Promise<BlobRef | undefined> => {
    const info = await stat(pathOf(digest)).catch(() => undefined);
    return info === undefined ? undefined : { digest, bytes: info.size };
  };
  const write = (stream: AsyncIterable<Uint8Array>, options: { bytesMax: number; expect?: string }) =>
    writeStream({ root, pathOf, existing, stream, ...options });
  return {
    put: async (data) =>
      (await touched(pathOf, await existing(sha256(data)))) ??
      write(oneChunk(data), { bytesMax: data.length }),
    putFile: async (path, options) => {
      if (options?.consume && (await sameFileSystem(path, root)))
        return moveIn(path, { root, pathOf, existing });
      const ref = await write(readStream(path), { bytesMax: Number.MAX_SAFE_INTEGER });
      if (options?.consume) await rm(path, { force: true });
      return ref;
    },
    putStream: (stream, options) => write(stream, options),
    get: async (digest) => {
      const bytes = await readFile(pathOf(digest)).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? notFound(digest) : error;
      });
      if (sha256(bytes) !== digest) throw corrupt(digest);
      return bytes;
    },
    localPath: async (digest) => {
      if ((await existing(digest)) === undefined) throw notFound(digest);
      return pathOf(digest);
    },
    has: async (digest) => (await existing(digest)) !== undefined,
    size: async (digest) => (await existing(digest))?.bytes,
    delete: async (digest, options) => removeBlob(pathOf(digest), options?.untouchedMs),
    list: () => listBlobs(root),
  };
}

/** A blob that is put again is wanted by somebody: garbage collection leaves it for a while. */
async function touched(
  pathOf: (digest: string) => string,
  known: BlobRef | undefined,
): Promise<BlobRef | undefined> {
  if (known === undefined) return undefined;
  const now = new Date();
  try {
    await utimes(pathOf(known.digest), now, now);
    return known;
  } catch {
    // Removed in this moment: it has to be written.
    return undefined;
  }
}

async function removeBlob(path: string, untouchedMs: number | undefined): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return false;
  if (untouchedMs !== undefined && Date.now() - info.mtimeMs < untouchedMs) return false;
  await rm(path, { force: true });
  return true;
}

async function* oneChunk(data: Uint8Array): AsyncIterable<Uint8Array> {
  yield data;
}

function readStream(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: 1 << 20 });
}

async function sameFileSystem(path: string, root: string): Promise<boolean> {
  await mkdir(root, { recursive: true });
  return (await stat(path)).dev === (await stat(root)).dev;
}

interface Placement {
  readonly root: string;
  readonly pathOf: (digest: string) => string;
  readonly existing: (digest: string) => Promise<BlobRef | undefined>;
}

/** A finished file of this machine becomes the blob itself: read once, never written again. */
async function moveIn(path: string, place: Placement): Promise<BlobRef> {
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of readStream(path)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    const digest = hash.digest('hex');
    if ((await touched(place.pathOf, await place.existing(digest))) !== undefined) {
      await rm(path, { force: true });
      return { digest, bytes };
    }
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await nameBlob(path, digest, place);
    return { digest, bytes };
  } catch (error) {
    throw toSlipwayError(error);
  }
}

/** The rename is what makes the blob exist; the folders are synced so that it survives a power cut. */
async function nameBlob(from: string, digest: string, place: Placement): Promise<void> {
  const path = place.pathOf(digest);
  const made = await mkdir(dirname(path), { recursive: true });
  await rename(from, path);
  await syncFolder(dirname(path));
  if (made !== undefined) await syncFolder(place.root);
}

interface WriteRequest extends Placement {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly bytesMax: number;
  readonly expect?: string;
}

async function writeStream(request: WriteRequest): Promise<BlobRef> {
  const temporary = join(request.root, `.new-${randomBytes(8).toString('hex')}`);
  let file: FileHandle | undefined;
  try {
    await mkdir(request.root, { recursive: true });
    file = await open(temporary, 'wx', 0o600);
    const { digest, bytes } = await copyHashed(request, file);
    if (request.expect !== undefined && request.expect !== digest) throw mismatch(request.expect, digest);
    const known = await touched(request.pathOf, await request.existing(digest));
    if (known !== undefined) return known;
    await file.sync();
    await file.close();
    file = undefined;
    await nameBlob(temporary, digest, request);
    return { digest, bytes };
  } catch (error) {
    throw toSlipwayError(error);
  } finally {
    await file?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function copyHashed(request: WriteRequest, file: FileHandle): Promise<BlobRef> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request.stream) {
    bytes += chunk.length;
    if (bytes > request.bytesMax) {
      throw new SlipwayError('LIMIT_EXCEEDED', {
        message: `more than ${request.bytesMax} bytes were sent`,
        fix: 'Send a smaller file, or name a path on the server.',
      });
    }
    hash.update(chunk);
    await writeWhole(file, chunk);
  }
  return { digest: hash.digest('hex'), bytes };
}

/** A write may be short (a disk that fills up): the rest is written until an error says why it can't be. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, offset, chunk.length - offset);
    offset += bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function* listBlobs(root: string): AsyncIterable<BlobRef> {
  if ((await stat(root).catch(() => undefined)) === undefined) return;
  for await (const shard of await opendir(root)) {
    if (!shard.isDirectory()) continue;
    for await (const entry of await opendir(join(root, shard.name))) {
      if (!DIGEST.test(entry.name)) continue;
      yield { digest: entry.name, bytes: (await stat(join(root, shard.name, entry.name))).size };
    }
  }
}

function notFound(digest: string): SlipwayError {
  return new SlipwayError('BLOB_NOT_FOUND', {
    message: `there is no blob ${digest}`,
    fix: 'Upload it first.',
    details: { digest },
  });
}

function corrupt(digest: string): SlipwayError {
  return new SlipwayError('BLOB_CORRUPT', {
    message: `blob ${digest} no longer has its digest`,
    fix: 'Restore the home folder from a copy; check the disk.',
    details: { digest },
  });
}

function mismatch(expected: string, digest: string): SlipwayError {
  return new SlipwayError('CONFLICT', {
    message: `the bytes have digest ${digest}, not ${expected}`,
    fix: 'Send the file again: it changed or broke on the way.',
    details: { expected, digest },
  });
}
