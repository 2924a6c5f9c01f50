import type { GuardFinding } from '../contracts/studies.ts';
import { type Column, isMissing } from '../tables/table.ts';

/** Rows on which two columns must agree before all rows are compared. */
const PROBE_ROWS = 2000;

/**
 * Columns that say the same: equal values, or values of which each stands for exactly one of the other's (a code and its name).
 * They are kept, because trees do not mind, but weights and importances of such columns are shared at will.
 *
 * Where nearly all values differ, "one stands for one" holds by chance, so such columns must be equal.
 */
export function findDuplicateColumns(
  columns: readonly Column[],
  distinctOf: (column: Column) => number,
): GuardFinding[] {
  const findings: GuardFinding[] = [];
  const groups = new Map<string, Column[]>();
  for (const column of columns) {
    const key = `${distinctOf(column)} ${signature(column, PROBE_ROWS)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [column]);
    else group.push(column);
  }
  for (const [first, ...others] of groups.values()) {
    for (const other of others) {
      const rows = lengthOf(first!);
      const bijective = distinctOf(first!) <= rows / 2;
      if (bijective ? signature(first!, rows) !== signature(other, rows) : !equalValues(first!, other))
        continue;
      findings.push({
        guard: 'duplicate-columns',
        severity: 'info',
        columns: [first!.name, other.name],
        action: 'noted',
        summary: `'${other.name}' says the same as '${first!.name}'`,
      });
    }
  }
  return findings;
}

/** Two hashes of the order in which values first appear: equal for columns that are renamings of each other. */
function signature(column: Column, rowsMax: number): string {
  const index = new Map<number, number>();
  const rows = Math.min(rowsMax, lengthOf(column));
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  for (let i = 0; i < rows; i++) {
    let code = 0;
    if (!isMissing(column, i)) {
      const value = column.type === 'string' ? column.codes[i]! : column.values[i]!;
      code = index.get(value) ?? index.size + 1;
      if (code > index.size) index.set(value, code);
    }
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ (code + i), 0x85ebca6b) ^ (low >>> 15);
  }
  return `${high >>> 0}:${low >>> 0}`;
}

function equalValues(a: Column, b: Column): boolean {
  const rows = lengthOf(a);
  for (let i = 0; i < rows; i++) if (valueAt(a, i) !== valueAt(b, i)) return false;
  return true;
}

function valueAt(column: Column, row: number): string | number | null {
  if (isMissing(column, row)) return null;
  return column.type === 'string' ? column.dictionary[column.codes[row]!]! : column.values[row]!;
}

function lengthOf(column: Column): number {
  return column.type === 'string' ? column.codes.length : column.values.length;
}
