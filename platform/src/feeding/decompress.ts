import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { unreadable } from './source-format.ts';
import type { Compression } from './types.ts';

/** Unpacked bytes may be this many times the packed ones, beyond a first gigabyte: more is a bomb, not a table. */
const RATIO_MAX = 200;
const FREE_BYTES = 1024 ** 3;

/** The digest of the source's own bytes, and a file with its unpacked text. */
export async function unpack(
  path: string,
  options: { readonly compression: Compression; readonly workDir: string; readonly fileName: string },
): Promise<{ path: string; digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  if (options.compression === 'none') {
    await pipeline(source, count, discard());
    return { path, digest: digestOf(hash), bytes };
  }
  const target = join(options.workDir, 'unpacked');
  const unpacker = options.compression === 'gzip' ? createGunzip() : zstdStream();
  try {
    await pipeline(
      source,
      count,
      unpacker,
      limited(() => bytes),
      createWriteStream(target),
    );
  } catch (error) {
    if (error instanceof SlipwayError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw unreadable(
      options.fileName,
      `its ${options.compression} packing is broken (${why})`,
      'Download or pack the file again.',
    );
  }
  return { path: target, digest: digestOf(hash), bytes };
}

function digestOf(hash: Hash): string {
  return hash.digest('hex');
}

function discard(): Transform {
  return new Transform({ transform: (_chunk, _encoding, done) => done(), flush: (done) => done() }).resume();
}

function zstdStream(): Transform {
  let push: (chunk: Uint8Array) => void = () => undefined;
  const decompressor = new Decompress((chunk) => push(chunk));
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      push = (out) => this.push(out);
      try {
        decompressor.push(chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      push = (out) => this.push(out);
      try {
        decompressor.push(new Uint8Array(0), true);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function limited(packedBytes: () => number): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      total += chunk.length;
      const allowed = Math.min(LIMITS.uploadBytesMax, FREE_BYTES + packedBytes() * RATIO_MAX);
      if (total <= allowed) return done(null, chunk);
      done(
        new SlipwayError('LIMIT_EXCEEDED', {
          message: `the source unpacks to more than ${RATIO_MAX} times its size`,
          fix: 'Unpack it yourself if it really is that large.',
        }),
      );
    },
  });
}
