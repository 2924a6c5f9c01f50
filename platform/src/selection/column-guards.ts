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

/** Rows whose values are counted first: where they repeat, all of them need not be counted. */
const SAMPLE_ROWS = 20_000;

/**
 * Counts values. Numbers that repeat within a sample of 20,000 rows are counted in the sample only, because then nothing depends on the
 * exact number; it is a lower bound.
 */
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
  let present = 0;
  for (const value of column.values) if (!Number.isNaN(value)) present++;
  const step = Math.floor(column.values.length / SAMPLE_ROWS);
  if (step >= 2) {
    const sample = column.values.filter((value, i) => i % step === 0 && !Number.isNaN(value));
    const distinct = distinctOf(sample);
    if (distinct > 1 && distinct < 0.9 * sample.length) return { present, distinct };
  }
  return { present, distinct: distinctOf(column.values.filter((value) => !Number.isNaN(value))) };
}

function distinctOf(values: Float64Array): number {
  values.sort();
  let distinct = 0;
  for (let i = 0; i < values.length; i++) if (i === 0 || values[i] !== values[i - 1]) distinct++;
  return distinct;
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
