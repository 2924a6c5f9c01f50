import type { SplitProof } from '../../contracts/data-query.ts';
import { type Column, cellText, isMissing, type Table } from '../../tables/table.ts';

export interface NearDuplicateOptions {
  /** Estimated Jaccard similarity from which two rows count as nearly equal. */
  readonly similarityMin: number;
  readonly examplesMax: number;
}

const HASHES = 64;
/** 16 bands of 4: pairs at a similarity of .85 share a band with probability .99996. */
const BANDS = 16;
const BAND_ROWS = HASHES / BANDS;
/** Rows of one bucket that are compared with each other; a bucket beyond it holds what nearly all rows have. */
const BUCKET_ROWS_MAX = 200;

/**
 * Pairs of rows in different parts that nearly agree, by MinHash (Broder 1997) with banding: a row is the set of its cells (numbers at
 * three significant digits) and of the words of its texts.
 *
 * @param parts part of each row; rows of the same part are never a pair
 */
export function nearDuplicates(
  table: Table,
  parts: readonly string[],
  options: NearDuplicateOptions,
): SplitProof['nearDuplicates'] {
  const signatures = new Uint32Array(table.rows * HASHES);
  for (let row = 0; row < table.rows; row++)
    signature(table.columns, row, signatures.subarray(row * HASHES, (row + 1) * HASHES));
  const seen = new Set<number>();
  const examples: SplitProof['nearDuplicates']['examples'] = [];
  let pairs = 0;
  for (let band = 0; band < BANDS; band++) {
    for (const bucket of bucketsOf(signatures, table.rows, band)) {
      for (let i = 0; i < bucket.length; i++) {
        for (let j = i + 1; j < bucket.length; j++) {
          const [a, b] = [bucket[i]!, bucket[j]!];
          if (parts[a] === parts[b]) continue;
          const pair = a * table.rows + b;
          if (seen.has(pair)) continue;
          const similarity = agreement(signatures, a, b);
          if (similarity < options.similarityMin) continue;
          seen.add(pair);
          pairs++;
          if (examples.length < options.examplesMax)
            examples.push({
              similarity,
              parts: [parts[a]!, parts[b]!],
              rows: [rowText(table, a), rowText(table, b)],
            });
        }
      }
    }
  }
  return { pairs, rowsCompared: table.rows, examples };
}

function* bucketsOf(signatures: Uint32Array, rows: number, band: number): Iterable<number[]> {
  const buckets = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const from = row * HASHES + band * BAND_ROWS;
    const key = signatures.subarray(from, from + BAND_ROWS).join(',');
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [row]);
    else if (bucket.length < BUCKET_ROWS_MAX) bucket.push(row);
  }
  for (const bucket of buckets.values()) if (bucket.length > 1) yield bucket;
}

function signature(columns: readonly Column[], row: number, out: Uint32Array): void {
  out.fill(0xffffffff);
  for (const [index, column] of columns.entries()) {
    if (isMissing(column, row)) continue;
    if (column.type === 'number' || column.type === 'integer') {
      add(out, hashText(`${index}:${column.values[row]!.toPrecision(3)}`));
      continue;
    }
    const text = cellText(column, row);
    add(out, hashText(`${index}:${text}`));
    const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    if (words.length > 2) for (const word of words) if (word !== '') add(out, hashText(`${index}:${word}`));
  }
}

/** Keeps the least of each of the hash functions (multiply and add modulo 2^32, then mixed). */
function add(out: Uint32Array, hash: number): void {
  for (let i = 0; i < HASHES; i++) {
    const value = mix(Math.imul(hash, MULTIPLIERS[i]!) + ADDENDS[i]!);
    if (value < out[i]!) out[i] = value;
  }
}

const MULTIPLIERS = Uint32Array.from({ length: HASHES }, (_, i) => (mix(i * 2 + 1) | 1) >>> 0);
const ADDENDS = Uint32Array.from({ length: HASHES }, (_, i) => mix(i * 2 + 2));

function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function agreement(signatures: Uint32Array, a: number, b: number): number {
  let same = 0;
  for (let i = 0; i < HASHES; i++) if (signatures[a * HASHES + i] === signatures[b * HASHES + i]) same++;
  return same / HASHES;
}

function rowText(table: Table, row: number): string {
  return table.columns
    .map((column) => cellText(column, row))
    .join(' · ')
    .slice(0, 300);
}
