import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute } from 'node:path';
import type { SourceRef } from '../contracts/launch.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import type { BlobStore } from '../ports/blobs.ts';

/** A source that this machine can read, identified by its bytes. */
export interface SourceFile {
  readonly path: string;
  readonly fileName: string;
  readonly digest: string;
  readonly bytes: number;
}

/**
 * Finds the file a caller means and hashes it.
 *
 * @throws LAUNCH_PATH_REFUSED for a path from another machine, LAUNCH_SOURCE_NOT_FOUND (with the nearest file name),
 *   LAUNCH_SOURCE_UNREADABLE for a folder or special file.
 */
export async function openSource(
  source: SourceRef,
  caller: { readonly local: boolean },
  blobs: BlobStore,
): Promise<SourceFile> {
  if (source.digest !== undefined) {
    const path = await blobs.localPath(source.digest);
    return {
      path,
      fileName: basename(source.fileName),
      digest: source.digest,
      bytes: (await stat(path)).size,
    };
  }
  if (source.path === undefined) {
    throw new SlipwayError('USAGE', {
      message: 'the launch names no source',
      fix: 'Send source.path (same machine) or upload the file and send source.digest.',
    });
  }
  if (!caller.local) {
    throw new SlipwayError('LAUNCH_PATH_REFUSED', {
      message: 'a path on the server was named from another machine',
      fix: 'Upload the file first: the slipway command does it by itself when --url is given.',
    });
  }
  if (!isAbsolute(source.path)) {
    throw new SlipwayError('USAGE', {
      message: 'source.path is not absolute',
      fix: 'Send the absolute path of the file.',
    });
  }
  await requireFile(source.path);
  return { path: source.path, fileName: basename(source.fileName), ...(await hashFile(source.path)) };
}

async function requireFile(path: string): Promise<void> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (info instanceof Error) {
    if (info.code !== 'ENOENT' && info.code !== 'ENOTDIR') {
      throw new SlipwayError('LAUNCH_SOURCE_UNREADABLE', {
        message: `${path} cannot be read: ${info.message}`,
        fix: 'Check the permissions of the file and of its folder.',
      });
    }
    const siblings = await readdir(dirname(path)).catch(() => []);
    const near = nearestName(basename(path), siblings);
    throw new SlipwayError('LAUNCH_SOURCE_NOT_FOUND', {
      message: `there is no file ${path}`,
      fix: near === undefined ? 'Check the path.' : `Did you mean '${near}'?`,
      details: { path, ...(near === undefined ? {} : { nearest: near }) },
    });
  }
  if (!info.isFile()) {
    throw new SlipwayError('LAUNCH_SOURCE_UNREADABLE', {
      message: `${path} is not a regular file`,
      fix: 'Name a file with rows (CSV, TSV, NDJSON, JSON or Parquet).',
    });
  }
}

async function hashFile(path: string): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
  }
  return { digest: hash.digest('hex'), bytes };
}
