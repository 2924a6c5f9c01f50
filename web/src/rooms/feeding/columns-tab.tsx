import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { DatasetCheck, SnapshotDetail } from '../../../../platform/src/contracts/datasets.ts';
import type { ColumnProfile } from '../../../../platform/src/contracts/profile.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { count, number, percent } from '../../widgets/format.ts';
import { Panel } from '../../widgets/panel.tsx';
import { Status } from '../../widgets/status.tsx';
import { Badges } from './badges.tsx';
import { ColumnBars } from './column-bars.tsx';
import type { TabProps } from './dataset.tsx';
import { isTime, type RowFilter, show } from './filters.ts';
import { TabLink } from './tabs.tsx';

const TABLE_HEIGHT = 640;
const ROW_HEIGHT = 47;

/** What is in every column; a bar leads to its rows. */
export function ColumnsTab({ data, snapshot }: TabProps) {
  const navigate = useNavigate();
  const goTo = useCallback(
    (filter: RowFilter) => {
      const search = (old: { version?: number }) => ({
        ...(old.version === undefined ? {} : { version: old.version }),
        ...{ tab: 'rows', where: [filter] },
      });
      void navigate({ to: '.', search: search as never });
    },
    [navigate],
  );
  const sampled = snapshot.profile.find((column) => column.sampledRows !== undefined)?.sampledRows;
  return (
    <div className="grid">
      {data.failing.length > 0 && <Checks checks={data.failing} />}
      <Panel
        title="Columns"
        meta={`${snapshot.columns}; bars on a square-root scale, a click shows their rows${
          sampled === undefined ? '' : `; shapes from a sample of ${count(sampled)} rows`
        }`}
        flush
      >
        <ColumnTable snapshot={snapshot} goTo={goTo} />
      </Panel>
    </div>
  );
}

const SEVERITY = { error: ['fail', 'Fails'], warning: ['warn', 'Warns'], info: ['off', 'Notes'] } as const;
const LEADS: Readonly<Record<string, readonly [tab: string, words: string]>> = {
  quarantine: ['quarantine', 'Mend them'],
  load: ['source', 'See the source'],
  freshness: ['source', 'See the source'],
  rows: ['source', 'See the source'],
};

function Checks({ checks }: { readonly checks: readonly DatasetCheck[] }) {
  return (
    <Panel title="Checks" meta="what needs a look" flush>
      <table>
        <caption className="sr">Checks of the data set</caption>
        <tbody>
          {checks.map(({ check, severity, message }) => (
            <tr key={check}>
              <td style={{ width: 76 }}>
                <Status kind={SEVERITY[severity][0]}>{SEVERITY[severity][1]}</Status>
              </td>
              <td style={{ width: 84 }}>{check}</td>
              <td className="wrap" style={{ maxWidth: 'none' }}>
                {message}{' '}
                {LEADS[check] !== undefined && <TabLink tab={LEADS[check][0]}>{LEADS[check][1]}</TabLink>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function ColumnTable(props: {
  readonly snapshot: SnapshotDetail;
  readonly goTo: (filter: RowFilter) => void;
}) {
  const { snapshot, goTo } = props;
  const { rows } = snapshot;
  return (
    <DataTable
      caption="Profile of every column"
      keyboard
      rows={snapshot.profile}
      height={TABLE_HEIGHT}
      rowHeight={ROW_HEIGHT}
      keyOf={(column) => column.name}
      textOf={(column) =>
        `${column.name} ${column.type} ${column.pii == null ? '' : 'pii'} ${(column.issues ?? []).map(({ issue }) => issue).join(' ')}`
      }
      columns={[
        { name: 'Column', cell: (column) => <Name column={column} />, sort: (column) => column.name },
        { name: 'Type', cell: (column) => column.type, sort: (column) => column.type },
        {
          name: 'Distribution',
          width: 220,
          cell: (column) => <ColumnBars column={column} height={34} onPick={goTo} />,
        },
        {
          name: 'Missing',
          numeric: true,
          cell: (column) => <Missing column={column} rows={rows} goTo={goTo} />,
          sort: (column) => column.missing,
        },
        {
          name: 'Distinct',
          numeric: true,
          cell: (column) => `${column.distinctExact === false ? '≈ ' : ''}${count(column.distinct)}`,
          sort: (column) => column.distinct,
        },
        { name: 'Least', numeric: true, cell: (column) => show(column.type, column.min) },
        {
          name: 'Median',
          numeric: true,
          cell: (column) => show(column.type, column.quantiles?.[2] ?? null),
        },
        { name: 'Greatest', numeric: true, cell: (column) => show(column.type, column.max) },
        {
          name: 'Mean ± sd',
          numeric: true,
          cell: (column) =>
            column.mean === null || isTime(column.type)
              ? '–'
              : `${number(column.mean)} ± ${number(column.sd, 3)}`,
        },
        { name: 'Most frequent', cell: frequent },
        {
          name: 'Read as missing',
          cell: (column) => <span className="mono">{column.missingTokens.join(' ')}</span>,
        },
      ]}
    />
  );
}

function Name({ column }: { readonly column: ColumnProfile }) {
  return (
    <span style={{ display: 'inline-flex', flexDirection: 'column', gap: 2, padding: '4px 0' }}>
      <b className="strong">{column.name}</b>
      <Badges column={column} />
    </span>
  );
}

function Missing(props: { column: ColumnProfile; rows: number; goTo: (filter: RowFilter) => void }) {
  const { column, rows, goTo } = props;
  if (column.missing === 0) return <span className="dimmer">0</span>;
  return (
    <button
      type="button"
      className="row-link link"
      aria-label={`${column.name}: ${count(column.missing)} rows without a value`}
      onClick={() => goTo({ column: column.name, missing: true })}
    >
      {count(column.missing)} ({percent(rows === 0 ? 0 : column.missing / rows)})
    </button>
  );
}

function frequent(column: ColumnProfile): string {
  // Where every value is another, the first ones say nothing.
  if (column.top.length === 0 || column.top[0]!.count === 1) return '–';
  return column.top
    .slice(0, 3)
    .map((entry) => `${entry.value} ${percent(entry.count / Math.max(1, column.count), 0)}`)
    .join(', ');
}
