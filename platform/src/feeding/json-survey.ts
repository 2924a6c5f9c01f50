import type { Hash } from 'node:crypto';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { KINDS } from './field-kind.ts';
import { type JsonRecord, scanJson } from './json-records.ts';
import { parseRecord, quotedText, valueAt, valueKind, valueText } from './json-values.ts';
import type { LoadInput } from './load-input.ts';
import type { Spool } from './spool.ts';

/** Values are sampled from so many whole records at the front, and from the first with a key that comes later. */
export const SAMPLE_RECORDS = 2000;

export interface JsonFacts {
  readonly records: number;
  readonly broken: number;
  /** Keys in order of first appearance. */
  readonly keys: readonly string[];
  /** Values by column and kind in whole records: `counts[column * KINDS + kind]`. */
  readonly counts: Float64Array;
  /** By column: texts of the first records that can have it, with their kinds. */
  readonly sample: readonly { readonly texts: string[]; readonly kinds: number[] }[];
  /** Whether the spool holds every whole record with a cell for every key. */
  readonly spooled: boolean;
}

/**
 * Parses every record once: counts kinds of values by key, and writes the values as they are to the spool. The spool is useful when all
 * keys were known from the beginning of the source, as they usually are.
 */
export async function surveyJson(input: LoadInput, spool: Spool, hash: Hash | undefined): Promise<JsonFacts> {
  const { source, request, report } = input;
  const keys = new KeyTable(request.fileName);
  const kind = input.format === 'json' ? 'json' : 'ndjson';
  for (const record of keysAhead(input)) keys.columnOf(record);
  const known = keys.columns.length;
  let broken = 0;
  let whole = 0;
  const onRecord = (record: JsonRecord) => {
    const parsed = record.tooLong ? undefined : parseRecord(record.bytes);
    if (parsed === undefined || !('record' in parsed)) {
      broken++;
      return;
    }
    whole++;
    keys.countRecord(parsed.record);
    if (keys.columns.length === known) spool.writeText(keys.line(parsed.record));
  };
  const records = await scanJson({
    path: source.path,
    fileName: request.fileName,
    kind,
    hash,
    onRecord,
    onChunk: async (rows, bytes) => {
      report({ phase: 'reading', rows, bytes, bytesTotal: source.bytes });
      await spool.drain();
    },
  });
  return { records, broken, ...keys.facts(whole), spooled: keys.columns.length === known };
}

/** Keys of the complete lines or, in an array, of what parses at the front: only a hint, so nothing here can fail. */
function keysAhead({ head, format }: LoadInput): string[] {
  const lines =
    format === 'ndjson' ? head.toString('utf8').split('\n').slice(0, SAMPLE_RECORDS) : elementsAhead(head);
  const keys = new Set<string>();
  for (const line of lines) {
    const parsed = parseRecord(Buffer.from(line.replace(/^\uFEFF/, '')));
    if ('record' in parsed) for (const key of Object.keys(parsed.record)) keys.add(key);
  }
  return [...keys];
}

/** The front of an array, cut after its last complete element that a line ends or another object follows. */
function elementsAhead(head: Buffer): string[] {
  const text = head.toString('utf8');
  return text
    .slice(text.indexOf('[') + 1)
    .split(/(?<=\}),\s*(?=\{)/, SAMPLE_RECORDS)
    .map((part) => part.replace(/\]\s*$/, ''));
}

interface CountedKey {
  readonly key: string;
  /** It was not among the keys of the first records. */
  readonly late: boolean;
  readonly counts: Float64Array;
  readonly texts: string[];
  readonly kinds: number[];
}

export class KeyTable {
  readonly columns: CountedKey[] = [];
  private records: number;
  private readonly index = new Map<string, CountedKey>();
  private readonly fileName: string;

  /** @param before records that were counted elsewhere; keys that are not told of with `columnOf` first are late then */
  constructor(fileName: string, before = 0) {
    this.fileName = fileName;
    this.records = before;
  }

  columnOf(key: string, late = false): CountedKey {
    const known = this.index.get(key);
    if (known !== undefined) return known;
    if (this.columns.length >= LIMITS.columnsMax) throw tooManyKeys(this.fileName);
    const column = { key, late, counts: new Float64Array(KINDS), texts: [], kinds: [] };
    this.index.set(key, column);
    this.columns.push(column);
    return column;
  }

  /** Counts the values of a whole record. */
  countRecord(record: Readonly<Record<string, unknown>>): void {
    this.records++;
    for (const key of Object.keys(record)) {
      const value = record[key];
      const column = this.columnOf(key, this.records > SAMPLE_RECORDS);
      const kind = valueKind(value);
      column.counts[kind]!++;
      const sampled = this.records <= SAMPLE_RECORDS || (column.late && column.texts.length < SAMPLE_RECORDS);
      if (!sampled) continue;
      column.texts.push(valueText(value));
      column.kinds.push(kind);
    }
  }

  /** The record as delimited text, its values as they are. */
  line(record: Readonly<Record<string, unknown>>): string {
    let line = '';
    for (const { key } of this.columns) line += `${line === '' ? '' : ','}${cell(valueAt(record, key))}`;
    return `${line}\n`;
  }

  facts(whole: number): Pick<JsonFacts, 'keys' | 'counts' | 'sample'> {
    const counts = new Float64Array(this.columns.length * KINDS);
    for (const [i, column] of this.columns.entries()) {
      counts.set(column.counts, i * KINDS);
      // A key that a record lacks is a missing value.
      counts[i * KINDS]! += whole - column.counts.reduce((sum, count) => sum + count, 0);
    }
    return { keys: this.columns.map(({ key }) => key), counts, sample: this.columns };
  }
}

function cell(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return quotedText(valueText(value).replaceAll('\0', ''));
}

function tooManyKeys(fileName: string): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `the records of ${fileName} have more than ${LIMITS.columnsMax} different keys`,
    fix: 'Turn the keys that name things into values.',
  });
}
