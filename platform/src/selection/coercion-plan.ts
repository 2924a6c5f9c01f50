import type { ColumnCoercion, EmittedFeature, FeaturePart } from '../tables/coercion.ts';
import type { Column, SchemaColumn } from '../tables/table.ts';

/** Whole numbers up to here are exact in float32. */
const FLOAT32_EXACT_MAX = 2 ** 24;
/** When the largest value exceeds the range by this factor, float32 would keep too few digits of the differences. */
const SHIFT_RATIO = 256;
/** Outputs of the graphs: a feature may not take their names. */
const RESERVED = ['probabilities', 'prediction', 'label'];
const DAY_MS = 86_400_000;

/**
 * Decides what of each column enters the graph: texts as categories, numbers and booleans as numbers (less an origin where single
 * precision would lose their differences), dates as the days elapsed and the parts of the calendar that vary.
 *
 * @param timeColumn orders the rows of a split over time; its elapsed days and year are left out, because later rows lie
 *   beyond everything seen in training
 */
export function planCoercions(
  columns: readonly Column[],
  schema: readonly SchemaColumn[],
  timeColumn: string | undefined,
): ColumnCoercion[] {
  const taken = new Set([...columns.map((column) => column.name), ...RESERVED]);
  return columns.map((column) => {
    const declared = schema.find((entry) => entry.name === column.name);
    return {
      column: column.name,
      type: column.type,
      missingTokens: declared?.missingTokens ?? [],
      dateFormat: declared?.dateFormat ?? 'iso',
      emits: emitsOf(column, taken, column.name === timeColumn),
    };
  });
}

function emitsOf(column: Column, taken: Set<string>, ordersTime: boolean): EmittedFeature[] {
  if (column.type === 'string') {
    return [{ name: graphName(column.name, taken), kind: 'categorical', part: 'value', origin: 0 }];
  }
  if (column.type === 'date' || column.type === 'timestamp') {
    return calendarOf(column.values, ordersTime).map(({ part, origin }) => ({
      name: partName(`${column.name}.${part}`, taken),
      kind: 'numeric',
      part,
      origin,
    }));
  }
  const origin = column.type === 'boolean' ? 0 : originOf(column.values);
  return [{ name: graphName(column.name, taken), kind: 'numeric', part: 'value', origin }];
}

function graphName(name: string, taken: Set<string>): string {
  return RESERVED.includes(name) ? partName(name, taken) : name;
}

function partName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  while (taken.has(name)) name += '_';
  taken.add(name);
  return name;
}

function finiteRange(values: Float64Array): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

function originOf(values: Float64Array): number {
  const { low, high } = finiteRange(values);
  if (!(high > low)) return 0;
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const range = high - low;
  if (largest <= SHIFT_RATIO * range && (largest <= FLOAT32_EXACT_MAX || range > largest / 2)) return 0;
  return low;
}

function calendarOf(values: Float64Array, ordersTime: boolean): { part: FeaturePart; origin: number }[] {
  const seen = { year: new Set<number>(), month: new Set<number>(), day: new Set<number>() };
  const weekdays = new Set<number>();
  const minutes = new Set<number>();
  const { low } = finiteRange(values);
  for (const ms of values) {
    if (!Number.isFinite(ms)) continue;
    const date = new Date(ms);
    seen.year.add(date.getUTCFullYear());
    seen.month.add(date.getUTCMonth());
    seen.day.add(date.getUTCDate());
    weekdays.add(date.getUTCDay());
    minutes.add(Math.floor((((ms % DAY_MS) + DAY_MS) % DAY_MS) / 60_000));
  }
  const parts: { part: FeaturePart; origin: number }[] = [];
  if (!ordersTime) parts.push({ part: 'elapsedDays', origin: Number.isFinite(low) ? low : 0 });
  if (seen.month.size > 1) parts.push({ part: 'month', origin: 0 });
  if (seen.day.size > 1) parts.push({ part: 'dayOfMonth', origin: 0 });
  if (weekdays.size > 1) parts.push({ part: 'dayOfWeek', origin: 0 });
  if (minutes.size > 1) parts.push({ part: 'hour', origin: 0 });
  return parts;
}
