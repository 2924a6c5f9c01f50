import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { type EngineSession, sqlText } from '../../ports/engine.ts';
import { csvShape } from '../csv-source.ts';
import type { FetchedFile } from '../ports.ts';
import { detectFormat } from '../source-format.ts';

/** What one reader reads: a file as it came, or several small ones put together. */
export interface GatheredInput {
  readonly file: FetchedFile;
  /** Where each file begins in the gathered one, ascending; a single file has none. */
  readonly pieces: readonly { readonly start: number; readonly uri: string; readonly headerBytes: number }[];
}

/** So few files are read one by one: each keeps its own part. */
const FILES_ALONE = 8;
const SMALL_BYTES = 8 * 1024 * 1024;
const GATHERED_BYTES = 128 * 1024 * 1024;
const PARQUET_FILES = 500;

/**
 * Puts many small files of one shape together, so that a bucket of ten thousand objects is some tens of reads and not ten thousand.
 * Text files with equal headers are joined below one header; Parquet files are joined by the engine. Order is kept.
 */
export async function gatherInputs(
  files: readonly FetchedFile[],
  work: {
    readonly workDir: string;
    readonly header: 'auto' | 'yes' | 'no';
    readonly session: () => Promise<EngineSession>;
  },
): Promise<GatheredInput[]> {
  if (files.length <= FILES_ALONE) return files.map((file) => ({ file, pieces: [] }));
  const inputs: GatheredInput[] = [];
  for (let at = 0; at < files.length; ) {
    const file = files[at]!;
    if (file.bytes > SMALL_BYTES || file.types !== undefined) {
      inputs.push({ file, pieces: [] });
      at++;
      continue;
    }
    const first = await plainBytes(file);
    const format = detectFormat(first.subarray(0, 1 << 20), file.fileName);
    const index = inputs.length;
    const taken =
      format === 'parquet'
        ? await joinParquet(files.slice(at), index, work)
        : format === 'json'
          ? { input: { file, pieces: [] }, count: 1 }
          : await joinText(files.slice(at), { index, format, ...work });
    inputs.push(taken.input);
    at += taken.count;
  }
  return inputs;
}

interface Joined {
  readonly input: GatheredInput;
  readonly count: number;
}

async function joinText(
  files: readonly FetchedFile[],
  work: { index: number; format: string; workDir: string; header: 'auto' | 'yes' | 'no' },
): Promise<Joined> {
  const first = files[0]!;
  const path = join(work.workDir, `gathered-${work.index}.${work.format}`);
  const out = createWriteStream(path, { mode: 0o600 });
  const pieces: { start: number; uri: string; headerBytes: number }[] = [];
  let bytes = 0;
  let header: Buffer | undefined;
  let count = 0;
  try {
    for (const file of files) {
      if (count > 0 && (file.bytes > SMALL_BYTES || bytes >= GATHERED_BYTES)) break;
      const data = withLineEnd(await plainBytes(file));
      const ownHeader = work.format === 'ndjson' ? Buffer.alloc(0) : headerOf(data, file, work.header);
      if (count > 0 && (!sameKind(file, first) || !ownHeader.equals(header!))) break;
      header ??= ownHeader;
      const headerBytes = count === 0 ? 0 : ownHeader.length;
      pieces.push({ start: bytes, uri: file.uri, headerBytes });
      bytes += data.length - headerBytes;
      if (!out.write(data.subarray(headerBytes)))
        await new Promise<void>((resolve) => out.once('drain', () => resolve()));
      count++;
    }
  } finally {
    out.end();
    await finished(out);
  }
  const name =
    count === 1
      ? first.fileName.replace(/\.(gz|gzip|zst|zstd)$/i, '')
      : `${count} files, ${first.fileName} …`;
  const file = {
    ...first,
    path,
    fileName: name,
    uri: `${first.uri} (and ${count - 1} more)`,
    bytes,
    temporary: true,
  };
  return { input: { file, pieces }, count };
}

function sameKind(a: FetchedFile, b: FetchedFile): boolean {
  const ending = (name: string) =>
    name
      .replace(/\.(gz|gzip|zst|zstd)$/i, '')
      .split('.')
      .at(-1);
  return ending(a.fileName) === ending(b.fileName);
}

/** The header record with its line end; empty when there is none. */
function headerOf(data: Buffer, file: FetchedFile, header: 'auto' | 'yes' | 'no'): Buffer {
  if (header === 'no' || data.length === 0) return Buffer.alloc(0);
  const { dialect } = csvShape(data.subarray(0, 1 << 20), data.length <= 1 << 20, {
    ...{ name: 'gather', path: file.path, fileName: file.fileName, header },
  });
  if (!dialect.header) return Buffer.alloc(0);
  const end = data.indexOf(0x0a);
  return data.subarray(0, end < 0 ? data.length : end + 1);
}

function withLineEnd(data: Buffer): Buffer {
  return data.length === 0 || data.at(-1) === 0x0a ? data : Buffer.concat([data, Buffer.from('\n')]);
}

async function plainBytes(file: FetchedFile): Promise<Buffer> {
  const data = await readFile(file.path);
  if (data.length >= 2 && data.readUInt16BE(0) === 0x1f8b) {
    try {
      return gunzipSync(data, { maxOutputLength: LIMITS.gatheredFileBytesMax });
    } catch (error) {
      throw unpackable(file, error);
    }
  }
  if (data.length >= 4 && data.readUInt32LE(0) === 0xfd2fb528) return Buffer.from(decompress(data));
  return data;
}

function unpackable(file: FetchedFile, cause: unknown): SlipwayError {
  return new SlipwayError('SOURCE_UNREADABLE', {
    message: `${file.fileName} cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}`,
    fix: 'Check that the file is complete; one that unpacks to more than a gigabyte must be loaded by itself.',
    details: { uri: file.uri },
    cause,
  });
}

async function joinParquet(
  files: readonly FetchedFile[],
  index: number,
  work: { workDir: string; session: () => Promise<EngineSession> },
): Promise<Joined> {
  const first = files[0]!;
  const group: FetchedFile[] = [];
  for (const file of files) {
    if (group.length >= PARQUET_FILES || file.bytes > SMALL_BYTES || !sameKind(file, first)) break;
    group.push(file);
  }
  const path = join(work.workDir, `gathered-${index}.parquet`);
  const session = await work.session();
  await session.run(
    `COPY (FROM read_parquet([${group.map((file) => sqlText(file.path)).join(', ')}], union_by_name = true)) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
  );
  const bytes = group.reduce((sum, file) => sum + file.bytes, 0);
  const file = {
    ...first,
    path,
    bytes,
    fileName: `${group.length} files, ${first.fileName} …`,
    temporary: true,
  };
  return { input: { file, pieces: [] }, count: group.length };
}

/** The file and place in it of a byte of the gathered file. */
export function placeOf(input: GatheredInput, byteOffset: number): { uri: string; byteOffset: number } {
  const { pieces, file } = input;
  if (pieces.length === 0 || byteOffset < 0) return { uri: file.uri, byteOffset };
  let low = 0;
  for (let high = pieces.length - 1; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if (pieces[middle]!.start <= byteOffset) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low]!;
  return { uri: piece.uri, byteOffset: byteOffset - piece.start + piece.headerBytes };
}
