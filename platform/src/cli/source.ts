import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Client } from '../contracts/client.ts';
import type { SourceRef } from '../contracts/launch.ts';
import { nearestName } from '../kernel/names.ts';
import { CommandError } from './failure.ts';
import { bytesText } from './format.ts';
import type { Io } from './io.ts';

export interface LocalFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
}

/** Finds a file before any server is bothered. Throws exit 3 with the nearest file name, exit 2 for what is no file. */
export async function findFile(given: string): Promise<LocalFile> {
  const path = resolve(given);
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (info instanceof Error) {
    if (info.code !== 'ENOENT' && info.code !== 'ENOTDIR') throw unreadable(path, info.message);
    const near = nearestName(basename(path), await readdir(dirname(path)).catch(() => []));
    throw new CommandError(
      {
        code: 'LAUNCH_SOURCE_NOT_FOUND',
        message: `there is no file ${path}`,
        fix: near === undefined ? 'Check the path.' : `Did you mean '${near}'?`,
        details: { path, ...(near === undefined ? {} : { nearest: near }) },
      },
      3,
    );
  }
  if (!info.isFile()) throw unreadable(path, 'it is not a regular file');
  return { path, bytes: info.size };
}

/** How a server is told of the file: by path on the same machine, else by its bytes, uploaded once. */
export async function sourceFor(
  file: LocalFile,
  { client, remote, io }: { client: Client; remote: boolean; io: Io },
): Promise<SourceRef> {
  const fileName = basename(file.path);
  if (!remote) return { path: file.path, fileName };
  io.status(`hashing ${fileName} (${bytesText(file.bytes)})`);
  const digest = await digestOfFile(file.path);
  io.status(`uploading ${fileName} (${bytesText(file.bytes)})`);
  await client.putBlob(
    digest,
    () => Readable.toWeb(createReadStream(file.path)) as ReadableStream<Uint8Array>,
  );
  io.status('');
  return { digest, fileName };
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

function unreadable(path: string, why: string): CommandError {
  return new CommandError(
    {
      code: 'LAUNCH_SOURCE_UNREADABLE',
      message: `${path} cannot be read: ${why}`,
      fix: 'Name a file with rows (CSV, TSV, NDJSON, JSON or Parquet) that you may read.',
    },
    2,
  );
}
