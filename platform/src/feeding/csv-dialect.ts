import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { parseScalar } from '../tables/coercion.ts';
import { detectDateFormat } from '../tables/dates.ts';

export interface CsvDialect {
  /** One byte. */
  readonly delimiter: string;
  readonly header: boolean;
  /** Unique, in order. */
  readonly names: readonly string[];
}

const DELIMITERS = [',', '\t', ';', '|'] as const;
const SAMPLE_RECORDS = 200;

/**
 * Reads the dialect off the beginning of a file.
 *
 * @param text at most the first megabyte, without BOM, cut after a line end where it is longer
 * @param header 'auto' looks whether the first record names the columns
 */
export function detectDialect(
  text: string,
  options: { readonly header: 'auto' | 'yes' | 'no'; readonly tsv: boolean },
): CsvDialect {
  const delimiter = options.tsv ? '\t' : detectDelimiter(text);
  const records = sampleRecords(text, delimiter, SAMPLE_RECORDS);
  const first = records[0] ?? [];
  if (first.length > LIMITS.columnsMax) {
    throw new SlipwayError('SOURCE_TOO_WIDE', {
      message: `the source has ${first.length} columns, more than ${LIMITS.columnsMax}`,
      fix: 'Leave out columns, or turn them into rows.',
    });
  }
  const header =
    options.header === 'auto' ? looksLikeHeader(first, records.slice(1)) : options.header === 'yes';
  const names = header ? uniqueNames(first) : first.map((_, index) => `column_${index + 1}`);
  return { delimiter, header, names };
}

/** The delimiter with the most fields among those under which records agree best on their number of fields. */
function detectDelimiter(text: string): string {
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    const widths = sampleRecords(text, delimiter, SAMPLE_RECORDS).map((record) => record.length);
    const width = mostFrequent(widths);
    if (width < 2) continue;
    const agreement = widths.filter((value) => value === width).length / widths.length;
    const score = agreement * agreement * Math.log2(width + 1);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 0;
}

/** A forgiving parser for samples: quotes at the beginning of a field, doubled quotes, everything else literal. */
export function sampleRecords(text: string, delimiter: string, recordsMax: number): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let position = 0;
  while (position < text.length && records.length < recordsMax) {
    const field = readField(text, position, delimiter);
    record.push(field.value);
    position = field.end;
    if (text[position] === delimiter) {
      position++;
      if (position < text.length) continue;
      record.push('');
    }
    if (text[position] === '\r') position++;
    if (text[position] === '\n') position++;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}

function readField(text: string, start: number, delimiter: string): { value: string; end: number } {
  if (text[start] !== '"') return readPlain(text, start, delimiter);
  let value = '';
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote === -1) return { value: value + text.slice(position), end: text.length };
    value += text.slice(position, quote);
    if (text[quote + 1] !== '"') {
      const rest = readPlain(text, quote + 1, delimiter);
      return { value: value + rest.value, end: rest.end };
    }
    value += '"';
    position = quote + 2;
  }
}

function readPlain(text: string, start: number, delimiter: string): { value: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
  return { value: text.slice(start, end), end };
}

/**
 * A header names: no cell of it is a number, a date or a boolean, and either some column below holds such values, or (all text)
 * no cell occurs again in its own column.
 */
function looksLikeHeader(first: readonly string[], body: readonly (readonly string[])[]): boolean {
  if (body.length === 0) return true;
  if (first.some((cell) => cell.trim() !== '' && isTyped(cell))) return false;
  if (first.every((cell) => cell.trim() === '')) return false;
  const columnOf = (index: number) =>
    body.map((record) => record[index] ?? '').filter((cell) => cell.trim() !== '');
  const typedBelow = first.some((_, index) => {
    const column = columnOf(index);
    return column.length > 0 && column.filter(isTyped).length >= column.length * 0.8;
  });
  return typedBelow || first.every((cell, index) => !columnOf(index).includes(cell));
}

function isTyped(text: string): boolean {
  const trimmed = text.trim();
  return (
    !Number.isNaN(parseScalar(trimmed, 'number', 'iso')) ||
    /^(true|false)$/i.test(trimmed) ||
    detectDateFormat([trimmed]) !== undefined
  );
}

/** 'a', '', 'a' → 'a', 'column_2', 'a_2'. Outer white space goes: nobody can type it back. */
export function uniqueNames(cells: readonly string[]): string[] {
  const taken = new Set<string>();
  return cells.map((cell, index) => {
    const base = cell.trim() === '' ? `column_${index + 1}` : cell.trim();
    let name = base;
    for (let suffix = 2; taken.has(name); suffix++) name = `${base}_${suffix}`;
    taken.add(name);
    return name;
  });
}
