import { parseScalar } from '../tables/coercion.ts';
import { cellText, type SchemaColumn } from '../tables/table.ts';

/** After the last millisecond of year 9999: later dates have no four-digit year to be written with. */
const DATE_END = 253402300800000;
const DATE_BEGIN = -62167219200000;

/**
 * A present text as every reader surely reads it again, or undefined when it does not have the column's type. Serving parses with the
 * same function, so what fits here fits there.
 *
 * @param anew whether to write the value in the one form that `cellText` has; otherwise a number keeps its digits
 */
export function normalised(text: string, column: SchemaColumn, anew: boolean): string | undefined {
  const value = parseScalar(text, column.type, column.dateFormat ?? 'iso');
  if (!Number.isFinite(value)) return undefined;
  if (column.type === 'integer' && !Number.isSafeInteger(value)) return undefined;
  const dated = column.type === 'date' || column.type === 'timestamp';
  if (dated && Number.isNaN(inRange(value))) return undefined;
  if (!anew && !dated && column.type !== 'boolean') return text;
  return cellText({ name: column.name, type: column.type as 'date', values: Float64Array.of(value) }, 0);
}

/** Epoch milliseconds of a present text, NaN where `normalised` would not take it for a column of dates. */
export function datedValue(text: string, column: SchemaColumn): number {
  return inRange(parseScalar(text, column.type, column.dateFormat ?? 'iso'));
}

function inRange(value: number): number {
  return value < DATE_END && value >= DATE_BEGIN ? value : Number.NaN;
}
