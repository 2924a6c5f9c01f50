import { useQueries } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type RefObject, useEffect, useRef } from 'react';
import type { SnapshotDetail } from '../../../../platform/src/contracts/datasets.ts';
import type { ColumnProfile } from '../../../../platform/src/contracts/profile.ts';
import { client } from '../../api/api.ts';
import { many, percent } from '../../widgets/format.ts';
import { Failure, Skeleton } from '../../widgets/panel.tsx';
import { ColumnBars } from './column-bars.tsx';
import { queryOf, type RowFilter, show, sqlOf } from './filters.ts';

const PAGE_ROWS = 200;
const ROW_HEIGHT = 28;
/** Browsers cannot scroll further than some ten million pixels; beyond, a filter or SQL finds the rows. */
const ROWS_MAX = 300_000;

/** With more columns only those in view are drawn, all of one width. */
const COLUMNS_ALL = 30;
const COLUMN_WIDTH = 136;

interface RowsPage {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly total: number;
}

type Types = ReadonlyMap<string, ColumnProfile['type']>;

interface Asked {
  readonly snapshot: SnapshotDetail;
  readonly filters: readonly RowFilter[];
  readonly types: Types;
}

/** One page. The API filters by one column; more filters together are asked by SQL. */
async function fetchPage(
  { snapshot, filters, types }: Asked,
  page: number,
  signal: AbortSignal,
): Promise<RowsPage> {
  const { dataset: name, version } = snapshot;
  const offset = page * PAGE_ROWS;
  if (filters.length <= 1) {
    const query = { version, limit: PAGE_ROWS, offset, ...queryOf(filters[0]) };
    return client.call('previewDataset', { params: { name }, query }, { signal });
  }
  const inner = sqlOf({ name, version }, filters, types);
  const sql = `select *, count(*) over () as "__total" from (${inner}) limit ${PAGE_ROWS} offset ${offset}`;
  const reply = await client.call('queryData', { body: { sql } }, { signal });
  return {
    columns: reply.columns.slice(0, -1).map((column) => column.name),
    rows: reply.rows.map((row) => row.slice(0, -1)),
    total: Number(reply.rows[0]?.at(-1) ?? 0),
  };
}

/** Rows of a version: fetched by the page and drawn only where they are in view. */
export function RowsTable(
  props: Asked & {
    readonly onPick: (filter: RowFilter) => void;
    readonly onTotal: (total: number) => void;
  },
) {
  const { snapshot, filters, onPick, onTotal } = props;
  const frame = useRef<HTMLElement>(null);
  const known = useRef({ key: '', total: 0 });
  const key = JSON.stringify([snapshot.snapshot, filters]);
  if (known.current.key !== key)
    known.current = { key, total: filters.length === 0 ? snapshot.rows : PAGE_ROWS };
  const virtual = useVirtualizer({
    count: Math.min(ROWS_MAX, known.current.total),
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const wanted = [...new Set([0, ...items.map(({ index }) => Math.floor(index / PAGE_ROWS))])];
  const pages = useQueries({
    queries: wanted.map((page) => ({
      queryKey: ['rows', snapshot.snapshot, filters, page],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchPage(props, page, signal),
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  const first = pages[0]?.data;
  if (first !== undefined) known.current.total = first.total;
  useEffect(() => {
    if (first !== undefined) onTotal(first.total);
  }, [first, onTotal]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters are another table, which begins at its top
  useEffect(() => {
    frame.current?.scrollTo({ top: 0 });
  }, [key]);
  const window = useColumns(snapshot.profile, frame);
  const failed = pages.find((page) => page.error !== null);
  if (failed?.error) return <Failure error={failed.error} onRetry={() => void failed.refetch()} />;
  const rowAt = (index: number) =>
    pages[wanted.indexOf(Math.floor(index / PAGE_ROWS))]?.data?.rows[index % PAGE_ROWS];
  return (
    <section
      className="table-frame rows-table"
      aria-label="Rows"
      ref={frame}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and a keyboard must reach it
      tabIndex={0}
      style={{ minHeight: 180, maxHeight: 480 }}
    >
      <table
        aria-rowcount={known.current.total + 1}
        aria-colcount={snapshot.profile.length}
        style={window.isAll ? {} : { tableLayout: 'fixed', width: snapshot.profile.length * COLUMN_WIDTH }}
      >
        <caption className="sr">Rows of version {snapshot.version}</caption>
        <thead>
          <tr>
            {window.before > 0 && <Hole width={window.before} isHead />}
            {window.columns.map(({ column, place }) => (
              <th
                key={column.name}
                scope="col"
                aria-colindex={place + 1}
                style={window.isAll ? {} : { width: COLUMN_WIDTH }}
              >
                <ColumnHead column={column} rows={snapshot.rows} filters={filters} onPick={onPick} />
              </th>
            ))}
            {window.after > 0 && <Hole width={window.after} isHead />}
          </tr>
        </thead>
        <Body
          window={window}
          items={first === undefined ? [] : items.filter(({ index }) => index < known.current.total)}
          height={virtual.getTotalSize()}
          rowAt={rowAt}
        />
      </table>
      {first === undefined && <Skeleton lines={6} />}
      {first?.total === 0 && <p className="table-note">No row has all of this.</p>}
    </section>
  );
}

interface ColumnWindow {
  readonly columns: readonly { readonly column: ColumnProfile; readonly place: number }[];
  /** Pixels of the columns that are not drawn. */
  readonly before: number;
  readonly after: number;
  readonly isAll: boolean;
}

function useColumns(profile: readonly ColumnProfile[], frame: RefObject<HTMLElement | null>): ColumnWindow {
  const isAll = profile.length <= COLUMNS_ALL;
  const virtual = useVirtualizer({
    horizontal: true,
    count: profile.length,
    getScrollElement: () => frame.current,
    estimateSize: () => COLUMN_WIDTH,
    overscan: 3,
    enabled: !isAll,
  });
  if (isAll)
    return { columns: profile.map((column, place) => ({ column, place })), before: 0, after: 0, isAll };
  const items = virtual.getVirtualItems();
  return {
    columns: items.map(({ index }) => ({ column: profile[index]!, place: index })),
    before: items[0]?.start ?? 0,
    after: virtual.getTotalSize() - (items.at(-1)?.end ?? 0),
    isAll,
  };
}

/** Holds the place of columns out of view. */
function Hole({ width, isHead = false }: { readonly width: number; readonly isHead?: boolean }) {
  const style = { width, minWidth: width, padding: 0 };
  return isHead ? <td aria-hidden="true" style={style} /> : <td aria-hidden="true" style={{ padding: 0 }} />;
}

function Body(props: {
  readonly window: ColumnWindow;
  readonly items: readonly { index: number; start: number; end: number }[];
  readonly height: number;
  readonly rowAt: (index: number) => readonly unknown[] | undefined;
}) {
  const { window, items, height, rowAt } = props;
  const before = items[0]?.start ?? 0;
  const after = height - (items.at(-1)?.end ?? height);
  const span = window.columns.length + 2;
  return (
    <tbody>
      {before > 0 && <Gap height={before} columns={span} />}
      {items.map(({ index }) => {
        const row = rowAt(index);
        return (
          <tr key={index} aria-rowindex={index + 2}>
            {window.before > 0 && <Hole width={window.before} />}
            {window.columns.map(({ column, place }) => (
              <Cell key={column.name} type={column.type} value={row === undefined ? '…' : row[place]} />
            ))}
            {window.after > 0 && <Hole width={window.after} />}
          </tr>
        );
      })}
      {after > 0 && <Gap height={after} columns={span} />}
    </tbody>
  );
}

function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row cannot take the focus; this one only holds the place of others
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function Cell({ type, value }: { readonly type: ColumnProfile['type']; readonly value: unknown }) {
  if (value === null || value === undefined || value === '')
    return (
      <td>
        <span className="missing">missing</span>
      </td>
    );
  return <td className={type === 'number' || type === 'integer' ? 'num' : ''}>{String(value)}</td>;
}

/** Name, type, shape and gaps of a column: what the eye needs above its values. */
const ColumnHead = memo(function ColumnHead(props: {
  readonly column: ColumnProfile;
  readonly rows: number;
  readonly filters: readonly RowFilter[];
  readonly onPick: (filter: RowFilter) => void;
}) {
  const { column, rows, filters, onPick } = props;
  const share = rows === 0 ? 0 : column.missing / rows;
  return (
    <div style={{ display: 'grid', gap: 3 }}>
      <b className="strong" style={{ color: 'var(--ink)' }}>
        {column.name}
      </b>
      <span style={{ fontSize: 11, fontWeight: 400 }}>{summary(column)}</span>
      <ColumnBars column={column} height={32} onPick={onPick} picked={filters} />
      <span style={{ display: 'flex', alignItems: 'center', gap: 6, fontSize: 11, fontWeight: 400 }}>
        <span style={{ flex: 1, height: 3, background: 'var(--sunken)' }}>
          <span
            style={{ display: 'block', width: `${share * 100}%`, height: 3, background: 'var(--warn)' }}
          />
        </span>
        {percent(share, share > 0 && share < 0.1 ? 1 : 0)}
      </span>
    </div>
  );
});

function summary(column: ColumnProfile): string {
  const { type, top, distinct } = column;
  if (column.histogram === null) {
    const most = top[0];
    const share =
      most === undefined || most.count === 1
        ? ''
        : `, ${most.value.slice(0, 12)} ${percent(most.count / Math.max(1, column.count), 0)}`;
    return `${many(distinct, 'value')}${share}`;
  }
  return `${type}, ${show(type, column.min, 3)} – ${show(type, column.max, 3)}`;
}
