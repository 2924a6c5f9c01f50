import type { ColumnDiff, DatasetDiff } from '../../../../platform/src/contracts/data-versions.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { count, many, number } from '../../widgets/format.ts';
import { Status, type StatusKind } from '../../widgets/status.tsx';

/** Schema, statistics and rows of two versions side by side. */
export function DiffView({ diff }: { readonly diff: DatasetDiff }) {
  return (
    <>
      <dl className="stats" style={{ padding: 12, borderLeft: 0, borderBlock: '1px solid var(--line)' }}>
        {figures(diff).map(([label, value, note]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
            {note !== undefined && <dd className="note">{note}</dd>}
          </div>
        ))}
      </dl>
      {diff.identical ? (
        <p className="table-note">The rows are the same, in whatever order.</p>
      ) : (
        <>
          <Columns diff={diff} />
          {diff.rows.length > 0 && <Rows diff={diff} />}
        </>
      )}
    </>
  );
}

function figures(diff: DatasetDiff): readonly (readonly [string, string, string?])[] {
  const schema = diff.columns.filter(({ change }) => ['added', 'removed', 'retyped'].includes(change));
  const moved = diff.columns.filter(({ significant }) => significant);
  return [
    ['Rows added', count(diff.added)],
    ['Rows removed', count(diff.removed)],
    [
      'Rows changed',
      diff.key.length === 0 ? '–' : count(diff.changed),
      diff.key.length === 0 ? 'without a key: one removed, one added' : `by ${diff.key.join(', ')}`,
    ],
    ['Rows unchanged', count(diff.unchanged)],
    ['Schema changes', count(schema.length), schema.map(({ column }) => column).join(', ') || 'none'],
    [
      'Shifted columns',
      count(moved.length),
      moved.map(({ column }) => column).join(', ') || 'none significantly',
    ],
  ];
}

const CHANGE: Record<ColumnDiff['change'], readonly [StatusKind, string]> = {
  added: ['warn', 'added'],
  removed: ['fail', 'removed'],
  retyped: ['warn', 'other type'],
  changed: ['off', 'other values'],
  same: ['pass', 'same'],
};

function Columns({ diff }: { readonly diff: DatasetDiff }) {
  return (
    <DataTable
      caption="Columns compared"
      height={360}
      rows={diff.columns}
      keyOf={(row) => row.column}
      columns={[
        { name: 'Column', cell: (row) => <b className="strong">{row.column}</b>, sort: (row) => row.column },
        {
          name: 'Change',
          cell: (row) => {
            const [kind, word] = row.significant ? (['warn', 'shifted'] as const) : CHANGE[row.change];
            return <Status kind={kind}>{word}</Status>;
          },
          sort: (row) => `${row.significant ? 0 : 1}${row.change}`,
        },
        {
          name: 'Type',
          cell: (row) =>
            row.typeFrom === row.typeTo ? row.typeTo : `${row.typeFrom ?? 'none'} → ${row.typeTo ?? 'none'}`,
        },
        { name: 'Missing', numeric: true, cell: (row) => pair(row.missingFrom, row.missingTo) },
        {
          name: 'Mean',
          numeric: true,
          cell: (row) => (isTime(row) ? '–' : pair(row.meanFrom, row.meanTo)),
        },
        {
          name: 'Distance',
          numeric: true,
          cell: (row) => number(row.distance, 3),
          sort: (row) => row.distance,
        },
        {
          name: 'p (Holm)',
          numeric: true,
          cell: (row) => (row.p === null ? '–' : row.p < 0.0001 ? '< 0.0001' : number(row.p, 2)),
          sort: (row) => row.p,
        },
        {
          name: 'Cells changed',
          numeric: true,
          cell: (row) => count(row.cellsChanged),
          sort: (row) => row.cellsChanged,
        },
      ]}
    />
  );
}

const isTime = ({ typeTo }: ColumnDiff) => typeTo === 'date' || typeTo === 'timestamp';

function pair(from: number | null, to: number | null) {
  if (from === null && to === null) return '–';
  return from === to ? number(to) : `${number(from)} → ${number(to)}`;
}

type DiffRow = DatasetDiff['rows'][number];

function Rows({ diff }: { readonly diff: DatasetDiff }) {
  return (
    <section
      className="table-frame"
      aria-label="Rows that differ"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and a keyboard must reach it
      tabIndex={0}
      style={{ maxHeight: 420, borderTop: '1px solid var(--line)' }}
    >
      <table>
        <caption className="sr">{many(diff.rows.length, 'row')} that differ, the first of each kind</caption>
        <thead>
          <tr>
            <th>Change</th>
            {diff.rowColumns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {diff.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: without a key rows have no other identity than their place
            <tr key={index} className={ROW_CLASS[row.change]}>
              <td>{ROW_WORD[row.change]}</td>
              {diff.rowColumns.map((column, place) => (
                <DiffCell key={column} row={row} place={place} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const ROW_CLASS = { added: 'grew', removed: 'left', changed: '' } as const;
const ROW_WORD = { added: '+ added', removed: '− removed', changed: '~ changed' } as const;

function DiffCell({ row, place }: { readonly row: DiffRow; readonly place: number }) {
  const [before, after] = [row.before?.[place], row.after?.[place]];
  if (row.change !== 'changed' || before === after) return <td>{after ?? before}</td>;
  return (
    <td>
      <del className="before">{before === '' ? 'missing' : before}</del>
      <ins className="after" style={{ textDecoration: 'none' }}>
        {after === '' ? 'missing' : after}
      </ins>
    </td>
  );
}
