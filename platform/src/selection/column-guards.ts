import type { GuardFinding } from '../contracts/studies.ts';
import type { Column, StringColumn } from '../tables/table.ts';
import { isRowNumbering, looksLikeKey } from './identifiers.ts';

/** Texts of which more than this share differ are read by people, not by models. */
const TEXT_DISTINCT_SHARE_MIN = 0.9;
const TEXT_ROWS_MIN = 20;

export interface ColumnFacts {
  readonly present: number;
  /** Different values that are not missing. */
  readonly distinct: number;
}

/** Counts values. Cost: one pass, and a set of the distinct numbers. */
export function factsOf(column: Column): ColumnFacts {
  if (column.type === 'string') {
    const seen = new Uint8Array(column.dictionary.length);
    let present = 0;
    for (const code of column.codes) {
      if (code < 0) continue;
      present++;
      seen[code] = 1;
    }
    return { present, distinct: seen.reduce((sum, one) => sum + one, 0) };
  }
  const sorted = column.values.filter((value) => !Number.isNaN(value)).sort();
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
  return { present: sorted.length, distinct };
}

/** The guard's finding for a column that cannot help, or undefined when the column may be used. */
export function guardColumn(column: Column, facts: ColumnFacts): GuardFinding | undefined {
  const rows = column.type === 'string' ? column.codes.length : column.values.length;
  const { present, distinct } = facts;
  const excluded = (guard: string, summary: string): GuardFinding => ({
    guard,
    severity: 'info',
    columns: [column.name],
    action: 'excluded',
    summary,
    evidence: { distinct, present, rows },
  });
  if (present === 0) return excluded('constant', `'${column.name}' has no values`);
  if (distinct === 1 && present === rows) {
    return excluded('constant', `'${column.name}' has the same value in every row`);
  }
  if (isRowNumbering(column)) return excluded('identifier', `'${column.name}' numbers the rows`);
  if (looksLikeKey(column, distinct, present)) {
    return excluded(
      'identifier',
      `'${column.name}' names rows: ${distinct} different values in ${present} rows`,
    );
  }
  if (column.type === 'string' && isFreeText(column, facts)) {
    return excluded('text', `'${column.name}' is free text: ${distinct} different values in ${present} rows`);
  }
  return undefined;
}

function isFreeText(column: StringColumn, { present, distinct }: ColumnFacts): boolean {
  return (
    present >= TEXT_ROWS_MIN && distinct > TEXT_DISTINCT_SHARE_MIN * present && column.dictionary.length > 0
  );
}
