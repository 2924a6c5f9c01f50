import { createReadStream, createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { SourceConnector, SourceContext, SourceSpec } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { Download, type Version } from './http-download.ts';
import { type HttpSession, openHttp, refusal } from './http-request.ts';

/** A body that unpacks to more than this, and to more than so many times its size, was made to fill a disk. */
const BOMB_BYTES = 256 * 1024 * 1024;
const BOMB_RATIO = 300;
const NAME_CHARS_MAX = 120;

/** One file behind http or https. A later read of the same feed asks whether it changed, and reads it whole when it did. */
export const httpSource: Omit<SourceConnector, 'schemes'> = {
  async check(spec, context) {
    const { name, bytes } = await head(spec, context);
    return { message: `${name}${bytes === undefined ? '' : `, ${bytes} bytes`}` };
  },

  async discover(spec, context) {
    return [await head(spec, context)];
  },

  async fetch(spec, context) {
    return withHttp(spec, context, async (session) => {
      const downloaded = await new Download(spec.uri, session, context).run();
      if (downloaded === undefined)
        return { files: [], position: context.position, lineage: { unchanged: true } };
      const { version } = downloaded;
      const path = await unpacked(downloaded.path, version, context);
      const { etag, lastModified } = version;
      const mark = etag ?? lastModified;
      const file = {
        ...{ path, fileName: fileNameOf(version), uri: shownUri(spec.uri), bytes: (await stat(path)).size },
        ...(mark === undefined ? {} : { etag: mark }),
        temporary: true,
      };
      const position =
        mark === undefined ? null : { uri: spec.uri, ...(etag === undefined ? { lastModified } : { etag }) };
      return { files: [file], position, lineage: { etag: etag ?? null, lastModified: lastModified ?? null } };
    });
  },
};

async function withHttp<T>(
  spec: SourceSpec,
  { secrets, signal }: SourceContext,
  work: (session: HttpSession) => Promise<T>,
): Promise<T> {
  const session = openHttp({ spec, secrets, signal });
  try {
    return await work(session);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await session.close();
  }
}

/** By the first bytes of a GET: what answers HEAD is often something else. */
async function head(spec: SourceSpec, context: SourceContext): Promise<{ name: string; bytes?: number }> {
  return withHttp(spec, context, async (session) => {
    const answer = await session.get({ range: 'bytes=0-0' }).catch((cause: Error) => {
      if (cause instanceof SlipwayError) throw cause;
      throw new SlipwayError('SOURCE_UNREACHABLE', {
        message: `${new URL(spec.uri).host} cannot be reached: ${cause.message || cause.name}`,
        fix: 'Check the address and the network.',
        cause,
      });
    });
    answer.body.destroy();
    answer.body.on('error', () => undefined);
    const { status, headers } = answer;
    if (status !== 200 && status !== 206 && status !== 416)
      throw (
        refusal(answer) ??
        new SlipwayError('SOURCE_UNREACHABLE', {
          message: `${answer.url.host} answers ${status}`,
          fix: 'Try again later.',
        })
      );
    const total =
      status === 206 ? /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] : headers['content-length'];
    const name = fileNameOf({ path: answer.url.pathname, disposition: headers['content-disposition'] });
    return { name, ...(total === undefined ? {} : { bytes: Number(total) }) };
  });
}

/** Only the last part of what the server says, without anything that means something to a file system. */
function fileNameOf({ path, disposition }: Pick<Version, 'path' | 'disposition'>): string {
  const encoded = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1];
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))/i.exec(disposition ?? '');
  for (const candidate of [
    encoded === undefined ? undefined : decoded(encoded),
    plain?.[1] ?? plain?.[2],
    decoded(path),
  ]) {
    const last = (candidate ?? '').split(/[/\\]/).at(-1)!;
    const clean = last
      .replace(/[\p{Cc}<>:"|?*]/gu, '')
      .trim()
      .replace(/^\.+/, '');
    if (clean !== '') return clean.slice(-NAME_CHARS_MAX);
  }
  return 'download';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Without what may be a signature: the rest of the query says which file it is. */
function shownUri(uri: string): string {
  const url = new URL(uri);
  for (const name of [...url.searchParams.keys()])
    if (/sig|token|key|secret|credential|auth/i.test(name)) url.searchParams.set(name, '…');
  url.username = '';
  return url.href;
}

/** The transport's packing is undone here; a file that is packed itself is the loader's. */
async function unpacked(
  path: string,
  { encoding = 'identity' }: Version,
  { workDir, signal }: SourceContext,
): Promise<string> {
  const unpacker = unpackerOf(encoding.trim().toLowerCase());
  if (unpacker === undefined) return path;
  const packed = (await stat(path)).size;
  const out = join(workDir, 'download.plain');
  let bytes = 0;
  const guard = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      const bomb = bytes > BOMB_BYTES && bytes > packed * BOMB_RATIO;
      done(bomb || bytes > LIMITS.sourceFileBytesMax ? unpacksTooFar(packed, bytes) : null, chunk);
    },
  });
  try {
    await pipeline(
      createReadStream(path),
      unpacker,
      guard,
      createWriteStream(`${out}.new`, { mode: 0o600 }),
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SlipwayError) throw error;
    throw new SlipwayError('SOURCE_UNREADABLE', {
      message: `the server says that the body is packed with ${encoding}, and it does not unpack: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'Check that the file is whole and that the server labels it rightly.',
      cause: error,
    });
  }
  await rename(`${out}.new`, out);
  return out;
}

function unpackerOf(encoding: string) {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new SlipwayError('SOURCE_UNREADABLE', {
        message: `the server packs the body with '${encoding}' although it was asked not to`,
        fix: 'Let it send the file as it is, or with gzip, deflate or br.',
      });
  }
}

function unpacksTooFar(packed: number, bytes: number): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `${packed} packed bytes unpack to more than ${bytes}, which no table does`,
    fix: 'If it is a real table, load it from a file.',
    details: { packed, bytes },
  });
}
