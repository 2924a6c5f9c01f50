import { ASK, MISFIT, MISSING, type PlannedColumn } from './infer-types.ts';
import type { JsonRecord } from './json-records.ts';
import { parseRecord, valueAt, valueKind, valueText } from './json-values.ts';
import type { Rejection } from './quarantine.ts';
import { normalised } from './typed-text.ts';

export type ReadCells =
  | {
      /** The record as it was parsed. */
      readonly record: Readonly<Record<string, unknown>>;
      /** By column, '' when missing. */
      readonly cells: string[];
    }
  | {
      readonly record?: Readonly<Record<string, unknown>>;
      readonly rejection: Rejection;
      /** The column whose value does not fit. */
      readonly misfit?: number;
    };

/** One record as texts that the columns' types take, or why it is refused. */
export function readCells(
  source: JsonRecord,
  keys: readonly string[],
  columns: readonly PlannedColumn[],
): ReadCells {
  const { record, byteOffset, bytes } = source;
  if (source.tooLong) {
    const message = 'it is longer than a line may be; its bytes stay in the source';
    return { rejection: { record, byteOffset, reason: 'LINE_TOO_LONG', message, bytes } };
  }
  const parsed = parseRecord(bytes);
  if (!('record' in parsed)) return { rejection: { record, byteOffset, ...parsed, bytes } };
  const cells = new Array<string>(columns.length);
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    const value = valueAt(parsed.record, keys[i]!);
    const cell = cellOf(value, column);
    if (cell === undefined) {
      const shown = valueText(value).slice(0, 60);
      const message = `${JSON.stringify(shown)} is not ${column.type === 'integer' ? 'an' : 'a'} ${column.type}`;
      const rejection = { record, byteOffset, reason: 'WRONG_TYPE', message, column: column.name, bytes };
      return { record: parsed.record, rejection, misfit: i };
    }
    cells[i] = cell;
  }
  return { record: parsed.record, cells };
}

/** The cell, '' when missing, undefined when it does not fit. */
function cellOf(value: unknown, column: PlannedColumn): string | undefined {
  const fit = column.fit[valueKind(value)]!;
  if (fit === MISSING) return '';
  if (fit === MISFIT) return undefined;
  if (column.type === 'string') return valueText(value).replaceAll('\0', '');
  if (fit !== ASK && typeof value === 'number' && column.type !== 'boolean') return String(value);
  return normalised(valueText(value).trim(), column, fit === ASK);
}
