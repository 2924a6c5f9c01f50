import type { ModelSignature } from '../contracts/models.ts';
import type { Truth } from '../estimators/metrics/types.ts';
import { parseScalar } from '../tables/coercion.ts';
import { type Column, cellText } from '../tables/table.ts';
import type { ValidationRequest } from './types.ts';

/** Rows by what kept their label from being used as a class of the model. */
export interface UnusedLabels {
  readonly missing: number;
  /** Targets that are not a finite number (regression). */
  readonly unreadable: number;
  /** Classes of the training data that were too rare to be fitted. */
  readonly unfitted: ReadonlyMap<string, number>;
  /** Labels that the training data does not have. */
  readonly unknown: ReadonlyMap<string, number>;
}

export interface ReadTruth {
  readonly truth: Truth;
  /** Rows of the column that the truth is about, ascending. */
  readonly rows: Int32Array;
  readonly unused: UnusedLabels;
}

/** The target column as the candidate sees it. Rows without a target are left out; labels it does not know get the index `classes`. */
export function readTruth(
  column: Column,
  request: Pick<ValidationRequest, 'candidate' | 'classes'>,
): ReadTruth {
  const { signature } = request.candidate;
  return signature.task === 'regression'
    ? readValues(column)
    : readClasses(column, signature, new Set(request.classes.map(({ label }) => label)));
}

function readValues(column: Column): ReadTruth {
  const length = lengthOf(column);
  const rows: number[] = [];
  const target: number[] = [];
  let missing = 0;
  let unreadable = 0;
  for (let row = 0; row < length; row++) {
    const text = column.type === 'string' ? cellText(column, row).trim() : '';
    const value = column.type === 'string' ? parseScalar(text, 'number', 'iso') : column.values[row]!;
    if (column.type === 'string' ? text === '' : Number.isNaN(value)) missing++;
    else if (!Number.isFinite(value)) unreadable++;
    else {
      rows.push(row);
      target.push(value);
    }
  }
  return {
    truth: { task: 'regression', classes: 1, target: Float64Array.from(target) },
    rows: Int32Array.from(rows),
    unused: { missing, unreadable, unfitted: new Map(), unknown: new Map() },
  };
}

function readClasses(column: Column, signature: ModelSignature, trained: ReadonlySet<string>): ReadTruth {
  const { task, labels } = signature;
  const classOf = new Map(labels.map((label, index) => [label, index]));
  const spelling = spellingOf(signature);
  const unfitted = new Map<string, number>();
  const unknown = new Map<string, number>();
  const rows: number[] = [];
  const target: number[] = [];
  const length = lengthOf(column);
  for (let row = 0; row < length; row++) {
    const text = cellText(column, row);
    if (text === '') continue;
    const label = classOf.has(text) || trained.has(text) ? text : spelling(text);
    const index = classOf.get(label);
    if (index === undefined) {
      const map = trained.has(label) ? unfitted : unknown;
      map.set(label, (map.get(label) ?? 0) + 1);
    }
    rows.push(row);
    target.push(index ?? labels.length);
  }
  return {
    truth: { task, classes: labels.length, target: Float64Array.from(target) },
    rows: Int32Array.from(rows),
    unused: { missing: length - rows.length, unreadable: 0, unfitted, unknown },
  };
}

/** How a label of another file is spelled here: '1.0' and '1' are one number, 'True' and 'true' one boolean, blanks do not count. */
function spellingOf({ labels, numericLabels }: ModelSignature): (text: string) => string {
  const boolean = labels.every((label) => label === 'true' || label === 'false');
  return (text) => {
    const trimmed = text.trim();
    if (boolean) {
      const value = parseScalar(trimmed, 'boolean', 'iso');
      return Number.isNaN(value) ? trimmed : value === 1 ? 'true' : 'false';
    }
    const number = numericLabels ? parseScalar(trimmed, 'number', 'iso') : Number.NaN;
    return Number.isNaN(number) ? trimmed : String(number);
  };
}

function lengthOf(column: Column): number {
  return column.type === 'string' ? column.codes.length : column.values.length;
}
