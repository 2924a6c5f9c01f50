import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { DatasetDetail, SnapshotDetail } from '../../../../platform/src/contracts/datasets.ts';
import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, bytes, count, percent, short, time } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { Status } from '../../widgets/status.tsx';
import { ColumnHead, ColumnTable } from './columns.tsx';

export function DatasetPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const { version } = useSearch({ strict: false }) as { version?: number };
  const dataset = useOperation('getDataset', { params: { name } });
  const wanted = version ?? dataset.data?.version ?? 1;
  const older = useOperation(
    'getSnapshot',
    { params: { name, version: wanted } },
    { enabled: version !== undefined && version !== dataset.data?.version },
  );
  return (
    <Page
      crumbs={[{ name: 'Feeding', to: '/feeding' }, { name }]}
      cli={`slipway data show ${name}`}
      keys={[['j k', 'column']]}
    >
      <Loaded query={dataset} lines={8}>
        {(data) => {
          const snapshot = version === undefined || version === data.version ? data.current : older.data;
          return snapshot === undefined ? (
            <Loaded query={older}>{() => null}</Loaded>
          ) : (
            <Snapshot data={data} snapshot={snapshot} />
          );
        }}
      </Loaded>
    </Page>
  );
}

function Snapshot({ data, snapshot }: { readonly data: DatasetDetail; readonly snapshot: SnapshotDetail }) {
  const { rows, quarantined, sourceRows, source } = snapshot;
  const incomplete = snapshot.profile.filter((column) => column.missing > 0);
  return (
    <>
      <PageHead
        title={data.name}
        tags={
          <>
            <span className="tag">v{snapshot.version}</span>
            {quarantined > 0 && (
              <Status kind="warn" pill>
                {count(quarantined)} quarantined
              </Status>
            )}
          </>
        }
        text={
          <>
            From <span className="mono">{source.uri}</span> ({source.format}
            {source.compression === 'none' ? '' : `, ${source.compression}`}, {bytes(source.bytes)}), fed{' '}
            {time(snapshot.createdAt)} UTC.
          </>
        }
      />
      <FirstNumber
        label="Rows, and rows quarantined"
        value={count(rows)}
        unit={`+ ${count(quarantined)} quarantined`}
        note={`= ${count(sourceRows)} rows in the source, counted on their own`}
        gauge={<Accounting rows={rows} quarantined={quarantined} />}
        stats={[
          {
            label: 'Columns',
            value: count(snapshot.columns),
            note: `${incomplete.length} with missing values`,
          },
          { label: 'Freshness', value: age(snapshot.createdAt, Date.now()) },
          { label: 'Size', value: bytes(snapshot.bytes), note: `snapshot ${short(snapshot.snapshot)}` },
          {
            label: 'Models',
            value: count(snapshot.usedBy.length),
            note:
              snapshot.usedBy.map(({ model, version }) => `${model} v${version}`).join(', ') ||
              'none was trained on it',
          },
        ]}
      />
      <div className="grid">
        <Rows name={data.name} snapshot={snapshot} />
        <Panel title="Columns" meta={`${snapshot.columns}, with what is in them`} flush>
          <ColumnTable profile={snapshot.profile} rows={rows} />
        </Panel>
        <Quarantine snapshot={snapshot} />
        <Versions data={data} selected={snapshot.version} />
      </div>
    </>
  );
}

/** Loaded and quarantined as one bar: nothing is lost between them. */
function Accounting({ rows, quarantined }: { readonly rows: number; readonly quarantined: number }) {
  const share = rows + quarantined === 0 ? 1 : rows / (rows + quarantined);
  return (
    <div className="gauge" style={{ fontSize: 11 }}>
      <div style={{ display: 'flex', justifyContent: 'space-between', color: 'var(--ink-3)' }}>
        <span>{count(rows + quarantined)} rows read</span>
        <span>0 lost, proven</span>
      </div>
      <div style={{ display: 'flex', height: 12, margin: '4px 0', borderRadius: 2, overflow: 'hidden' }}>
        <div style={{ width: `${share * 100}%`, background: 'var(--c1)' }} />
        <div style={{ flex: 1, minWidth: quarantined > 0 ? 3 : 0, background: 'var(--warn)' }} />
      </div>
      <div style={{ display: 'flex', justifyContent: 'space-between' }}>
        <span>= {count(rows)} loaded</span>
        <span>+ {count(quarantined)} quarantined</span>
      </div>
    </div>
  );
}

const PREVIEW_ROWS = 25;

function Rows({ name, snapshot }: { readonly name: string; readonly snapshot: SnapshotDetail }) {
  const preview = useOperation('previewDataset', {
    params: { name },
    query: { version: snapshot.version, limit: PREVIEW_ROWS },
  });
  const numeric = new Set(
    snapshot.profile
      .filter((column) => column.type === 'number' || column.type === 'integer')
      .map((column) => column.name),
  );
  return (
    <Panel
      title="Rows"
      meta={`the first ${PREVIEW_ROWS} of ${count(snapshot.rows)}; bars on a square-root scale`}
      flush
    >
      <section
        className="table-frame"
        aria-label="First rows"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and a keyboard must reach it
        tabIndex={0}
        style={{ maxHeight: 420 }}
      >
        <table>
          <caption className="sr">First rows of the snapshot</caption>
          <thead>
            <tr>
              {snapshot.profile.map((column) => (
                <th
                  key={column.name}
                  scope="col"
                  style={{
                    height: 'auto',
                    padding: '6px 8px',
                    background: 'var(--surface)',
                    verticalAlign: 'top',
                  }}
                >
                  <ColumnHead column={column} rows={snapshot.rows} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(preview.data?.rows ?? []).map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a snapshot have no other identity than their place
              <tr key={index}>
                {row.map((cell, i) => (
                  <td
                    key={preview.data!.columns[i]}
                    className={numeric.has(preview.data!.columns[i]!) ? 'num' : ''}
                  >
                    {cell === '' ? <span className="dimmer">missing</span> : cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {preview.data === undefined && <Loaded query={preview}>{() => null}</Loaded>}
      </section>
    </Panel>
  );
}

function Quarantine({ snapshot }: { readonly snapshot: SnapshotDetail }) {
  const reasons = snapshot.quarantineReasons.map(({ reason, count: rows }) => `${rows} ${reason}`).join(', ');
  return (
    <Panel title="Quarantine" meta={snapshot.quarantined === 0 ? 'every row fits' : reasons} span="w7" flush>
      {snapshot.quarantine.length === 0 ? (
        <Empty title="Nothing was refused">
          Rows that do not fit the schema are kept here with their bytes and the reason.
        </Empty>
      ) : (
        <DataTable
          caption="Quarantined rows"
          rows={snapshot.quarantine}
          keyOf={(row) => `${row.record}:${row.byteOffset}`}
          columns={[
            {
              name: 'Row',
              numeric: true,
              cell: (row) => (row.record < 0 ? '–' : count(row.record)),
              width: 60,
            },
            {
              name: 'Raw bytes',
              cell: (row) => (
                <span className="mono" title={row.excerpt}>
                  {row.excerpt.slice(0, 90)}
                </span>
              ),
            },
            {
              name: 'Refused because',
              cell: (row) => (row.column === undefined ? row.message : `${row.column}: ${row.message}`),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Versions({ data, selected }: { readonly data: DatasetDetail; readonly selected: number }) {
  const navigate = useNavigate();
  return (
    <Panel title="Versions" meta={`${data.versions.length}, newest first`} span="w5" flush>
      <DataTable
        caption="Versions"
        rows={data.versions}
        selected={String(selected)}
        keyOf={(row) => String(row.version)}
        onSelect={(row) => void navigate({ to: '.', search: { version: row.version } as never })}
        columns={[
          { name: 'Version', cell: (row) => <span className="tag">v{row.version}</span> },
          { name: 'Rows', numeric: true, cell: (row) => count(row.rows) },
          {
            name: 'Quarantined',
            numeric: true,
            cell: (row) =>
              `${count(row.quarantined)} (${percent(row.quarantined / Math.max(1, row.sourceRows))})`,
          },
          { name: 'Snapshot', cell: (row) => <span className="mono">{short(row.snapshot)}</span> },
          { name: 'Fed', numeric: true, cell: (row) => `${age(row.createdAt, Date.now())} ago` },
        ]}
      />
      {data.current.usedBy.length > 0 && (
        <div className="state">
          <b>Models downstream</b>
          <span>
            {data.current.usedBy.map(({ model, version }) => (
              <Link
                key={`${model}${version}`}
                className="link"
                to={`/registry/${model}/${version}` as never}
                style={{ marginRight: 8 }}
              >
                {model} v{version}
              </Link>
            ))}
          </span>
        </div>
      )}
    </Panel>
  );
}
