import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, count } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { MONITOR_STATUS, StatusOf } from '../../widgets/status.tsx';

export function MonitorsPage() {
  const monitors = useOperation('listMonitors', {}, { refetchMs: 5000 });
  return (
    <Page
      crumbs={[{ name: 'Monitoring' }]}
      cli="slipway monitor ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead
        title="Monitors"
        text="Is it still right? Live traffic against the rows each model was trained on."
      />
      <Loaded query={monitors}>
        {({ items }) => {
          const drifting = items.filter((monitor) => monitor.status === 'drifting').length;
          return (
            <>
              <FirstNumber
                label="Monitors beyond a bound"
                value={count(drifting)}
                unit={`of ${count(items.length)}`}
                stats={[
                  {
                    label: 'Predictions seen',
                    value: count(items.reduce((sum, monitor) => sum + monitor.rows, 0)),
                  },
                  {
                    label: 'Features beyond',
                    value: count(items.reduce((sum, monitor) => sum + monitor.drifted, 0)),
                    note: `of ${count(items.reduce((sum, monitor) => sum + monitor.features, 0))}`,
                  },
                  {
                    label: 'Waiting for rows',
                    value: count(items.filter((monitor) => monitor.status === 'waiting').length),
                  },
                ]}
              />
              <Panel title="All monitors" meta={`${items.length}`} flush>
                {items.length === 0 ? (
                  <Empty title="Nothing is watched yet">
                    Every launch ends with a monitor of its deployment.
                  </Empty>
                ) : (
                  <DataTable
                    caption="Monitors"
                    keyboard
                    rows={items}
                    keyOf={(monitor) => monitor.name}
                    open={(monitor) => `/monitoring/${monitor.name}`}
                    columns={[
                      { name: 'Monitor', cell: (monitor) => <b className="strong">{monitor.name}</b> },
                      {
                        name: 'Status',
                        cell: (monitor) => <StatusOf of={MONITOR_STATUS} value={monitor.status} />,
                      },
                      { name: 'Version', cell: (monitor) => <span className="tag">v{monitor.version}</span> },
                      { name: 'Predictions', numeric: true, cell: (monitor) => count(monitor.rows) },
                      {
                        name: 'Beyond their bound',
                        numeric: true,
                        cell: (monitor) => `${count(monitor.drifted)} of ${count(monitor.features)}`,
                      },
                      {
                        name: 'Last prediction',
                        numeric: true,
                        cell: (monitor) =>
                          monitor.lastSeenAt === null ? '–' : `${age(monitor.lastSeenAt, Date.now())} ago`,
                      },
                    ]}
                  />
                )}
              </Panel>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
