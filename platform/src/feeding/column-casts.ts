import { sqlName, sqlText } from '../ports/engine.ts';
import { parseDate } from '../tables/dates.ts';
import type { SchemaColumn } from '../tables/table.ts';

/**
 * SQL that turns a text column into its type, missing marks into NULL. Texts that do not fit become NULL as well: the caller knows how
 * many values there must be and compares.
 *
 * @param layouts strptime layouts for dates, see `dateLayouts`
 */
export function castOf(column: SchemaColumn, layouts: readonly string[]): string {
  const name = sqlName(column.name);
  switch (column.type) {
    case 'integer':
      return `TRY_CAST(${name} AS BIGINT)`;
    case 'number':
      return `TRY_CAST(${name} AS DOUBLE)`;
    case 'boolean':
      return `TRY_CAST(${name} AS BOOLEAN)`;
    case 'date':
      return `TRY_CAST(${parsed(name, layouts)} AS DATE)`;
    case 'timestamp':
      return `CAST(${parsed(name, layouts)} AS TIMESTAMP)`;
    case 'string': {
      const tokens = column.missingTokens.map(sqlText);
      const missing = [
        ...(tokens.length > 0 ? [`trim(${name}) IN (${tokens.join(', ')})`] : []),
        `trim(${name}) = ''`,
      ];
      return `CASE WHEN ${missing.join(' OR ')} THEN NULL ELSE ${name} END`;
    }
  }
}

function parsed(name: string, layouts: readonly string[]): string {
  return `try_strptime(trim(${name}), [${layouts.map(sqlText).join(', ')}])`;
}

/** How `cellText` writes dates and timestamps. */
export const CANONICAL_LAYOUTS: readonly string[] = ['%Y-%m-%d', '%Y-%m-%dT%H:%M:%S.%fZ'];

const TIMES = ['', ' %H:%M', ' %H:%M:%S', ' %H:%M:%S.%f', 'T%H:%M', 'T%H:%M:%S', 'T%H:%M:%S.%f'];
const HALVES = [' %I:%M %p', ' %I:%M:%S %p'];

/**
 * The strptime layouts that the sampled texts use, so that DuckDB reads them as `parseDate` does. Empty when a text is written in a
 * way that no layout covers: then only `parseDate` itself may read the column.
 */
export function dateLayouts(texts: readonly string[], format: SchemaColumn['dateFormat']): string[] {
  const layouts = new Set<string>();
  for (const raw of texts) {
    const text = raw.trim();
    if (Number.isNaN(parseDate(text, format ?? 'iso'))) continue;
    const layout = layoutOf(text, format ?? 'iso');
    if (layout === undefined) return [];
    layouts.add(layout);
  }
  return [...layouts].sort();
}

function layoutOf(text: string, format: NonNullable<SchemaColumn['dateFormat']>): string | undefined {
  const match = /^(\d+)([/.-])(\d+)[/.-](\d+)(.*)$/.exec(text);
  if (match === null) return undefined;
  const mark = match[2]!;
  const year = (digits: string) => (digits.length === 4 ? '%Y' : '%y');
  const date =
    format === 'iso' || format === 'ymd'
      ? ['%Y', '%m', '%d'].join(mark)
      : format === 'mdy'
        ? ['%m', '%d', year(match[4]!)].join(mark)
        : ['%d', '%m', year(match[4]!)].join(mark);
  const time = timeLayout(match[5]!);
  return time === undefined ? undefined : date + time;
}

function timeLayout(text: string): string | undefined {
  if (text === '') return '';
  const match = /^([T ])\d{1,2}:\d{2}(:\d{2})?(\.\d{1,6})?(Z| AM| PM)?$/.exec(text);
  if (match === null) return undefined;
  const half = match[4] !== undefined && match[4] !== 'Z';
  const layout = `${match[1]}${half ? '%I' : '%H'}:%M${match[2] ? ':%S' : ''}${match[3] ? '.%f' : ''}${half ? ' %p' : ''}`;
  if (!half && !TIMES.includes(layout)) return undefined;
  if (half && !HALVES.includes(layout)) return undefined;
  return match[4] === 'Z' ? `${layout}Z` : layout;
}
