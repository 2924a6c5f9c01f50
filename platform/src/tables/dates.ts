/**
 * Dates as text. One parser serves training and serving; formats are data (in the schema and in the bundle), never guessed
 * per value, so that '3/4/2026' cannot mean two things in two places.
 */
export type DateFormat = 'iso' | 'mdy' | 'dmy' | 'ymd';

export const DATE_FORMATS: readonly DateFormat[] = ['iso', 'ymd', 'mdy', 'dmy'];

const ISO =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i;
const TIME = String.raw`(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(AM|PM)?)?`;
/** Year first only with four digits: '10/11/12' would otherwise be a year 10. The mark between the parts is the same. */
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([/.-])(\d{1,2})\2(\d{1,2})${TIME}$`, 'i');
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})${TIME}$`, 'i');

/**
 * Epoch milliseconds, UTC, or NaN when `text` is not a date in this format. Without a zone the text is taken as UTC.
 * Two-digit years: 69–99 → 19xx, 00–68 → 20xx (POSIX). Impossible dates (30 February) are NaN.
 */
export function parseDate(text: string, format: DateFormat): number {
  const trimmed = text.trim();
  if (format === 'iso') return parseIso(trimmed);
  const match = (format === 'ymd' ? YEAR_FIRST : YEAR_LAST).exec(trimmed);
  if (match === null) return Number.NaN;
  const [a, b, c] = [Number(match[1]), Number(match[3]), Number(match[4])];
  const [year, month, day] = format === 'ymd' ? [a, b, c] : format === 'mdy' ? [c, a, b] : [c, b, a];
  let hour = Number(match[5] ?? 0);
  const half = match[9]?.toUpperCase();
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return Number.NaN;
    hour = (hour % 12) + (half === 'PM' ? 12 : 0);
  }
  return assemble(
    [
      match[4]!.length === 2 && format !== 'ymd' ? fullYear(year) : year,
      month,
      day,
      hour,
      Number(match[6] ?? 0),
      Number(match[7] ?? 0),
    ],
    match[8],
    0,
  );
}

function parseIso(text: string): number {
  const match = ISO.exec(text);
  if (match === null) return Number.NaN;
  const parts = [match[1], match[2], match[3], match[4] ?? 0, match[5] ?? 0, match[6] ?? 0].map(Number);
  return assemble(parts as [number, number, number, number, number, number], match[7], zoneMinutes(match[8]));
}

function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z' || zone.toUpperCase() === 'UTC') return 0;
  const sign = zone[0] === '-' ? -1 : 1;
  const digits = zone.slice(1).replace(':', '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4)));
}

function fullYear(year: number): number {
  if (year >= 100) return year;
  return year >= 69 ? 1900 + year : 2000 + year;
}

function assemble(
  [year, month, day, hour, minute, second]: [number, number, number, number, number, number],
  fraction: string | undefined,
  zone: number,
): number {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return Number.NaN;
  const millisecond = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  date.setUTCHours(hour, minute, second, millisecond);
  return date.getTime() - zone * 60_000;
}

/** The format in which every non-missing sample parses, or undefined. Ambiguous day/month order falls to the first in `DATE_FORMATS`. */
export function detectDateFormat(samples: readonly string[]): DateFormat | undefined {
  if (samples.length === 0) return undefined;
  return DATE_FORMATS.find((format) => samples.every((text) => !Number.isNaN(parseDate(text, format))));
}
