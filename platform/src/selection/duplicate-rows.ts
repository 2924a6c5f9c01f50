import type { GuardFinding } from '../contracts/studies.ts';
import type { Column, Table } from '../tables/table.ts';

/** Rows that repeat an earlier one in every column. Kept: they lie in the same part of the split, because parts go by content. */
export function findDuplicateRows(table: Table): GuardFinding[] {
  const hashes = rowHashes(table).sort();
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

/** 53 bits per row over the bits of its cells; good within one table, whose dictionaries it relies on, and nowhere else. */
function rowHashes({ rows, columns }: Table): Float64Array {
  const high = new Int32Array(rows).fill(0x2545f491);
  const low = new Int32Array(rows).fill(0x1b873593);
  for (const column of columns) addColumn(column, high, low);
  const hashes = new Float64Array(rows);
  for (let i = 0; i < rows; i++) hashes[i] = (high[i]! >>> 5) * 67108864 + (low[i]! >>> 6);
  return hashes;
}

function addColumn(column: Column, high: Int32Array, low: Int32Array): void {
  // A copy, because a column may be a view whose offset is not a multiple of eight; the two zeros are one value.
  const bits =
    column.type === 'string' ? column.codes : new Int32Array(column.values.map((value) => value + 0).buffer);
  const words = column.type === 'string' ? 1 : 2;
  for (let i = 0; i < high.length; i++) {
    for (let w = 0; w < words; w++) {
      const word = bits[i * words + w]!;
      const a = Math.imul(high[i]! ^ word, 0x85ebca6b);
      const b = Math.imul(low[i]! + word + 1, 0xc2b2ae35);
      high[i] = a ^ (a >>> 15) ^ (b << 7);
      low[i] = b ^ (b >>> 13) ^ (a << 11);
    }
  }
}
