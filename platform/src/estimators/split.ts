import { missingColumn } from '../tables/coercion.ts';
import { rowUnitHashes } from '../tables/row-hash.ts';
import type { Column, Table } from '../tables/table.ts';
import { findColumn } from '../tables/table.ts';
import type { SplitRule } from './bundle.ts';

/**
 * Which rows of a table are test rows under a rule. One function for everyone who asks, so that a row's part is a fact about its
 * content: adding, removing or reordering other rows never moves it.
 *
 * - hash: the keyed hash of the rule's columns is below the test share
 * - group: the same, of the group column alone
 * - time: the time is at or after `testFromMs`; a row without a time is a training row
 * - file: none, the user gave a test set of their own
 *
 * @returns row indices, ascending
 * @throws INPUT_MISSING_COLUMN when the table lacks a column of the rule.
 */
export function testRowsOf(table: Table, split: SplitRule): Int32Array {
  return rowsWhere(table.rows, testMask(table, split), 1);
}

/** The other rows, ascending. @throws INPUT_MISSING_COLUMN */
export function trainRowsOf(table: Table, split: SplitRule): Int32Array {
  return rowsWhere(table.rows, testMask(table, split), 0);
}

/** Both parts at the cost of one. @throws INPUT_MISSING_COLUMN */
export function partRowsOf(
  table: Table,
  split: SplitRule,
): { readonly train: Int32Array; readonly test: Int32Array } {
  const mask = testMask(table, split);
  return { train: rowsWhere(table.rows, mask, 0), test: rowsWhere(table.rows, mask, 1) };
}

function testMask(table: Table, split: SplitRule): Uint8Array {
  const mask = new Uint8Array(table.rows);
  if (split.method === 'file') return mask;
  const columns = split.columns.map((name) => requireColumn(table, name));
  if (split.method === 'time') {
    const column = columns[0]!;
    const from = split.testFromMs ?? Number.POSITIVE_INFINITY;
    if (column.type === 'string') return mask;
    for (let i = 0; i < table.rows; i++) if (column.values[i]! >= from) mask[i] = 1;
    return mask;
  }
  const units = rowUnitHashes(columns, table.rows, split.key);
  for (let i = 0; i < table.rows; i++) if (units[i]! < split.testShare) mask[i] = 1;
  return mask;
}

function requireColumn(table: Table, name: string): Column {
  const column = findColumn(table, name);
  if (column === undefined) throw missingColumn(name);
  return column;
}

function rowsWhere(rows: number, mask: Uint8Array, part: 0 | 1): Int32Array {
  let count = 0;
  for (let i = 0; i < rows; i++) if (mask[i] === part) count++;
  const found = new Int32Array(count);
  let next = 0;
  for (let i = 0; i < rows; i++) if (mask[i] === part) found[next++] = i;
  return found;
}
