import type { GuardFinding } from '../contracts/studies.ts';
import { rowUnitHashes } from '../tables/row-hash.ts';
import type { Table } from '../tables/table.ts';

/** Rows that repeat an earlier one in every column. Kept: they lie in the same part of the split, because parts go by content. */
export function findDuplicateRows(table: Table): GuardFinding[] {
  const hashes = rowUnitHashes(table.columns, table.rows, 'duplicate-rows').sort();
  let repeated = 0;
  for (let i = 1; i < hashes.length; i++) if (hashes[i] === hashes[i - 1]) repeated++;
  if (repeated === 0) return [];
  const percent = ((100 * repeated) / table.rows).toFixed(2);
  return [
    {
      guard: 'duplicate-rows',
      severity: repeated > 0.2 * table.rows ? 'warning' : 'info',
      columns: [],
      action: 'noted',
      summary: `${repeated} rows (${percent} %) repeat an earlier row; equal rows are always in the same part`,
      evidence: { repeated, rows: table.rows },
    },
  ];
}
