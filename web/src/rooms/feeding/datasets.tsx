import './feeding.css';
import type { DatasetSummary } from '../../../../platform/src/contracts/datasets.ts';
import { useList } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, bytes, count, many } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { Status } from '../../widgets/status.tsx';
import { useUrlState } from '../../widgets/url-state.ts';
import { writeEvery } from './load-form.ts';
import { LoadPanel } from './load-panel.tsx';

export function DatasetsPage() {
  const datasets = useList('listDatasets', {});
  const [load, setLoad] = useUrlState('load');
  const open = load !== undefined;
  return (
    <Page
      crumbs={[{ name: 'Feeding' }]}
      cli="slipway data ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
        ['/', 'filter'],
      ]}
    >
      <PageHead
        title="Data sets"
        text="Immutable versions: what was loaded, what was kept back and why."
        actions={
          <button
            type="button"
            className="button primary"
            aria-expanded={open}
            onClick={() => setLoad(open ? undefined : 'new', 'push')}
          >
            Load data
          </button>
        }
      />
      {open && (
        <div style={{ marginBottom: 12 }}>
          <LoadPanel onClose={() => setLoad(undefined)} />
        </div>
      )}
      <Loaded query={datasets}>
        {({ items, more }) => (
          <>
            <Headline items={items} />
            <Panel title="All data sets" meta={`${items.length}, newest first`} flush>
              {items.length === 0 ? <Begin /> : <Table items={items} more={more} />}
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Begin() {
  return (
    <Empty title="No data set yet">
      Load a file with the button above, or from a terminal:
      <br />
      <code className="code" style={{ display: 'inline-block', marginTop: 6 }}>
        slipway data add orders orders.csv
      </code>
      <br />
      Sources that can be read again (http, S3, Postgres) may feed by themselves:{' '}
      <span className="mono">--every 1h</span>.
    </Empty>
  );
}

function Headline({ items }: { readonly items: readonly DatasetSummary[] }) {
  const sum = (of: (item: DatasetSummary) => number) => items.reduce((total, item) => total + of(item), 0);
  const errors = items.filter(({ failing }) => failing.some(({ severity }) => severity === 'error'));
  const scheduled = items.filter(({ everySeconds }) => everySeconds !== null);
  return (
    <FirstNumber
      label="Rows, and rows held in quarantine"
      value={count(sum(({ rows }) => rows))}
      unit={`+ ${count(sum(({ held }) => held))} held`}
      note="Newest version of each data set; rows in the source = loaded + quarantined, proven at each load"
      stats={[
        { label: 'Data sets', value: count(items.length), note: `${scheduled.length} feed by themselves` },
        {
          label: 'With a failing check',
          value: count(errors.length),
          note: errors.map(({ name }) => name).join(', ') || 'none',
        },
        { label: 'Versions', value: count(sum(({ version }) => version)) },
        { label: 'Stored', value: bytes(sum((item) => item.bytes)), note: 'newest versions' },
      ]}
    />
  );
}

function Table(props: {
  readonly items: readonly DatasetSummary[];
  readonly more: (() => void) | undefined;
}) {
  return (
    <DataTable
      caption="Data sets"
      keyboard
      rows={props.items}
      more={props.more}
      keyOf={(item) => item.name}
      textOf={(item) => `${item.name} ${item.source} ${item.freshness}`}
      open={(item) => `/feeding/${item.name}`}
      columns={[
        { name: 'Name', cell: (item) => <b className="strong">{item.name}</b>, sort: (item) => item.name },
        { name: 'Freshness', cell: (item) => <Freshness item={item} />, sort: (item) => -item.updatedAt },
        { name: 'Rows', numeric: true, cell: (item) => count(item.rows), sort: (item) => item.rows },
        {
          name: 'Versions',
          numeric: true,
          cell: (item) => count(item.version),
          sort: (item) => item.version,
        },
        {
          name: 'Held',
          numeric: true,
          cell: (item) =>
            item.held === 0 ? (
              <span className="dimmer">0</span>
            ) : (
              <Status kind="warn">{count(item.held)}</Status>
            ),
          sort: (item) => item.held,
        },
        { name: 'Checks', cell: (item) => <Checks item={item} />, sort: (item) => worst(item) },
        {
          name: 'Schedule',
          cell: (item) =>
            item.everySeconds === null ? (
              <span className="dimmer">–</span>
            ) : (
              `every ${writeEvery(item.everySeconds)}`
            ),
          sort: (item) => item.everySeconds,
        },
        { name: 'Columns', numeric: true, cell: (item) => count(item.columns), sort: (item) => item.columns },
        { name: 'Size', numeric: true, cell: (item) => bytes(item.bytes), sort: (item) => item.bytes },
        { name: 'Source', cell: (item) => <span className="mono">{item.source}</span> },
      ]}
    />
  );
}

function Freshness({ item }: { readonly item: DatasetSummary }) {
  const ago = `${age(item.updatedAt, Date.now())} ago`;
  if (item.freshness === 'stale') return <Status kind="fail">stale, {ago}</Status>;
  if (item.freshness === 'fresh') return <Status kind="pass">{ago}</Status>;
  return <>{ago}</>;
}

function worst({ failing }: DatasetSummary): number {
  const weight = { error: 3, warning: 2, info: 1 };
  return Math.max(0, ...failing.map(({ severity }) => weight[severity]));
}

function Checks({ item }: { readonly item: DatasetSummary }) {
  const of = (wanted: string) => item.failing.filter(({ severity }) => severity === wanted);
  const [errors, warnings, notes] = [of('error'), of('warning'), of('info')];
  if (errors.length > 0) return <Status kind="fail">{errors[0]!.message.slice(0, 60)}</Status>;
  if (warnings.length > 0) return <Status kind="warn">{many(warnings.length, 'warning')}</Status>;
  if (notes.length > 0) return <Status kind="off">{many(notes.length, 'note')}</Status>;
  return <Status kind="pass">all pass</Status>;
}
