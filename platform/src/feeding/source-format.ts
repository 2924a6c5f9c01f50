import { isUtf8 } from 'node:buffer';
import { SlipwayError } from '../kernel/errors.ts';
import type { Compression, SourceFormat } from './types.ts';

export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return 'none';
}

/**
 * What the (decompressed) bytes are. Content decides; the name only tells TSV from CSV.
 *
 * @param head the first bytes, at most 64 KiB
 * @throws SOURCE_UNREADABLE for UTF-16, for known binary formats and for bytes that are not text
 */
export function formatOf(head: Uint8Array, fileName: string): SourceFormat {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (text.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  requireText(text, fileName);
  const first = skipBom(text).toString('utf8').trimStart()[0];
  if (first === '[') return 'json';
  if (first === '{') return 'ndjson';
  return /\.(tsv|tab)(\.|$)/i.test(fileName) ? 'tsv' : 'csv';
}

export function skipBom(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

const BINARY_FORMATS: readonly (readonly [name: string, magic: string])[] = [
  ['a ZIP archive (an Excel workbook is one)', 'PK\u0003\u0004'],
  ['a PDF', '%PDF'],
  ['an SQLite database', 'SQLite format 3'],
  ['an Arrow IPC file', 'ARROW1'],
  ['an old Excel workbook', '\u00d0\u00cf\u0011\u00e0'],
];

function requireText(head: Buffer, fileName: string): void {
  const latin = head.subarray(0, 16).toString('latin1');
  const known = BINARY_FORMATS.find(([, magic]) => latin.startsWith(magic));
  if (known !== undefined) throw unreadable(fileName, `it is ${known[0]}`);
  if (latin.startsWith('\u00ff\u00fe') || latin.startsWith('\u00fe\u00ff')) {
    throw unreadable(fileName, 'it is UTF-16 text', 'Save it as UTF-8, e.g. with iconv -f UTF-16 -t UTF-8.');
  }
  // A few bad bytes are rows for the quarantine; many mean that this is no text at all.
  const nulls = head.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  if (nulls > head.length / 1000 + 1) throw unreadable(fileName, 'it is binary: it holds many NUL bytes');
  if (!isUtf8(cutToCharacter(head)) && controlShare(head) > 0.05)
    throw unreadable(fileName, 'its bytes are not text');
}

/** Without the last few bytes, so that a character cut in two does not count as broken. */
function cutToCharacter(head: Buffer): Buffer {
  return head.length < 65_536 ? head : head.subarray(0, head.lastIndexOf(0x0a) + 1 || head.length);
}

function controlShare(head: Buffer): number {
  let controls = 0;
  for (const byte of head) if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) controls++;
  return controls / Math.max(1, head.length);
}

export function unreadable(fileName: string, why: string, fix?: string): SlipwayError {
  return new SlipwayError('SOURCE_UNREADABLE', {
    message: `${fileName} cannot be read as a table: ${why}`,
    fix:
      fix ??
      'Give a CSV, TSV, NDJSON, JSON (array of objects) or Parquet file, plain or packed with gzip or zstd.',
    details: { fileName },
  });
}
