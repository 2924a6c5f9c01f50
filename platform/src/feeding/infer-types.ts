import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import { DATE_FORMATS, type DateFormat, parseDate } from '../tables/dates.ts';
import type { ColumnType, SchemaColumn } from '../tables/table.ts';
import {
  BLANK,
  BOOLEAN,
  CLEAR_TOKENS,
  DATE_LIKE,
  EMPTY,
  INTEGER,
  KINDS,
  LONG,
  MISSING_TOKENS,
  NUMBER,
  PADDED,
  TEXT,
  TOKEN,
} from './field-kind.ts';

/** Up to this share of a column's values may not fit its type (their rows are quarantined); above, the column is text. */
export const MISFIT_SHARE_MAX = 0.03;

/** A column as it will be read. */
export interface PlannedColumn extends SchemaColumn {
  /** Whether a field of kind `i` fits: 0 no, 1 yes, 2 missing, 3 ask a parser. */
  readonly fit: Uint8Array;
  /** Values that are not missing, and those of them that are known not to fit, in the whole source. */
  readonly present: number;
  readonly misfits: number;
}

export const MISFIT = 0;
export const FITS = 1;
export const MISSING = 2;
export const ASK = 3;

export interface InferenceInput {
  readonly names: readonly string[];
  /** Fields by column and kind over the whole source: `counts[column * KINDS + kind]`. */
  readonly counts: Float64Array;
  /** Texts by column from the front of the source, with their kinds. */
  readonly sample: readonly { readonly texts: readonly string[]; readonly kinds: readonly number[] }[];
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** The only mark that means a missing text; other types still have theirs (a database writes NaN). */
  readonly missingMark?: string | undefined;
  /** Columns known to be text although they look otherwise. */
  readonly forcedText?: ReadonlySet<string>;
  /** Texts may hold what a given type wants (numbers in JSON strings): ask a parser instead of refusing. */
  readonly textMayConvert?: boolean;
}

/**
 * Types of all columns, from what every field of the source looks like and, for dates, from a sample.
 *
 * @throws COLUMN_NOT_FOUND when `types` names a column that does not exist
 */
export function inferColumns(input: InferenceInput): PlannedColumn[] {
  requireColumns(input.types ?? {}, input.names);
  return input.names.map((name, column) => {
    const counts = input.counts.subarray(column * KINDS, (column + 1) * KINDS);
    const { texts: all, kinds } = input.sample[column]!;
    const texts = all.filter((_, i) => kinds[i]! > BLANK && kinds[i]! < TOKEN);
    const given = givenType(input.types, name);
    const type = given ?? (input.forcedText?.has(name) ? 'string' : inferType(counts, texts));
    const asks = given !== undefined && input.textMayConvert === true;
    const { missingMark } = input;
    return planColumn({ name, type, counts, texts, given: given !== undefined, asks, missingMark });
  });
}

/** Columns may be called 'constructor' or '__proto__'. */
export function givenType(types: InferenceInput['types'], name: string): ColumnType | undefined {
  return types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
}

export function requireColumns(types: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of Object.keys(types)) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    throw new SlipwayError('COLUMN_NOT_FOUND', {
      message: `the source has no column '${name}'`,
      fix:
        near === undefined
          ? `Its columns are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`
          : `Did you mean '${near}'?`,
      details: { column: name, ...(near === undefined ? {} : { nearest: near }) },
    });
  }
}

function inferType(counts: Float64Array, texts: readonly string[]): ColumnType {
  const integers = counts[INTEGER]!;
  const numbers = counts[NUMBER]!;
  const long = counts[LONG]!;
  const padded = counts[PADDED]!;
  const numeric = integers + numbers + long;
  const total = numeric + padded + counts[DATE_LIKE]! + counts[TEXT]! + counts[BOOLEAN]!;
  if (total === 0) return 'string';
  const dominates = (fitting: number) => fitting > 0 && total - fitting <= MISFIT_SHARE_MAX * total;
  if (dominates(numeric)) {
    // A leading zero says that the digits are a code; digits beyond 2^53 would lose their end.
    if (padded > 0 || (long > 0 && numbers === 0)) return 'string';
    return numbers > 0 ? 'number' : 'integer';
  }
  if (dominates(counts[BOOLEAN]!)) return 'boolean';
  if (dominates(counts[DATE_LIKE]!)) {
    const format = dateFormatOf(texts);
    if (format !== undefined) return hasTime(texts, format) ? 'timestamp' : 'date';
  }
  return 'string';
}

/** The format in which nearly all sampled texts are dates; the first of `DATE_FORMATS` among equals. */
function dateFormatOf(texts: readonly string[]): DateFormat | undefined {
  let best: DateFormat | undefined;
  let bestCount = Math.max(1, (1 - MISFIT_SHARE_MAX) * texts.length) - 1e-9;
  for (const format of DATE_FORMATS) {
    const count = texts.filter((text) => !Number.isNaN(parseDate(text, format))).length;
    if (count > bestCount) {
      best = format;
      bestCount = count;
    }
  }
  return best;
}

function hasTime(texts: readonly string[], format: DateFormat): boolean {
  return texts.some((text) => /\d:\d\d/.test(text) && !Number.isNaN(parseDate(text, format)));
}

interface ColumnFacts {
  readonly name: string;
  readonly type: ColumnType;
  readonly counts: Float64Array;
  readonly texts: readonly string[];
  readonly given: boolean;
  readonly asks: boolean;
  readonly missingMark: string | undefined;
}

/** More misfits turned up (dates that no parser takes) than a sprinkling. */
export function isTextAfterAll(column: PlannedColumn, misfits: number): boolean {
  return column.type !== 'string' && misfits > MISFIT_SHARE_MAX * column.present;
}

function planColumn({ name, type, counts, texts, given, asks, missingMark }: ColumnFacts): PlannedColumn {
  const isMissing = (token: string) =>
    type !== 'string' || (missingMark === undefined ? isMissingText(token, texts) : token === missingMark);
  const missingTokens = MISSING_TOKENS.filter(
    (token, index) => counts[TOKEN + index]! > 0 && isMissing(token),
  );
  const fit = fitTable(type, given);
  if (asks && type !== 'string')
    for (const kind of [TEXT, DATE_LIKE, BOOLEAN]) if (fit[kind] === MISFIT) fit[kind] = ASK;
  for (let index = 0; index < MISSING_TOKENS.length; index++) {
    const missing = missingTokens.includes(MISSING_TOKENS[index]!);
    fit[TOKEN + index] = missing ? MISSING : type === 'string' ? FITS : MISFIT;
  }
  let present = 0;
  let misfits = 0;
  for (let kind = 0; kind < KINDS; kind++) {
    if (fit[kind] === MISSING) continue;
    present += counts[kind]!;
    if (fit[kind] === MISFIT) misfits += counts[kind]!;
  }
  const dated = type === 'date' || type === 'timestamp';
  return {
    name,
    type,
    missingTokens,
    ...(dated ? { dateFormat: dateFormatOf(texts) ?? 'iso' } : {}),
    fit,
    present,
    misfits,
  };
}

function fitTable(type: ColumnType, given: boolean): Uint8Array {
  const fit = new Uint8Array(KINDS).fill(MISFIT);
  fit[EMPTY] = MISSING;
  fit[BLANK] = MISSING;
  const fitting: Record<ColumnType, readonly number[]> = {
    string: [INTEGER, PADDED, LONG, NUMBER, DATE_LIKE, TEXT, BOOLEAN],
    integer: given ? [INTEGER, PADDED] : [INTEGER],
    number: [INTEGER, PADDED, LONG, NUMBER],
    boolean: [BOOLEAN],
    date: [],
    timestamp: [],
  };
  for (const kind of fitting[type]) fit[kind] = FITS;
  if (type === 'date' || type === 'timestamp') fit[DATE_LIKE] = ASK;
  // Someone who says that a column is boolean may write 0/1, yes/no.
  if (type === 'boolean' && given) for (const kind of [INTEGER, TEXT]) fit[kind] = ASK;
  return fit;
}

/** 'NA' among two-letter capitals is Namibia (or sodium), not a missing mark. */
function isMissingText(token: string, texts: readonly string[]): boolean {
  if (!CLEAR_TOKENS.has(token)) return false;
  if (token !== 'NA') return true;
  const values = new Set(texts);
  let codes = 0;
  for (const value of values) if (/^[A-Z]{2}$/.test(value)) codes++;
  return codes < 5 || codes < values.size / 2;
}
