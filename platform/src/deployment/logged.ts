import type { LoggedPrediction } from '../contracts/deployments.ts';
import { idTimeMs } from '../kernel/ids.ts';
import type { DecodedColumn } from '../tables/coercion.ts';
import type { ColumnType } from '../tables/table.ts';
import type { PredictionRecord } from './prediction-log/record.ts';
import { labelsOf } from './protocols/inputs.ts';
import type { ServableModel } from './types.ts';

type Cell = string | number | boolean | null;

/** One row of a log record as people and the monitor read it. */
export function loggedPrediction(
  record: PredictionRecord,
  row: number,
  model: ServableModel,
): LoggedPrediction {
  const { outputsPerRow: k, outputs, ids, revision } = record;
  const own = outputs.subarray(row * k, (row + 1) * k);
  const { labels } = model.signature;
  const id = ids[row]!;
  return {
    id,
    time: idTimeMs(id),
    revision,
    version: model.version,
    inputs: Object.fromEntries(
      model.coercions.map((coercion, index) => [
        coercion.column,
        cellOf(record.columns[index], row, coercion.type),
      ]),
    ),
    prediction: labelsOf(model.signature, own)[0]!,
    ...(labels.length === 0
      ? {}
      : { probabilities: Object.fromEntries(labels.map((label, i) => [label, own[i]!])) }),
  };
}

/** A decoded value as it was sent: null for missing, dates as ISO texts. */
export function cellOf(column: DecodedColumn | undefined, row: number, type: ColumnType): Cell {
  if (column === undefined) return null;
  const value = column[row]!;
  if (typeof value === 'string') return value === '' ? null : value;
  if (Number.isNaN(value)) return null;
  switch (type) {
    case 'boolean':
      return value !== 0;
    case 'date':
      return new Date(value).toISOString().slice(0, 10);
    case 'timestamp':
      return new Date(value).toISOString();
    default:
      return value;
  }
}
