import type { ContractBody, ContractColumn } from '../../../../platform/src/contracts/data-contracts.ts';
import { readEvery, words } from './load-form.ts';

/** The column with one rule said otherwise; an empty text takes the rule away. */
export function withRule<K extends keyof ContractColumn>(
  column: ContractColumn,
  rule: K,
  value: ContractColumn[K] | '' | false | undefined,
): ContractColumn {
  const { [rule]: _, ...rest } = column;
  const isOff = value === '' || value === false || value === undefined;
  return (isOff ? rest : { ...rest, [rule]: value }) as ContractColumn;
}

const isNumeric = ({ type }: ContractColumn) => type === 'number' || type === 'integer';

/** A bound as it is typed: a number where the column has numbers, else the text (dates in ISO 8601). */
export function readBound(column: ContractColumn, text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return isNumeric(column) && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** Values that have a comma of their own are edited as JSON. */
export const hasPlainValues = ({ values }: ContractColumn) =>
  values === undefined || values.every((value) => !value.includes(',') && value === value.trim());

export const writeValues = ({ values }: ContractColumn) => (values ?? []).join(', ');
export function readValues(text: string): string[] | undefined {
  const values = words(text);
  return values.length === 0 ? undefined : values;
}

export const writeReference = ({ references }: ContractColumn) =>
  references === undefined ? '' : `${references.dataset}:${references.column}`;
/** `orders:id`; undefined for an empty text. A reference without a column waits for it. */
export function readReference(text: string): ContractColumn['references'] {
  const at = text.indexOf(':');
  if (text.trim() === '') return undefined;
  return at < 0
    ? { dataset: text.trim(), column: '' }
    : { dataset: text.slice(0, at).trim(), column: text.slice(at + 1).trim() };
}

/** What keeps the draft from being sent; undefined when nothing does. */
export function lackOf(body: ContractBody): string | undefined {
  const half = body.columns.find(({ references }) => references !== undefined && references.column === '');
  if (half !== undefined) return `${half.name}: write the reference as data-set:column`;
  const bound = body.columns.find(
    (column) => isNumeric(column) && [column.min, column.max].some((value) => typeof value === 'string'),
  );
  return bound === undefined ? undefined : `${bound.name}: its bounds are numbers`;
}

/** '7d' → seconds; an empty text: never stale. @throws Error for anything else */
export const readFresh = (text: string): number | null => readEvery(text);

export function writeFresh(seconds: number | null): string {
  if (seconds === null) return '';
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    if (seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}
