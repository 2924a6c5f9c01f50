import { Link } from '@tanstack/react-router';
import type { EventRecord } from '../../../../platform/src/contracts/events.ts';
import type { Overview } from '../../../../platform/src/contracts/system.ts';
import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, clockTime, count } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { RUN_STATUS, Status, StatusOf } from '../../widgets/status.tsx';

/** What needs someone now, and each room's first number. */
export function HomePage() {
  const overview = useOperation('getOverview', {}, { refetchMs: 15_000 });
  return (
    <Page
      crumbs={[{ name: 'Home' }]}
      cli="slipway doctor"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead
        title="Things that need you"
        text="Failed and refused launches, deployments that do not serve, monitors beyond their bounds."
      />
      <Loaded query={overview} lines={6}>
        {(data) => (
          <>
            <Headline data={data} />
            <div className="grid">
              <Inbox data={data} />
              <RecentRuns />
              <Rooms data={data} />
              <RecentEvents />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Headline({ data }: { readonly data: Overview }) {
  const { rooms, open } = data;
  return (
    <FirstNumber
      label="Open now"
      value={count(open.length)}
      unit={
        open.length === 0
          ? 'nothing waits'
          : `${count(open.filter((item) => item.severity === 'fail').length)} failed`
      }
      note={
        open.length === 0
          ? 'Every launch ended well, every model serves, every monitor is within its bounds.'
          : 'Newest first'
      }
      stats={[
        {
          label: 'Predictions asked',
          value: count(rooms.deployment.requests),
          unit: 'requests',
          note: `${count(rooms.deployment.errors)} errors since the start`,
        },
        {
          label: 'Models live',
          value: count(rooms.deployment.deployments),
          unit: `of ${count(rooms.registry.models)}`,
          note: `${count(rooms.registry.versions)} versions`,
        },
        {
          label: 'Runs',
          value: count(rooms.pipelines.runs),
          note: `${count(rooms.pipelines.running)} running, ${count(rooms.pipelines.failed)} failed`,
        },
        {
          label: 'Rows fed',
          value: count(rooms.feeding.rows),
          note: `${count(rooms.feeding.quarantined)} in quarantine`,
        },
      ]}
    />
  );
}

function Inbox({ data }: { readonly data: Overview }) {
  return (
    <Panel title="Inbox" meta={`${data.open.length} open`} span="w8" flush>
      {data.open.length === 0 ? (
        <Empty title="Nothing needs you">
          Failed runs, refused models and drift appear here. Start something with{' '}
          <span className="mono">slipway launch rows.csv --target column</span>.
        </Empty>
      ) : (
        <DataTable
          caption="Open items"
          keyboard
          rows={data.open}
          keyOf={(item) => `${item.link}${item.title}`}
          open={(item) => item.link}
          columns={[
            {
              name: 'Kind',
              cell: (item) => (
                <Status kind={item.severity === 'info' ? 'off' : item.severity} pill>
                  {item.kind}
                </Status>
              ),
            },
            {
              name: 'What',
              wrap: true,
              cell: (item) => (
                <>
                  <b className="strong">{item.title}</b>
                  <br />
                  <span className="dim">{item.detail}</span>
                </>
              ),
            },
            { name: 'Age', numeric: true, cell: (item) => age(item.time, Date.now()) },
          ]}
        />
      )}
    </Panel>
  );
}

function RecentRuns() {
  const runs = useOperation('listRuns', { query: { limit: 8 } });
  return (
    <Panel
      title="Recent runs"
      span="w4"
      flush
      right={
        <Link className="link" to="/pipelines">
          all
        </Link>
      }
    >
      <Loaded query={runs}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No run yet">Runs of pipelines appear here, newest first.</Empty>
          ) : (
            <DataTable
              caption="Recent runs"
              rows={items}
              keyOf={(run) => run.id}
              open={(run) => `/pipelines/${run.id}`}
              columns={[
                { name: 'Run', cell: (run) => run.name },
                { name: 'Status', cell: (run) => <StatusOf of={RUN_STATUS} value={run.status} /> },
                { name: 'Age', numeric: true, cell: (run) => age(run.createdAt, Date.now()) },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Rooms({ data: { rooms } }: { readonly data: Overview }) {
  const tiles: readonly (readonly [string, string, string, string])[] = [
    [
      'Feeding',
      '/feeding',
      count(rooms.feeding.rows),
      `rows in ${count(rooms.feeding.datasets)} data sets, ${count(rooms.feeding.quarantined)} quarantined`,
    ],
    [
      'Selection',
      '/selection',
      count(rooms.selection.studies),
      `studies, ${count(rooms.selection.running)} searching`,
    ],
    ['Pipelines', '/pipelines', count(rooms.pipelines.runs), `runs, ${count(rooms.pipelines.failed)} failed`],
    [
      'Validation',
      '/validation',
      count(rooms.validation.reports),
      `reports, ${count(rooms.validation.failed)} may not ship`,
    ],
    [
      'Deployment',
      '/deployment',
      count(rooms.deployment.requests),
      `requests, ${count(rooms.deployment.errors)} errors`,
    ],
    [
      'Monitoring',
      '/monitoring',
      count(rooms.monitoring.monitors),
      `monitors, ${count(rooms.monitoring.drifting)} drifting`,
    ],
  ];
  return (
    <Panel title="Rooms" meta="each room's first number" flush>
      <div className="rooms">
        {tiles.map(([name, to, value, note]) => (
          <Link key={name} to={to}>
            <span className="dim">{name}</span>
            <b>{value}</b>
            <small>{note}</small>
          </Link>
        ))}
      </div>
    </Panel>
  );
}

function RecentEvents() {
  const events = useOperation('listEvents', { query: { limit: 12 } }, { refetchMs: 15_000 });
  return (
    <Panel title="What happened" meta="newest first, UTC" flush>
      <Loaded query={events}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing has happened yet">
              Every change is recorded here in the order in which it was committed.
            </Empty>
          ) : (
            <DataTable
              caption="Events"
              rows={items}
              keyOf={(event) => String(event.sequence)}
              columns={[
                {
                  name: 'Time',
                  cell: (event) => <span className="mono">{clockTime(event.time)}</span>,
                  width: 90,
                },
                { name: 'Event', cell: (event) => event.type, width: 180 },
                { name: 'About', cell: (event) => <span className="mono">{event.subject}</span> },
                { name: 'Facts', cell: facts },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function facts(event: EventRecord): string {
  return Object.entries(event.data)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${name} ${String(value).slice(0, 40)}`)
    .slice(0, 5)
    .join(', ');
}
