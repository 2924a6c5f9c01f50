import { open } from 'node:fs/promises';
import { KINDS } from './field-kind.ts';
import { bomLength } from './json-records.ts';
import { KeyTable, SAMPLE_RECORDS } from './json-survey.ts';
import { parseRecord } from './json-values.ts';
import type { LoadInput } from './load-input.ts';
import { readHead } from './source-file.ts';

const HEAD_BYTES_MAX = 1 << 26;
const NEWLINE = 0x0a;
const BLOCKS = 8;
const BLOCK_BYTES = 1 << 15;

export interface LinesSample {
  /** Keys, kinds and texts of the first records. */
  readonly keys: KeyTable;
  /** Kinds by column, of those records and of some blocks over the whole source: a guess, so that a late fraction does not surprise. */
  readonly counts: Float64Array;
}

/** The first records of NDJSON; undefined where they are too long for a sample in memory. */
export async function sampleLines(input: LoadInput): Promise<LinesSample | undefined> {
  const { source, request } = input;
  let { head } = input;
  for (;;) {
    const whole = head.length >= source.bytes;
    const keys = new KeyTable(request.fileName);
    const records = countLines(head, whole, keys, SAMPLE_RECORDS);
    if (records >= SAMPLE_RECORDS || whole)
      return { keys, counts: await guessedCounts(input, keys, records) };
    if (head.length >= HEAD_BYTES_MAX) return undefined;
    head = await readHead(source.path, Math.min(source.bytes, head.length * 8));
  }
}

/** @returns whole records, at most `most` */
function countLines(bytes: Buffer, whole: boolean, keys: KeyTable, most: number): number {
  let records = 0;
  for (let at = bomLength(bytes, 0); at < bytes.length && records < most; ) {
    const found = bytes.indexOf(NEWLINE, at);
    if (found < 0 && !whole) break;
    const stop = found < 0 ? bytes.length : found + 1;
    const parsed = parseRecord(bytes.subarray(at, stop));
    if ('record' in parsed) {
      keys.countRecord(parsed.record);
      records++;
    }
    at = stop;
  }
  return records;
}

async function guessedCounts({ source }: LoadInput, keys: KeyTable, records: number): Promise<Float64Array> {
  const { counts } = keys.facts(records);
  if (source.bytes < 2 * BLOCKS * BLOCK_BYTES) return counts;
  const guess = new KeyTable('');
  const file = await open(source.path, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    for (let i = 1; i <= BLOCKS; i++) {
      const position = Math.floor(((source.bytes - BLOCK_BYTES) * i) / BLOCKS);
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, position);
      countLines(block.subarray(block.indexOf(NEWLINE) + 1, bytesRead), false, guess, BLOCK_BYTES);
    }
  } finally {
    await file.close();
  }
  const seen = new Map(guess.columns.map((column) => [column.key, column.counts]));
  for (const [i, { key }] of keys.columns.entries()) {
    const more = seen.get(key);
    for (let kind = 0; more !== undefined && kind < KINDS; kind++) counts[i * KINDS + kind]! += more[kind]!;
  }
  return counts;
}
