import type { ColumnProfile } from '../../../../platform/src/contracts/profile.ts';
import { MiniHistogram } from '../../charts/mini.tsx';
import { DataTable } from '../../widgets/data-table.tsx';
import { count, number, percent, time } from '../../widgets/format.ts';

/** Name, type, shape and gaps of a column: what the eye needs above its values. */
export function ColumnHead({ column, rows }: { readonly column: ColumnProfile; readonly rows: number }) {
  const share = rows === 0 ? 0 : column.missing / rows;
  return (
    <div style={{ display: 'grid', gap: 3, minWidth: 92 }}>
      <b className="strong" style={{ color: 'var(--ink)' }}>
        {column.name}
      </b>
      <span style={{ fontSize: 11, fontWeight: 400 }}>{summary(column)}</span>
      <MiniHistogram counts={shape(column)} width={96} height={30} />
      <span style={{ display: 'flex', alignItems: 'center', gap: 6, fontSize: 11, fontWeight: 400 }}>
        <span style={{ flex: 1, height: 3, background: 'var(--sunken)', borderRadius: 2 }}>
          <span
            style={{
              display: 'block',
              width: `${share * 100}%`,
              height: 3,
              background: 'var(--warn)',
              borderRadius: 2,
            }}
          />
        </span>
        {percent(share, share > 0 && share < 0.1 ? 1 : 0)}
      </span>
    </div>
  );
}

/** Bars of a column: its histogram, or its most frequent values. */
function shape(column: ColumnProfile): readonly number[] {
  return column.histogram?.counts ?? column.top.map((entry) => entry.count);
}

function summary(column: ColumnProfile): string {
  if (column.type === 'string' || column.type === 'boolean') {
    const top = column.top[0];
    const share =
      top === undefined || column.count === 0
        ? ''
        : `, ${top.value.slice(0, 12)} ${percent(top.count / column.count, 0)}`;
    return `${count(column.distinct)} values${share}`;
  }
  return `${column.type}, ${value(column, column.min)} – ${value(column, column.max)}`;
}

function value(column: ColumnProfile, raw: number | null): string {
  if (raw === null) return '–';
  return column.type === 'date' || column.type === 'timestamp' ? time(raw).split(',')[0]! : number(raw, 3);
}

export function ColumnTable({
  profile,
  rows,
}: {
  readonly profile: readonly ColumnProfile[];
  readonly rows: number;
}) {
  return (
    <DataTable
      caption="Profile of every column"
      keyboard
      rows={profile}
      keyOf={(column) => column.name}
      onSelect={() => undefined}
      columns={[
        { name: 'Column', cell: (column) => <b className="strong">{column.name}</b> },
        { name: 'Type', cell: (column) => column.type },
        { name: 'Shape', cell: (column) => <MiniHistogram counts={shape(column)} width={110} height={20} /> },
        {
          name: 'Missing',
          numeric: true,
          cell: (column) => `${count(column.missing)} (${percent(rows === 0 ? 0 : column.missing / rows)})`,
        },
        { name: 'Distinct', numeric: true, cell: (column) => count(column.distinct) },
        { name: 'Least', numeric: true, cell: (column) => value(column, column.min) },
        { name: 'Median', numeric: true, cell: (column) => value(column, column.quantiles?.[2] ?? null) },
        { name: 'Greatest', numeric: true, cell: (column) => value(column, column.max) },
        {
          name: 'Mean ± sd',
          numeric: true,
          cell: (column) =>
            column.mean === null || column.type === 'date' || column.type === 'timestamp'
              ? '–'
              : `${number(column.mean)} ± ${number(column.sd, 3)}`,
        },
        {
          name: 'Most frequent',
          cell: (column) =>
            column.top
              .slice(0, 3)
              .map((entry) => `${entry.value} ${percent(entry.count / Math.max(1, column.count), 0)}`)
              .join(', '),
        },
        {
          name: 'Read as missing',
          cell: (column) => <span className="mono">{column.missingTokens.join(' ')}</span>,
        },
      ]}
    />
  );
}
