import type { ModelSignature } from '../../contracts/models.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { type Coercions, decodeValues, missingColumn } from '../../tables/coercion.ts';
import type { DecodedRequest } from '../types.ts';

/** What a protocol needs of the model to read a request and to write a reply. */
export interface ProtocolModel {
  readonly signature: ModelSignature;
  readonly coercions: Coercions;
}

export function unreadableInput(message: string, fix: string): SlipwayError {
  return new SlipwayError('INPUT_UNREADABLE', { message, fix });
}

export function requireRows(rows: number): void {
  if (rows <= LIMITS.inferRowsMax) return;
  throw new SlipwayError('INPUT_TOO_LARGE', {
    message: `${rows} rows in one request; the limit is ${LIMITS.inferRowsMax}`,
    fix: `Send them in requests of at most ${LIMITS.inferRowsMax} rows.`,
    details: { rows, limit: LIMITS.inferRowsMax },
  });
}

/**
 * Decodes raw columns by the model's coercions. Columns the model does not know are ignored; one it needs and that is not there is an
 * error that names it, unless the training data lacked it too at times.
 *
 * @param columnOf values of a column by name, `undefined` where the request has none
 */
export function decodeColumns(
  model: ProtocolModel,
  rows: number,
  columnOf: (name: string) => ArrayLike<unknown> | undefined,
): DecodedRequest {
  requireRows(rows);
  const optional = new Set(
    model.signature.inputs.filter((input) => input.optional).map((input) => input.name),
  );
  const columns = model.coercions.map((coercion) => {
    const values = columnOf(coercion.column);
    if (values === undefined && !optional.has(coercion.column)) throw missingColumn(coercion.column);
    if (values !== undefined && values.length !== rows) {
      throw new SlipwayError('INPUT_WRONG_SHAPE', {
        message: `column '${coercion.column}' has ${values.length} values where ${rows} rows are sent`,
        fix: 'Send one value per row in every column.',
        details: { column: coercion.column, values: values.length, rows },
      });
    }
    return decodeValues(values ?? new Array<null>(rows).fill(null), coercion);
  });
  return { rows, columns };
}

/**
 * How many columns a request wants as reasons of each row; 0: none.
 *
 * @throws INPUT_UNREADABLE, REASONS_TOO_MANY
 */
export function readReasons(value: unknown, rows: number): number {
  if (value === undefined || value === null || value === false) return 0;
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw unreadableInput(
      `reasons is ${JSON.stringify(value).slice(0, 50)}, which is no number of columns`,
      'Ask for e.g. "reasons": 3.',
    );
  }
  if (rows > LIMITS.reasonsRowsMax) {
    throw new SlipwayError('REASONS_TOO_MANY', {
      message: `reasons are asked for ${rows} rows; the limit is ${LIMITS.reasonsRowsMax}`,
      fix: `Ask for the reasons of at most ${LIMITS.reasonsRowsMax} rows at once.`,
      details: { rows, limit: LIMITS.reasonsRowsMax },
    });
  }
  return value as number;
}

/** The most probable label of each row, as text; for regression the value. */
export function labelsOf(signature: ModelSignature, outputs: Float32Array): (string | number)[] {
  const { labels } = signature;
  if (labels.length === 0) return Array.from(outputs);
  const rows = outputs.length / labels.length;
  return Array.from({ length: rows }, (_, row) => {
    const label = labels[argMax(outputs, row * labels.length, labels.length)]!;
    return signature.numericLabels ? Number(label) : label;
  });
}

function argMax(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}
