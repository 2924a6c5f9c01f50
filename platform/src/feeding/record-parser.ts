/**
 * Splits delimited text (RFC 4180, any one-byte delimiter) into fields, byte by byte, and notes on the way which kinds of bytes
 * each field holds: that is what types are inferred from, without a second look at most fields.
 */

/** Bits of `masks`: which kinds of bytes occur in a field. */
export const DIGIT = 1;
export const DOT = 2;
export const SIGN = 4;
export const EXPONENT = 8;
export const SPACE = 16;
export const DATE_MARK = 32;
export const OTHER = 64;
export const QUOTED = 128;

export type RecordProblem = 'UNCLOSED_QUOTE' | 'BAD_QUOTING';

/** `parse` needs more bytes to find the end of the record. */
export const INCOMPLETE = -1;

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const STOP = 128;

export class RecordParser {
  /** Byte span of each field's content in the buffer given to `parse`, quotes excluded (doubled quotes still doubled). */
  readonly starts: Int32Array;
  readonly stops: Int32Array;
  readonly masks: Uint8Array;
  /** Fields of the last record; may exceed `capacity`, then only the first `capacity` have spans. */
  count = 0;
  /** Whether the last record was an empty line. */
  blank = false;
  problem: RecordProblem | undefined;

  readonly delimiter: number;
  private readonly capacity: number;
  private readonly returnEnds: boolean;
  private readonly kinds: Uint8Array;
  private readonly quotedKinds: Uint8Array;

  /**
   * @param options.delimiter one byte
   * @param options.capacity fields whose spans are kept
   * @param options.returnEnds whether a lone carriage return ends a record (old Macintosh files)
   */
  constructor(options: { delimiter: number; capacity: number; returnEnds?: boolean }) {
    this.delimiter = options.delimiter;
    this.capacity = options.capacity;
    this.returnEnds = options.returnEnds ?? false;
    this.starts = new Int32Array(options.capacity);
    this.stops = new Int32Array(options.capacity);
    this.masks = new Uint8Array(options.capacity);
    this.quotedKinds = byteKinds();
    this.kinds = byteKinds();
    this.kinds[options.delimiter] = STOP;
    this.kinds[NEWLINE] = STOP;
    this.kinds[RETURN] = STOP;
  }

  /**
   * Parses the record that begins at `start`.
   *
   * @param end bytes of `buffer` that are valid
   * @param final whether nothing follows `end`
   * @returns where the next record begins, or INCOMPLETE. With `problem` set the record ends at its first line end.
   */
  parse(buffer: Uint8Array, start: number, end: number, final: boolean): number {
    const { kinds, starts, stops, masks, capacity, delimiter } = this;
    let at = start;
    let field = 0;
    this.problem = undefined;
    this.blank = false;
    for (;;) {
      let mask = 0;
      let from = at;
      let to: number;
      if (at < end && buffer[at] === QUOTE) {
        from = at + 1;
        to = this.closingQuote(buffer, from, end);
        if (to < 0) return final ? this.fail('UNCLOSED_QUOTE', buffer, start, end) : INCOMPLETE;
        if (to + 1 >= end && !final) return INCOMPLETE;
        mask = this.quotedMask(buffer, from, to);
        at = to + 1;
        if (at < end && kinds[buffer[at]!] !== STOP) return this.failAt(buffer, { start, at, end, final });
      } else {
        at = this.plainEnd(buffer, at, end);
        to = at;
        mask = this.plainMask;
      }
      if (at >= end && !final) return INCOMPLETE;
      if (field < capacity) {
        starts[field] = from;
        stops[field] = to;
        masks[field] = mask;
      }
      field++;
      if (at < end && buffer[at] === delimiter) {
        at++;
        continue;
      }
      this.count = field;
      this.blank = field === 1 && at === start;
      return this.afterLineEnd(buffer, at, end, final);
    }
  }

  private plainMask = 0;

  private plainEnd(buffer: Uint8Array, from: number, end: number): number {
    const { kinds } = this;
    let at = from;
    let mask = 0;
    while (at < end) {
      const kind = kinds[buffer[at]!]!;
      if (kind === STOP) {
        if (buffer[at] !== RETURN || this.endsRecord(buffer, at, end)) break;
        mask |= OTHER;
      } else mask |= kind;
      at++;
    }
    this.plainMask = mask;
    return at;
  }

  /** A carriage return inside a line is text, unless this file ends its records with it. */
  private endsRecord(buffer: Uint8Array, at: number, end: number): boolean {
    return this.returnEnds || at + 1 >= end || buffer[at + 1] === NEWLINE;
  }

  private closingQuote(buffer: Uint8Array, from: number, end: number): number {
    for (let at = from; at < end; at++) {
      if (buffer[at] !== QUOTE) continue;
      if (at + 1 < end && buffer[at + 1] === QUOTE) at++;
      else return at;
    }
    return -1;
  }

  private quotedMask(buffer: Uint8Array, from: number, to: number): number {
    const { quotedKinds } = this;
    let mask = QUOTED;
    for (let at = from; at < to; at++) mask |= quotedKinds[buffer[at]!]!;
    return mask;
  }

  private afterLineEnd(buffer: Uint8Array, at: number, end: number, final: boolean): number {
    if (at >= end) return end;
    if (buffer[at] === NEWLINE) return at + 1;
    if (at + 1 >= end) return final ? end : INCOMPLETE;
    return buffer[at + 1] === NEWLINE ? at + 2 : at + 1;
  }

  private failAt(
    buffer: Uint8Array,
    where: { start: number; at: number; end: number; final: boolean },
  ): number {
    const lineEnd = buffer.indexOf(NEWLINE, where.at);
    if ((lineEnd < 0 || lineEnd >= where.end) && !where.final) return INCOMPLETE;
    return this.fail('BAD_QUOTING', buffer, where.at, where.end);
  }

  /** Ends the broken record at the first line end from `from`, so that one stray quote costs one line and not the file. */
  fail(problem: RecordProblem, buffer: Uint8Array, from: number, end: number): number {
    this.problem = problem;
    this.count = 0;
    const lineEnd = buffer.indexOf(NEWLINE, from);
    return lineEnd < 0 || lineEnd >= end ? end : lineEnd + 1;
  }
}

function byteKinds(): Uint8Array {
  const kinds = new Uint8Array(256).fill(OTHER);
  for (let digit = 0x30; digit <= 0x39; digit++) kinds[digit] = DIGIT;
  kinds[0x2e] = DOT;
  for (const sign of '+-') kinds[sign.charCodeAt(0)] = SIGN;
  for (const letter of 'eE') kinds[letter.charCodeAt(0)] = EXPONENT;
  for (const space of ' \t') kinds[space.charCodeAt(0)] = SPACE;
  for (const mark of '/:,TZUCAPMtzucapm') kinds[mark.charCodeAt(0)] = DATE_MARK;
  return kinds;
}

/** The text of a field as the file means it: quotes undone, invalid UTF-8 as U+FFFD. */
export function fieldText(buffer: Buffer, parser: RecordParser, field: number): string {
  const text = buffer.toString('utf8', parser.starts[field]!, parser.stops[field]!);
  return (parser.masks[field]! & QUOTED) !== 0 && text.includes('""') ? text.replaceAll('""', '"') : text;
}
