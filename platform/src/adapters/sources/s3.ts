import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { FetchedFile, SourceConnector, SourceContext } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { fixedRoot, globPattern, hasGlob } from './glob.ts';
import { type Bucket, openBucket, PARALLEL, s3Error } from './s3-client.ts';
import { markOf, seenMarks, seenPosition } from './seen.ts';

interface S3Object {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

const BACKOFF_MS = 250;

/**
 * Objects of S3 and of servers that speak it, in the order of their keys. Each is read as the version that was listed, several at a time;
 * what stands in the work folder from an attempt before is taken up. A later read of the same feed takes objects that are new or changed.
 */
export const s3Source: Omit<SourceConnector, 'schemes'> = {
  async check(spec, context) {
    const objects = await withBucket(openBucket(spec, context), (bucket) =>
      listObjects(bucket, context, 1000),
    );
    const more = objects.length === 1000 ? ' or more' : '';
    return { message: `${objects.length}${more} objects` };
  },

  async discover(spec, context, limit) {
    const objects = await withBucket(openBucket(spec, context), (bucket) =>
      listObjects(bucket, context, limit),
    );
    return objects.map(({ key, bytes }) => ({ name: key, bytes }));
  },

  async fetch(spec, context) {
    return withBucket(openBucket(spec, context), async (bucket) => {
      const objects = await listObjects(bucket, context, LIMITS.sourceFilesMax + 1);
      if (objects.length > LIMITS.sourceFilesMax) throw tooMany(spec.uri);
      if (objects.length === 0) throw nothingMatches(bucket);
      const seen = seenMarks(context.position);
      const marks = objects.map(({ key, etag }) => markOf(key, etag));
      const fresh = objects.filter((_, i) => !seen.has(marks[i]!));
      const files = await downloadAll(bucket, fresh, context);
      return {
        files,
        position: seenPosition(marks),
        lineage: { listed: objects.length, read: files.length },
      };
    });
  },
};

async function withBucket<T>(bucket: Bucket, work: (bucket: Bucket) => Promise<T>): Promise<T> {
  try {
    return await work(bucket);
  } finally {
    bucket.client.destroy();
  }
}

async function listObjects(
  { client, bucket, pattern }: Bucket,
  { signal }: SourceContext,
  limit: number,
): Promise<S3Object[]> {
  const matches = globPattern(pattern);
  const prefix = fixedRoot(pattern);
  const objects: S3Object[] = [];
  try {
    const pages = paginateListObjectsV2(
      { client },
      { Bucket: bucket, Prefix: hasGlob(pattern) ? prefixOf(pattern, prefix) : pattern },
    );
    for await (const page of pages) {
      signal.throwIfAborted();
      for (const { Key: key, Size: bytes, ETag: etag } of page.Contents ?? []) {
        // Nothing is in it: a folder's mark, or one that says that others are complete.
        if (key === undefined || bytes === undefined || bytes === 0 || !matches.test(key)) continue;
        objects.push({ key, bytes, etag: etag ?? '' });
        if (objects.length >= limit) return objects;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw s3Error(error, `bucket ${bucket}`);
  }
  return objects;
}

/** The longest text that every match begins with: a listing costs by what it looks at. */
function prefixOf(pattern: string, root: string): string {
  return root + pattern.slice(root.length).split(/[*?]/)[0]!;
}

async function downloadAll(
  bucket: Bucket,
  objects: readonly S3Object[],
  context: SourceContext,
): Promise<FetchedFile[]> {
  const files = new Array<FetchedFile>(objects.length);
  const bytesTotal = objects.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytes = 0;
  let next = 0;
  const onBytes = (more: number) => {
    bytes += more;
    context.onProgress({ bytes, bytesTotal, message: `downloading ${objects.length} objects` });
  };
  const failing = new AbortController();
  const work = { ...context, signal: AbortSignal.any([context.signal, failing.signal]) };
  const worker = async () => {
    while (next < objects.length) {
      const index = next++;
      files[index] = await download(bucket, objects[index]!, work, onBytes);
    }
  };
  const workers = Array.from({ length: Math.min(PARALLEL, objects.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    failing.abort(error);
    await Promise.allSettled(workers);
    context.signal.throwIfAborted();
    throw error;
  }
  return files;
}

/** A part's name says which version it is of, so that only the same one is taken up. */
async function download(
  bucket: Bucket,
  object: S3Object,
  context: SourceContext,
  onBytes: (bytes: number) => void,
): Promise<FetchedFile> {
  const { key, bytes, etag } = object;
  if (bytes > LIMITS.sourceFileBytesMax) throw tooLarge(object);
  const uri = `s3://${bucket.bucket}/${key}`;
  const path = join(context.workDir, `object-${markOf(key, etag)}`);
  const file = { path, fileName: basename(key), uri, bytes, etag, temporary: true };
  if ((await sizeOf(path)) === bytes) {
    onBytes(bytes);
    return file;
  }
  const part = `${path}.part`;
  let had = await sizeOf(part);
  onBytes(had);
  for (let failures = 0; had < bytes; ) {
    try {
      await append(bucket, object, { part, had, onBytes, signal: context.signal });
      had = await sizeOf(part);
      if (had > bytes) throw changed(uri);
    } catch (error) {
      context.signal.throwIfAborted();
      const named = s3Error(error, uri);
      if (!(named instanceof SlipwayError) || named.code !== 'SOURCE_UNREACHABLE') throw named;
      const has = await sizeOf(part);
      failures = has > had ? 1 : failures + 1;
      had = has;
      if (failures > LIMITS.sourceRetriesMax) throw had > 0 ? interrupted(uri, had, bytes, error) : named;
      await sleep(Math.random() * BACKOFF_MS * 2 ** failures, undefined, { signal: context.signal });
    }
  }
  await rename(part, path);
  return file;
}

async function append(
  { client, bucket }: Bucket,
  { key, etag }: S3Object,
  to: { part: string; had: number; onBytes: (bytes: number) => void; signal: AbortSignal },
): Promise<void> {
  const answer = await client.send(
    new GetObjectCommand({
      ...{ Bucket: bucket, Key: key },
      ...(etag === '' ? {} : { IfMatch: etag }),
      ...(to.had === 0 ? {} : { Range: `bytes=${to.had}-` }),
    }),
    { abortSignal: to.signal },
  );
  const body = answer.Body as Readable;
  // Not every server that speaks S3 heeds If-Match or ranges.
  const other = answer.ETag !== undefined && etag !== '' && answer.ETag !== etag;
  const whole = to.had > 0 && answer.ContentRange?.startsWith(`bytes ${to.had}-`) !== true;
  if (other) {
    body.destroy();
    throw changed(`s3://${bucket}/${key}`);
  }
  body.on('data', (chunk: Buffer) => to.onBytes(chunk.length));
  body.pause();
  await pipeline(body, createWriteStream(to.part, { flags: to.had > 0 && !whole ? 'a' : 'w', mode: 0o600 }), {
    signal: to.signal,
  });
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function changed(uri: string): SlipwayError {
  return new SlipwayError('SOURCE_CHANGED_WHILE_READ', {
    message: `${uri} changed between its listing and its reading`,
    fix: 'Nothing was published. Run the load again.',
    details: { uri },
  });
}

function interrupted(uri: string, had: number, bytes: number, cause: unknown): SlipwayError {
  return new SlipwayError('SOURCE_INTERRUPTED', {
    message: `the download of ${uri} broke off after ${had} of ${bytes} bytes, and ${LIMITS.sourceRetriesMax} attempts to go on brought nothing`,
    fix: 'Nothing was published. Run the load again: it goes on where it broke off.',
    details: { uri },
    cause,
  });
}

function nothingMatches({ bucket, pattern }: Bucket): SlipwayError {
  return new SlipwayError('SOURCE_NOT_FOUND', {
    message: `no object of bucket ${bucket} matches ${pattern}`,
    fix: 'Check the pattern: * stands for any part of a name, ** for any number of folders; names that begin with a point are left out.',
    details: { bucket, pattern },
  });
}

function tooMany(uri: string): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `more than ${LIMITS.sourceFilesMax} objects match ${uri}`,
    fix: 'Write a narrower pattern, and load in several steps.',
  });
}

function tooLarge({ key, bytes }: S3Object): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `${key} has ${bytes} bytes; at most ${LIMITS.sourceFileBytesMax} are fetched`,
    fix: 'Split it into smaller objects.',
  });
}
