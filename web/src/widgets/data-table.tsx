import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useKeys } from './keys.ts';

export interface ColumnSpec<T> {
  readonly name: string;
  readonly numeric?: boolean;
  readonly wrap?: boolean;
  readonly width?: number | string;
  readonly cell: (row: T) => ReactNode;
}

export interface DataTableProps<T> {
  readonly caption: string;
  readonly rows: readonly T[];
  readonly columns: readonly ColumnSpec<T>[];
  readonly keyOf: (row: T) => string;
  /** Address a row opens: by click on its first cell's link, or Enter. */
  readonly open?: (row: T) => string;
  readonly selected?: string;
  readonly onSelect?: (row: T) => void;
  /** j and k move in this table. One table a page. */
  readonly keyboard?: boolean;
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { caption, rows, columns, keyOf, open, onSelect } = props;
  const navigate = useNavigate();
  const [cursor, setCursor] = useState(-1);
  const go = (row: T) => {
    if (open !== undefined) void navigate({ to: open(row) });
    else onSelect?.(row);
  };
  const move = (step: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, cursor + step));
    setCursor(next);
    const row = rows[next];
    if (row !== undefined && open === undefined) onSelect?.(row);
  };
  const enter = () => {
    const row = rows[cursor];
    if (row !== undefined) go(row);
  };
  useKeys(props.keyboard === true ? { j: () => move(1), k: () => move(-1), Enter: enter } : {});
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and a keyboard must reach it
    <section className="table-frame" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="sr">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                className={column.numeric ? 'num' : ''}
                style={column.width === undefined ? {} : { width: column.width }}
              >
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => {
            const key = keyOf(row);
            const selected = props.selected === key || cursor === index;
            return (
              <tr
                key={key}
                aria-selected={selected}
                className={open === undefined && onSelect === undefined ? '' : 'openable'}
                onClick={() => go(row)}
              >
                {columns.map((column) => (
                  <td
                    key={column.name}
                    className={`${column.numeric ? 'num' : ''} ${column.wrap ? 'wrap' : ''}`}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
