/** Numbers, times and sizes as the UI writes them: a true minus, comma for thousands, units after a space. */
const MINUS = '\u2212';

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : signed(Math.round(value).toLocaleString('en-US'));
}

/** A number with as many digits as it carries, at most `digits` significant ones. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value !== 0 && (Math.abs(value) >= 1e9 || Math.abs(value) < 1e-4))
    return signed(value.toExponential(2));
  if (Math.abs(value) >= 1000)
    return signed(
      value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 10_000 ? 0 : 1 }),
    );
  return signed(String(Number(value.toPrecision(digits))));
}

export function fixed(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? '–'
    : signed(value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }));
}

/** Digits after the point so that the half-width of an interval shows two digits: the interval sets the precision. */
export function digitsFor(halfWidth: number): number {
  if (!(halfWidth > 0)) return 4;
  return Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(halfWidth))));
}

export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined || !Number.isFinite(share)
    ? '–'
    : `${fixed(share * 100, digits)} %`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(1024)));
  return `${number(value / 1024 ** power, 3)} ${units[power]}`;
}

export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 90) return `${number(value, 3)} s`;
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${number(value / 3600, 3)} h`;
}

/** Age in the two largest units: '5 d 3 h'. */
export function age(timeMs: number, nowMs: number): string {
  const total = Math.max(0, Math.round((nowMs - timeMs) / 1000));
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min`;
  if (total < 86_400) return `${Math.floor(total / 3600)} h ${Math.floor((total % 3600) / 60)} min`;
  return `${Math.floor(total / 86_400)} d ${Math.floor((total % 86_400) / 3600)} h`;
}

/** '23 Nov 2026, 14:10' in UTC. */
export function time(timeMs: number): string {
  const date = new Date(timeMs);
  const month = date.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
  return `${date.getUTCDate()} ${month} ${date.getUTCFullYear()}, ${date.toISOString().slice(11, 16)}`;
}

export function clockTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 19);
}

/** '1 row', '2 rows': a count with its noun. */
export function many(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

export function short(digest: string): string {
  return digest.slice(0, 10);
}

function signed(text: string): string {
  return text.startsWith('-') ? MINUS + text.slice(1) : text;
}
