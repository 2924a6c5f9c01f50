import { SlipwayError } from '../kernel/errors.ts';
import type { SourceFormat } from './types.ts';

/** Share of control characters and broken UTF-8 above which bytes are not text. */
const BINARY_SHARE_MAX = 0.05;

/**
 * The format by content; the name only decides between CSV and TSV.
 *
 * @param head first bytes of the unpacked source
 * @throws SOURCE_ENCODING for UTF-16 and UTF-32, NOT_A_TABLE for other binary content and for JSON that is no table
 */
export function detectFormat(head: Buffer, fileName: string): SourceFormat {
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  refuseKnown(head, fileName);
  refuseWideText(head, fileName);
  refuseBinary(head, fileName);
  const text = head
    .toString('utf8', 0, Math.min(head.length, 65536))
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text.startsWith('[') && !/^\[[^\]"{}[]*\][^,\s\]]/.test(text) && looksJsonArray(text)) return 'json';
  if (text.startsWith('{')) return 'ndjson';
  return /\.(tsv|tab)(\.|$)/i.test(fileName) ? 'tsv' : 'csv';
}

function looksJsonArray(text: string): boolean {
  return /^\[\s*(\{|\[|"|-?\d|true|false|null|\])/.test(text);
}

/** Formats that people try, by the bytes they begin with. */
const KNOWN: readonly (readonly [magic: string, what: string, fix: string])[] = [
  ['PK\u0003\u0004', 'a ZIP archive or an Excel workbook', 'Unpack it, or save the sheet as CSV.'],
  ['\u00d0\u00cf\u0011\u00e0', 'an old Excel workbook', 'Save the sheet as CSV.'],
  ['%PDF', 'a PDF', 'Give the data behind it.'],
  ['SQLite format 3', 'an SQLite database', 'Export the table as CSV.'],
  ['ARROW1', 'an Arrow file', 'Write it as Parquet.'],
  ['BZh', 'packed with bzip2', 'Pack it with gzip or zstd.'],
  ['\u00fd7zXZ', 'packed with xz', 'Pack it with gzip or zstd.'],
];

function refuseKnown(head: Buffer, fileName: string): void {
  const front = head.toString('latin1', 0, 16);
  const known = KNOWN.find(([magic]) => front.startsWith(magic));
  if (known === undefined) return;
  throw new SlipwayError('NOT_A_TABLE', { message: `${fileName} is ${known[1]}`, fix: known[2] });
}

function refuseWideText(head: Buffer, fileName: string): void {
  const two = head.length >= 2 ? head.readUInt16BE(0) : 0;
  const zeros = head.subarray(0, 64).filter((byte) => byte === 0).length;
  const wide =
    two === 0xfffe ||
    two === 0xfeff ||
    (head.length >= 16 && zeros >= Math.min(head.length, 64) / 3 && alternates(head));
  if (!wide) return;
  throw new SlipwayError('SOURCE_ENCODING', {
    message: `${fileName} is UTF-16 or UTF-32 text`,
    fix: `Save it as UTF-8, for example: iconv -f UTF-16 -t UTF-8 '${fileName}' > utf8-${fileName}`,
  });
}

/** Whether zero bytes stand at every second place, as in UTF-16 of Latin letters. */
function alternates(head: Buffer): boolean {
  const places = [0, 0];
  const length = Math.min(head.length, 64);
  for (let i = 0; i < length; i++) if (head[i] === 0) places[i % 2]!++;
  return Math.max(places[0]!, places[1]!) >= length / 3;
}

function refuseBinary(head: Buffer, fileName: string): void {
  const bytes = head.subarray(0, 65536);
  let odd = 0;
  for (const byte of bytes) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) odd++;
  for (const char of bytes.toString('utf8')) if (char === '\uFFFD') odd++;
  if (odd <= BINARY_SHARE_MAX * bytes.length) return;
  throw new SlipwayError('NOT_A_TABLE', {
    message: `${fileName} is not text and not Parquet: ${odd} of its first ${bytes.length} bytes are not characters`,
    fix: 'Give CSV, TSV, NDJSON, a JSON array or Parquet, plain or packed with gzip or zstd.',
  });
}
