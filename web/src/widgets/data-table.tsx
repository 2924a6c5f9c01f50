import { Link, useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { count } from './format.ts';
import { useKeys } from './keys.ts';
import { TableFilter } from './table-filter.tsx';
import {
  filterRows,
  nextOrder,
  type Order,
  readOrder,
  type SortValue,
  sortRows,
  writeOrder,
} from './table-order.ts';
import { useUrlState } from './url-state.ts';

export interface ColumnSpec<T> {
  readonly name: string;
  readonly numeric?: boolean;
  readonly wrap?: boolean;
  readonly width?: number | string;
  readonly cell: (row: T) => ReactNode;
  /** Makes the header a button that sorts by this value. */
  readonly sort?: (row: T) => SortValue;
}

export interface DataTableProps<T> {
  readonly caption: string;
  readonly rows: readonly T[];
  readonly columns: readonly ColumnSpec<T>[];
  readonly keyOf: (row: T) => string;
  /** Address a row opens: by the link of its first cell, a click anywhere in it, or Enter. */
  readonly open?: (row: T) => string;
  readonly selected?: string;
  readonly onSelect?: (row: T) => void;
  /** The page's main table: j, k, Enter and / work in it, and its order and filter stand in the address. One a page. */
  readonly keyboard?: boolean;
  /** What the filter looks in. Absent: no filter. */
  readonly textOf?: (row: T) => string;
  /** Greatest height in pixels: beyond it the table scrolls, and only rows in view are drawn. */
  readonly height?: number;
  /** Height of a row in pixels, where it is not one line of text. */
  readonly rowHeight?: number;
  /** Fetches the next page of rows; absent on the last one. */
  readonly more?: (() => void) | undefined;
}

const VIRTUAL_FROM = 80;
const ROW_HEIGHT = 28;

export function DataTable<T>(props: DataTableProps<T>) {
  const { caption, columns, keyOf, open, onSelect } = props;
  const state = useTableState(props.keyboard === true);
  const matched = filterRows(props.rows, state.filter, props.textOf);
  const sorter = columns.find((column) => column.name === state.order?.column)?.sort;
  const rows = sortRows(matched, sorter, state.order?.descending ?? false);
  const navigate = useNavigate();
  const go = (row: T) => (open === undefined ? onSelect?.(row) : void navigate({ to: open(row) }));
  const cursor = useCursor({ rows, keyOf, open, onSelect, go, selected: props.selected, on: props.keyboard });
  const frame = useRef<HTMLElement>(null);
  const isVirtual = props.height !== undefined && rows.length > VIRTUAL_FROM;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => props.rowHeight ?? ROW_HEIGHT,
    overscan: 12,
    enabled: isVirtual,
  });
  useEffect(() => {
    if (cursor.index < 0) return;
    if (isVirtual) virtual.scrollToIndex(cursor.index);
    else frame.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [cursor.index, isVirtual, virtual]);
  const items = isVirtual ? virtual.getVirtualItems() : undefined;
  const shown = items?.map((item) => item.index) ?? rows.map((_, index) => index);
  const before = items?.[0]?.start ?? 0;
  const after = items === undefined ? 0 : virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <>
      {props.textOf !== undefined && (
        <TableFilter
          label={caption}
          keyboard={props.keyboard === true}
          value={state.filter ?? ''}
          onChange={(text) => state.setFilter(text === '' ? undefined : text)}
          matched={rows.length}
          total={props.rows.length}
        />
      )}
      <section
        className="table-frame"
        aria-label={caption}
        ref={frame}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and a keyboard must reach it
        tabIndex={0}
        style={props.height === undefined ? {} : { maxHeight: props.height }}
      >
        <table {...(isVirtual ? { 'aria-rowcount': rows.length + 1 } : {})}>
          <caption className="sr">{caption}</caption>
          <Head columns={columns} order={state.order} onOrder={state.setOrder} />
          <tbody>
            {before > 0 && <Spacer height={before} columns={columns.length} />}
            {shown.map((index) => (
              <Row
                key={keyOf(rows[index]!)}
                row={rows[index]!}
                index={isVirtual ? index : undefined}
                columns={columns}
                selected={cursor.index === index}
                to={open?.(rows[index]!)}
                onOpen={open === undefined && onSelect === undefined ? undefined : go}
              />
            ))}
            {after > 0 && <Spacer height={after} columns={columns.length} />}
          </tbody>
        </table>
        {rows.length === 0 && props.rows.length > 0 && <p className="table-note">No row has these words.</p>}
      </section>
      {props.more !== undefined && (
        <div className="table-more">
          <button type="button" className="button" onClick={props.more}>
            Show more
          </button>
          <span>{count(props.rows.length)} shown, older ones follow</span>
        </div>
      )}
    </>
  );
}

/** The page's main table keeps order and filter in the address; others keep them while they are on the page. */
function useTableState(inUrl: boolean) {
  const [urlFilter, setUrlFilter] = useUrlState('filter');
  const [urlOrder, setUrlOrder] = useUrlState('sort');
  const [filter, setFilter] = useState<string | undefined>(undefined);
  const [order, setOrder] = useState<string | undefined>(undefined);
  const write = inUrl ? setUrlOrder : setOrder;
  return {
    filter: inUrl ? urlFilter : filter,
    setFilter: (value: string | undefined) => (inUrl ? setUrlFilter(value) : setFilter(value)),
    order: readOrder(inUrl ? urlOrder : order),
    setOrder: (value: Order | undefined) => write(writeOrder(value)),
  };
}

/** j and k: over the rows of a table that opens things, or the very selection of one that selects. */
function useCursor<T>(given: {
  rows: readonly T[];
  keyOf: (row: T) => string;
  open: ((row: T) => string) | undefined;
  onSelect: ((row: T) => void) | undefined;
  go: (row: T) => void;
  selected: string | undefined;
  on: boolean | undefined;
}) {
  const { rows, keyOf, onSelect, selected } = given;
  const [key, setKey] = useState<string | undefined>(undefined);
  const current = selected ?? key;
  const index = current === undefined ? -1 : rows.findIndex((row) => keyOf(row) === current);
  const move = (step: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index + step))];
    if (row === undefined) return;
    setKey(keyOf(row));
    if (given.open === undefined) onSelect?.(row);
  };
  const enter = () => {
    const row = rows[index];
    if (row !== undefined) given.go(row);
  };
  useKeys(given.on === true ? { j: () => move(1), k: () => move(-1), Enter: enter } : {});
  return { index };
}

function Head<T>(props: {
  readonly columns: readonly ColumnSpec<T>[];
  readonly order: Order | undefined;
  readonly onOrder: (order: Order | undefined) => void;
}) {
  const { columns, order, onOrder } = props;
  return (
    <thead>
      <tr>
        {columns.map(({ name, numeric = false, width, sort }) => {
          const by = order?.column === name ? (order.descending ? 'descending' : 'ascending') : undefined;
          return (
            <th
              key={name}
              scope="col"
              className={numeric ? 'num' : ''}
              {...(by === undefined ? {} : { 'aria-sort': by })}
              style={width === undefined ? {} : { width }}
            >
              {sort === undefined ? (
                name
              ) : (
                <button
                  type="button"
                  className="sort"
                  onClick={() => onOrder(nextOrder(order, name, numeric))}
                >
                  {name}
                  <span aria-hidden="true">{by === undefined ? '' : by === 'descending' ? ' ↓' : ' ↑'}</span>
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Row<T>(props: {
  readonly row: T;
  readonly index: number | undefined;
  readonly columns: readonly ColumnSpec<T>[];
  readonly selected: boolean;
  readonly to: string | undefined;
  readonly onOpen: ((row: T) => void) | undefined;
}) {
  const { row, index, columns, selected, to, onOpen } = props;
  const first = (content: ReactNode) => {
    if (to !== undefined) {
      return (
        <Link to={to as never} className="row-link" onClick={(event) => event.stopPropagation()}>
          {content}
        </Link>
      );
    }
    return (
      <button type="button" className="row-link" aria-pressed={selected}>
        {content}
      </button>
    );
  };
  return (
    <tr
      aria-selected={selected}
      {...(index === undefined ? {} : { 'aria-rowindex': index + 2 })}
      className={onOpen === undefined ? '' : 'openable'}
      onClick={() => onOpen?.(row)}
    >
      {columns.map((column, place) => (
        <td key={column.name} className={`${column.numeric ? 'num' : ''} ${column.wrap ? 'wrap' : ''}`}>
          {place === 0 && onOpen !== undefined ? first(column.cell(row)) : column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row cannot take the focus; this one only holds the place of others
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
