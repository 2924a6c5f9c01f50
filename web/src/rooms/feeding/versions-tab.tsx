import type { SnapshotSummary } from '../../../../platform/src/contracts/datasets.ts';
import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { age, count, fixed, time } from '../../widgets/format.ts';
import { Panel } from '../../widgets/panel.tsx';
import { Status } from '../../widgets/status.tsx';
import { useUrlState } from '../../widgets/url-state.ts';
import type { TabProps } from './dataset.tsx';
import { DiffPanel } from './diff-panel.tsx';
import { NamesPanel } from './names-panel.tsx';
import { VersionsChart } from './versions-chart.tsx';

/** A version with what its parent and its event know of it. */
interface Known {
  readonly version: SnapshotSummary;
  readonly added: number | null;
  readonly source: string;
  readonly actor: string;
  readonly names: readonly string[];
}

/** All versions, how they came, and the difference between any two. */
export function VersionsTab({ data, snapshot }: TabProps) {
  const [from, setFrom] = useUrlState('from');
  const [to, setTo] = useUrlState('to');
  const known = useKnown(data);
  const choose = (row: Known) => {
    const picked = String(row.version.version);
    const before = row.version.parent;
    setTo(picked);
    if (before !== null && (from === undefined || from === picked)) setFrom(String(before));
  };
  return (
    <div className="grid">
      <Panel
        title="Rows by version"
        meta="loaded (up) and quarantined (down) by each load, on main"
        span="w7"
      >
        <VersionsChart versions={data.versions} current={snapshot.version} />
      </Panel>
      <NamesPanel data={data} snapshot={snapshot} />
      <Panel title="Versions" meta="newest first; a row compares it with its parent" flush>
        <VersionsTable known={known} selected={to} onSelect={choose} />
      </Panel>
      <DiffPanel data={data} from={from} to={to} setFrom={setFrom} setTo={setTo} />
    </div>
  );
}

/** Who made a version and of what source is told by the event of its publication. */
function useKnown(data: TabProps['data']): readonly Known[] {
  const events = useOperation('listEvents', {
    query: { type: 'dataset.snapshot', subject: `datasets/${data.name}`, limit: 1000 },
  });
  const told = new Map((events.data?.items ?? []).map((event) => [event.data['version'], event]));
  const rows = new Map(data.versions.map(({ version, rows: all }) => [version, all]));
  return data.versions.map((version) => {
    const event = told.get(version.version);
    const before = version.parent === null ? 0 : rows.get(version.parent);
    const source = event?.data['source'];
    return {
      version,
      added: before === undefined ? null : version.rows - before,
      source: typeof source === 'string' ? source : '',
      actor: event?.actor ?? '',
      names: [
        ...data.tags.filter((tag) => tag.version === version.version).map((tag) => tag.name),
        ...data.branches.filter((branch) => branch.version === version.version).map(({ name }) => name),
      ],
    };
  });
}

function VersionsTable(props: {
  readonly known: readonly Known[];
  readonly selected: string | undefined;
  readonly onSelect: (row: Known) => void;
}) {
  const { known, selected, onSelect } = props;
  return (
    <DataTable
      caption="Versions"
      keyboard
      height={460}
      rows={known}
      keyOf={(row) => String(row.version.version)}
      onSelect={onSelect}
      {...(selected === undefined ? {} : { selected })}
      columns={[
        {
          name: 'Version',
          cell: ({ version, names }) => (
            <span style={{ display: 'inline-flex', gap: 4 }}>
              <b className="strong">v{version.version}</b>
              {names.map((name) => (
                <span key={name} className="tag live">
                  {name}
                </span>
              ))}
            </span>
          ),
        },
        { name: 'Operation', cell: ({ version }) => version.operation },
        { name: 'Branch', cell: ({ version }) => version.branch },
        { name: 'Parent', cell: ({ version }) => (version.parent === null ? '–' : `v${version.parent}`) },
        { name: 'Rows', numeric: true, cell: ({ version }) => count(version.rows) },
        {
          name: 'Rows ±',
          numeric: true,
          cell: ({ added }) => (added === null ? '–' : `${added < 0 ? '' : '+'}${fixed(added, 0)}`),
        },
        { name: 'Read', numeric: true, cell: ({ version }) => count(version.sourceRows) },
        {
          name: 'Quarantined',
          numeric: true,
          cell: ({ version }) =>
            version.quarantined === 0 ? (
              <span className="dimmer">0</span>
            ) : (
              <Status kind="warn">{count(version.quarantined)}</Status>
            ),
        },
        { name: 'Contract', cell: ({ version }) => `v${version.contractVersion}` },
        { name: 'From', cell: ({ source }) => <span className="mono">{source}</span> },
        { name: 'By', cell: ({ actor }) => actor },
        {
          name: 'When',
          numeric: true,
          cell: ({ version }) => (
            <span title={`${time(version.createdAt)} UTC`}>{age(version.createdAt, Date.now())} ago</span>
          ),
        },
      ]}
    />
  );
}
