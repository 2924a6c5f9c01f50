import type { Column, NumericColumn, StringColumn } from '../tables/table.ts';

/** Names that columns of keys carry: 'id', 'customerID', 'row_id', 'rownames', 'uuid', 'order_no'… */
const KEY_NAME =
  /(^|[_\s.-])(id|ids|uuid|guid|key|pk|rowid|row|rownames?|rownum|index|idx|serial)$|[a-z](ID|Id|UUID|Key)$|^unnamed/;
const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const HASH = /^[0-9a-f]{16,}$/i;
/** A share of distinct values from which a column names rows rather than describes them. */
const DISTINCT_SHARE_MIN = 0.95;
/** Below this many rows every column looks like a key. */
const KEY_ROWS_MIN = 20;
/** Values looked at when the form of texts is judged. */
const FORM_SAMPLE = 1000;

export function hasKeyName(name: string): boolean {
  return KEY_NAME.test(name) || KEY_NAME.test(name.toLowerCase());
}

/** Whole numbers that count the rows from 0 or 1, in steps of one, in file order (a few may be missing where rows were left out). */
export function isRowNumbering(column: Column): boolean {
  if (column.type === 'string' || column.type === 'boolean') return false;
  const { values } = column;
  if (values.length < 2) return false;
  const first = values[0]!;
  if (first !== 0 && first !== 1) return false;
  let steps = 0;
  for (let i = 1; i < values.length; i++) {
    const step = values[i]! - values[i - 1]!;
    if (!(step >= 1)) return false;
    if (step === 1) steps++;
  }
  return steps >= 0.9 * (values.length - 1);
}

/**
 * Whether a column names rows: nearly all values differ, and they are whole numbers under a key's name, a dense shuffled
 * sequence from 0 or 1, or texts in the form of a code, hash or UUID.
 *
 * @param distinct number of different values that are not missing
 * @param present number of rows that have a value
 */
export function looksLikeKey(column: Column, distinct: number, present: number): boolean {
  if (present < KEY_ROWS_MIN || distinct < DISTINCT_SHARE_MIN * present) return false;
  return column.type === 'string' ? textsAreCodes(column) : numbersAreKeys(column, distinct, present);
}

function numbersAreKeys(column: NumericColumn, distinct: number, present: number): boolean {
  if (column.type !== 'integer' && column.type !== 'number') return false;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of column.values) {
    if (Number.isNaN(value)) continue;
    if (!Number.isInteger(value)) return false;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (hasKeyName(column.name)) return true;
  return distinct === present && (low === 0 || low === 1) && high - low < 1.1 * present;
}

function textsAreCodes(column: StringColumn): boolean {
  const sample = column.dictionary.slice(0, FORM_SAMPLE);
  if (sample.length === 0) return false;
  const share = (test: (text: string) => boolean) => sample.filter(test).length / sample.length;
  if (share((text) => UUID.test(text) || HASH.test(text)) > 0.9) return true;
  const oneWord = share((text) => !/\s/.test(text)) > 0.95;
  if (oneWord && hasKeyName(column.name)) return true;
  return oneWord && share((text) => /\d/.test(text)) > 0.9;
}
