import type { Io } from './io.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | null | undefined;
  /** Numbers stand right. Default 'left'. */
  readonly align?: 'left' | 'right';
}

/** A table for people on a terminal; tab-separated values, header first, for programs. */
export function tableLines<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  io: Pick<Io, 'outIsTerminal' | 'paint'>,
): string[] {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const titles = columns.map((column) => column.title);
  if (!io.outIsTerminal) return [titles, ...cells].map((line) => line.join('\t'));
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i]!.length)));
  const pad = (line: readonly string[]) =>
    line
      .map((text, i) => (columns[i]!.align === 'right' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [io.paint('dim', pad(titles)), ...cells.map(pad)];
}

/** Labels and values, one a line. */
export function factLines(
  facts: readonly (readonly [label: string, value: string | number | null | undefined])[],
  io: Pick<Io, 'outIsTerminal' | 'paint'>,
): string[] {
  const width = Math.max(0, ...facts.map(([label]) => label.length));
  return facts.map(([label, value]) =>
    io.outIsTerminal
      ? `${io.paint('dim', label.padEnd(width))}  ${cellText(value)}`
      : `${label}\t${cellText(value)}`,
  );
}

function cellText(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  // A tab or line end inside a value would break the table for programs.
  return String(value).replace(/[\t\r\n]+/g, ' ');
}
