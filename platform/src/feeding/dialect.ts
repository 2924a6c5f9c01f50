import { fieldKind, TEXT, TOKEN } from './field-kind.ts';
import { fieldText, INCOMPLETE, RecordParser } from './record-parser.ts';

/** How a delimited file is written. */
export interface Dialect {
  /** One byte. */
  readonly delimiter: number;
  readonly header: boolean;
  /** Bytes of a byte-order mark. */
  readonly skipBytes: number;
  /** A lone carriage return ends records. */
  readonly returnEnds: boolean;
  readonly columnNames: readonly string[];
}

export interface SampleRow {
  readonly texts: readonly string[];
  readonly kinds: readonly number[];
  readonly quoted: readonly boolean[];
}

const DELIMITERS = [',', '\t', ';', '|'].map((text) => text.charCodeAt(0));
const RECORDS_COMPARED = 200;
const COLUMNS_MAX = 10_000;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Length of a UTF-8 byte-order mark at the front of `head`. */
export function bomBytes(head: Buffer): number {
  return head.subarray(0, 3).equals(BOM) ? 3 : 0;
}

/** Whether records end with a lone carriage return: there are some, and no line feed. */
export function endsWithReturns(head: Buffer): boolean {
  return head.includes(0x0d) && !head.includes(0x0a);
}

/**
 * The delimiter that splits the sample into the most equally wide records; a comma when none does.
 *
 * @param hint delimiter of the file's name (.tsv), preferred when it fits as well
 */
export function detectDelimiter(head: Buffer, whole: boolean, hint?: number): number {
  let best = hint ?? DELIMITERS[0]!;
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    const rows = sampleRecords(head, { delimiter, whole, recordsMax: RECORDS_COMPARED });
    const counts = rows.map((row) => row.texts.length);
    const width = mostFrequent(counts);
    if (width < 2) continue;
    const agreement = counts.filter((count) => count === width).length / counts.length;
    // Agreement decides; among equals the wider split, because a delimiter inside texts splits into few.
    const score = agreement ** 2 * (1 + Math.log2(width) / 20) * (delimiter === hint ? 1.2 : 1);
    if (score > bestScore) {
      bestScore = score;
      best = delimiter;
    }
  }
  return best;
}

export interface SampleOptions {
  readonly delimiter: number;
  /** Whether `head` is the whole source, so that its last line is complete. */
  readonly whole: boolean;
  readonly recordsMax: number;
  readonly returnEnds?: boolean;
}

/** The first records of the sample, blank lines and broken quotes left out. */
export function sampleRecords(head: Buffer, options: SampleOptions): SampleRow[] {
  const { delimiter, whole, recordsMax, returnEnds } = options;
  const parser = new RecordParser({ delimiter, capacity: COLUMNS_MAX, returnEnds });
  const rows: SampleRow[] = [];
  for (let at = 0; at < head.length && rows.length < recordsMax; ) {
    const next = parser.parse(head, at, head.length, whole);
    if (next === INCOMPLETE) break;
    if (!parser.blank && parser.problem === undefined) rows.push(rowOf(head, parser));
    at = next;
  }
  return rows;
}

function rowOf(head: Buffer, parser: RecordParser): SampleRow {
  const fields = Array.from({ length: Math.min(parser.count, COLUMNS_MAX) }, (_, field) => field);
  return {
    texts: fields.map((field) => fieldText(head, parser, field)),
    kinds: fields.map((field) =>
      fieldKind(head, parser.starts[field]!, parser.stops[field]!, parser.masks[field]!),
    ),
    quoted: fields.map((field) => parser.masks[field]! >= 128),
  };
}

export function mostFrequent(counts: readonly number[]): number {
  const tally = new Map<number, number>();
  for (const count of counts) tally.set(count, (tally.get(count) ?? 0) + 1);
  let best = 0;
  let bestTally = 0;
  for (const [count, times] of tally) {
    if (times > bestTally || (times === bestTally && count > best)) {
      best = count;
      bestTally = times;
    }
  }
  return best;
}

/**
 * Whether the first record names the columns: its cells are distinct texts, none a number, a date or a missing mark, and
 * something tells it from the body: a column of numbers or dates below, or (all texts) cells that do not occur again below.
 */
export function detectHeader(rows: readonly SampleRow[]): boolean {
  const first = rows[0];
  const body = rows.slice(1);
  if (first === undefined) return false;
  const trimmed = first.texts.map((text) => text.trim());
  const named = trimmed.filter((text) => text !== '');
  // One nameless column is how row names are written; more are data.
  if (named.length === 0 || named.length < first.texts.length - 1) return false;
  if (first.kinds.some((kind, i) => trimmed[i] !== '' && kind !== TEXT && !isName(trimmed[i]!))) return false;
  if (body.length === 0) return true;
  const bodyDiffers = first.kinds.some((_, column) =>
    body.some((row) => row.kinds[column] !== undefined && isTyped(row.kinds[column]!)),
  );
  if (bodyDiffers) return true;
  if (new Set(named).size < named.length) return false;
  return trimmed.every((text, column) => !body.some((row) => row.texts[column]?.trim() === text));
}

/** 'A1' or 'true' are no plain texts to the byte counter; with a letter, and not a time of day, they are fine names. */
function isName(text: string): boolean {
  return /\p{L}/u.test(text) && !/^\d{4}-\d{2}-\d{2}[T ]/.test(text);
}

function isTyped(kind: number): boolean {
  return kind >= 2 && kind < TOKEN && kind !== TEXT;
}

/** Column names from the header: trimmed, the nameless called `column_n`, repeats (also in other case, as SQL sees them) given `_2`, `_3`, … */
export function columnNames(header: readonly string[] | undefined, width: number): string[] {
  const taken = new Set<string>();
  const given = new Set((header ?? []).map((text) => text.trim().toLowerCase()));
  return Array.from({ length: width }, (_, index) => {
    const base = header?.[index]?.trim() || `column_${index + 1}`;
    let name = base;
    // A repeat must not take a name that another column has by right.
    for (
      let copy = 2;
      taken.has(name.toLowerCase()) || (name !== base && given.has(name.toLowerCase()));
      copy++
    ) {
      name = `${base}_${copy}`;
    }
    taken.add(name.toLowerCase());
    return name;
  });
}
