import { isUtf8 } from 'node:buffer';

/**
 * Looks at every byte of a CSV text and tells where records are and which of them are broken, before the engine sees them. It is
 * what the proof "loaded + quarantined = rows in the source" rests on: it counts on its own, and knows the place of every record.
 *
 * State, per record: field start → plain | quoted;  quoted → after quote;  after quote → quoted (doubled) | field start | record end.
 * A quote that never closes must not swallow the rest of the file: its first line is taken out and scanning goes on after it.
 */
export type BrokenReason =
  | 'TOO_MANY_FIELDS'
  | 'TOO_FEW_FIELDS'
  | 'INVALID_UTF8'
  | 'NUL_BYTE'
  | 'UNCLOSED_QUOTE'
  | 'TEXT_AFTER_QUOTE'
  | 'LINE_TOO_LONG';

export interface ScannedRecord {
  /** First byte and the byte after the last one, line end included. */
  readonly start: number;
  readonly end: number;
  /** Undefined: the record is sound. */
  readonly broken: BrokenReason | undefined;
  readonly fields: number;
}

const LF = 10;
const CR = 13;
const QUOTE = 34;

interface Shape {
  readonly end: number;
  readonly fields: number;
  readonly broken: BrokenReason | undefined;
  /** The buffer ended before the record did. */
  readonly open: boolean;
}

/**
 * Scans one record that begins at `start`. `final`: no bytes come after this buffer.
 * One pass over bytes, no allocation: this is the hot loop of a load.
 */
function scanRecord(bytes: Uint8Array, start: number, delimiter: number, final: boolean): Shape {
  const length = bytes.length;
  let position = start;
  let fields = 1;
  let broken: BrokenReason | undefined;
  let fieldStart = true;
  while (position < length) {
    const byte = bytes[position]!;
    if (byte === LF) return { end: position + 1, fields, broken, open: false };
    if (byte === delimiter) {
      fields++;
      fieldStart = true;
    } else if (byte === QUOTE && fieldStart) {
      const close = closingQuote(bytes, position + 1);
      if (close === -1)
        return { end: length, fields, broken: final ? 'UNCLOSED_QUOTE' : undefined, open: true };
      position = close;
      const next = bytes[close + 1];
      if (next === undefined && !final) return { end: length, fields, broken, open: true };
      if (next !== undefined && next !== delimiter && next !== LF && next !== CR)
        broken ??= 'TEXT_AFTER_QUOTE';
      fieldStart = false;
    } else {
      if (byte === 0) broken ??= 'NUL_BYTE';
      fieldStart = false;
    }
    position++;
  }
  return { end: length, fields, broken, open: !final };
}

/** Index of the quote that ends a quoted field whose text begins at `from`; -1 when the buffer ends first. */
function closingQuote(bytes: Uint8Array, from: number): number {
  let position = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, position);
    if (quote === -1) return -1;
    if (bytes[quote + 1] !== QUOTE) return quote;
    position = quote + 2;
  }
}

export interface ScanOptions {
  readonly delimiter: string;
  readonly columns: number;
  readonly recordBytesMax: number;
  /** Reads the next bytes of the file, or undefined at its end. */
  readonly read: () => Uint8Array | undefined;
  /** Byte offset in the file of the first byte that `read` gives. */
  readonly offset: number;
  readonly onRecord: (record: ScannedRecord, bytes: Uint8Array) => void;
}

/** Calls `onRecord` for every record in order, with its bytes (valid only during the call). Blank lines are no records. */
export function scanRecords(options: ScanOptions): void {
  const delimiter = options.delimiter.charCodeAt(0);
  let buffer: Uint8Array = new Uint8Array(0);
  let base = options.offset;
  let final = false;
  let position = 0;
  for (;;) {
    let known = knownUtf8(buffer, position);
    while (position < buffer.length) {
      const shape = scanRecord(buffer, position, delimiter, final);
      const size = shape.end - position;
      const overlong = size > options.recordBytesMax;
      if (shape.open && !overlong && !final) break;
      const record = settle(buffer, position, { shape, overlong, known, columns: options.columns });
      if (record.blank) {
        position = record.end;
        continue;
      }
      if (record.broken === 'LINE_TOO_LONG' && record.end === buffer.length && !final) {
        const rest = skipLine(options.read);
        options.onRecord(
          {
            start: base + position,
            end: base + buffer.length + rest.skipped,
            broken: 'LINE_TOO_LONG',
            fields: 1,
          },
          buffer.subarray(position),
        );
        base += buffer.length + rest.skipped;
        buffer = rest.remaining;
        final = rest.final;
        position = 0;
        known = knownUtf8(buffer, position);
        continue;
      }
      const { end, broken, fields } = record;
      options.onRecord(
        { start: base + position, end: base + end, broken, fields },
        buffer.subarray(position, end),
      );
      position = end;
    }
    if (final) return;
    const chunk = options.read();
    if (chunk === undefined) final = true;
    const kept = buffer.subarray(position);
    base += position;
    position = 0;
    buffer = chunk === undefined ? kept : kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
  }
}

function knownUtf8(buffer: Uint8Array, from: number): boolean {
  return isUtf8(buffer.subarray(from));
}

interface Settled {
  readonly end: number;
  readonly fields: number;
  readonly broken: BrokenReason | undefined;
  readonly blank: boolean;
}

function settle(
  buffer: Uint8Array,
  start: number,
  facts: {
    readonly shape: Shape;
    readonly overlong: boolean;
    readonly known: boolean;
    readonly columns: number;
  },
): Settled {
  const { shape, overlong, known, columns } = facts;
  if (overlong || shape.broken === 'UNCLOSED_QUOTE') {
    const lineEnd = buffer.indexOf(LF, start);
    const end = lineEnd === -1 ? buffer.length : lineEnd + 1;
    return {
      end,
      fields: shape.fields,
      broken: lineEnd === -1 && overlong ? 'LINE_TOO_LONG' : 'UNCLOSED_QUOTE',
      blank: false,
    };
  }
  const { end, fields } = shape;
  if (isBlank(buffer, start, end) && columns > 1) return { end, fields, broken: undefined, blank: true };
  if (isBlank(buffer, start, end) && end - start <= 2) return { end, fields, broken: undefined, blank: true };
  let { broken } = shape;
  if (broken === undefined && fields !== columns)
    broken = fields > columns ? 'TOO_MANY_FIELDS' : 'TOO_FEW_FIELDS';
  if (broken === undefined && !known && !isUtf8(buffer.subarray(start, end))) broken = 'INVALID_UTF8';
  return { end, fields, broken, blank: false };
}

function isBlank(buffer: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = buffer[i]!;
    if (byte !== LF && byte !== CR && byte !== 32 && byte !== 9) return false;
  }
  return true;
}

/** Drops bytes up to the end of the line, without keeping them. */
function skipLine(read: () => Uint8Array | undefined): {
  skipped: number;
  remaining: Uint8Array;
  final: boolean;
} {
  let skipped = 0;
  for (;;) {
    const chunk = read();
    if (chunk === undefined) return { skipped, remaining: new Uint8Array(0), final: true };
    const lineEnd = chunk.indexOf(LF);
    if (lineEnd === -1) {
      skipped += chunk.length;
      continue;
    }
    return { skipped: skipped + lineEnd + 1, remaining: chunk.subarray(lineEnd + 1), final: false };
  }
}
