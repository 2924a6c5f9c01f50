import type { QuarantineItem } from '../../../../platform/src/contracts/data-loads.ts';

/** Where in a record the mistake is: [start, end) in characters. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RecordShape {
  readonly format: string;
  readonly delimiter: string | null;
  readonly columns: readonly string[];
}

/** Fields of one delimited record as they stand in its text, quotes included. */
export function fieldSpans(text: string, delimiter: string): readonly Span[] {
  const end = /\r?\n$/.exec(text)?.index ?? text.length;
  const spans: Span[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < end; i++) {
    if (text[i] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text.startsWith(delimiter, i)) {
      spans.push({ start, end: i });
      start = i + delimiter.length;
    }
  }
  return [...spans, { start, end }];
}

/** The value that a message names: `"forty" is not an integer`. */
function valueIn(message: string): string | undefined {
  return /^"(.*?)" /.exec(message)?.[1];
}

/** Finds the failing part of a record; undefined when nothing tells. A source may order its columns otherwise than the data set. */
export function locate(
  item: Pick<QuarantineItem, 'text' | 'reason' | 'column' | 'message'>,
  shape: RecordShape,
): Span | undefined {
  const { text, reason, column, message } = item;
  if (reason === 'INVALID_UTF8') {
    const start = text.indexOf('\uFFFD');
    return start < 0 ? undefined : { start, end: text.lastIndexOf('\uFFFD') + 1 };
  }
  if (shape.format.includes('json')) return column === undefined ? undefined : locateMember(text, column);
  if (reason === 'UNCLOSED_QUOTE') {
    const start = text.lastIndexOf('"');
    return start < 0 ? undefined : { start, end: text.trimEnd().length };
  }
  const spans = fieldSpans(text, shape.delimiter ?? ',');
  if (reason === 'TOO_MANY_FIELDS') {
    const first = spans[shape.columns.length];
    return first === undefined ? undefined : { start: first.start, end: spans.at(-1)!.end };
  }
  const value = valueIn(message);
  const isIt = ({ start, end }: Span) => text.slice(start, end).replace(/^"|"$/g, '') === value;
  const place = column === undefined ? undefined : spans[shape.columns.indexOf(column)];
  if (value === undefined || (place !== undefined && isIt(place))) return place;
  return spans.find(isIt) ?? place;
}

function locateMember(text: string, column: string): Span | undefined {
  const key = JSON.stringify(column);
  const at = text.indexOf(key);
  if (at < 0) return undefined;
  const rest = text.slice(at + key.length);
  const found = /^\s*:\s*("(?:[^"\\]|\\.)*"|[^,}\]]*)/.exec(rest);
  if (found === null) return { start: at, end: at + key.length };
  const end = at + key.length + found[0].length;
  return { start: end - found[1]!.length, end };
}

const MARKS: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' };

/** Runs of text and of signs that cannot be seen, so that each byte has a mark. */
export function visible(text: string): readonly { readonly text: string; readonly sign: boolean }[] {
  const parts: { text: string; sign: boolean }[] = [];
  for (const piece of text.split(/([\n\r\t\0]|\\x[0-9A-F]{2})/)) {
    if (piece === '') continue;
    const mark = MARKS[piece];
    parts.push(
      mark === undefined ? { text: piece, sign: piece.startsWith('\\x') } : { text: mark, sign: true },
    );
  }
  return parts;
}

/** Bytes as text in which each byte that is not UTF-8 stands as `\xE9`. */
export function exactText(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let out = '';
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i]!;
    const size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    try {
      out += decoder.decode(bytes.subarray(i, i + size));
      i += size;
    } catch {
      out += `\\x${lead.toString(16).toUpperCase().padStart(2, '0')}`;
      i += 1;
    }
  }
  return out;
}

/** What the editor holds: without the line end, which an editor would not show and browsers rewrite. */
export const editable = (text: string) => text.replace(/\r?\n$/, '').replaceAll('\r\n', '\n');

/** The edited text with the record's own line ends. */
export function restored(edited: string, original: string): string {
  const body = original.includes('\r\n') ? edited.replace(/\r?\n/g, '\r\n') : edited;
  return body + (/\r?\n$/.exec(original)?.[0] ?? '');
}
