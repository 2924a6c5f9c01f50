import { useOperation } from '../../api/api.ts';
import { Spark } from '../../charts/mini.tsx';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, count, number, percent } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { DEPLOYMENT_STATUS, StatusOf } from '../../widgets/status.tsx';

export function DeploymentsPage() {
  const deployments = useOperation('listDeployments', {}, { refetchMs: 3000 });
  return (
    <Page
      crumbs={[{ name: 'Deployment' }]}
      cli="slipway deploy ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead title="Deployments" text="Which version answers whom, how well, and how to go back." />
      <Loaded query={deployments}>
        {({ items }) => {
          const requests = items.reduce((sum, item) => sum + item.traffic.requests, 0);
          const errors = items.reduce((sum, item) => sum + item.traffic.errors, 0);
          return (
            <>
              <FirstNumber
                label="Error rate since the server started"
                value={requests === 0 ? '–' : percent(errors / requests, 2)}
                unit={`${count(errors)} of ${count(requests)} requests`}
                stats={[
                  {
                    label: 'Deployments',
                    value: count(items.length),
                    note: `${items.filter((item) => item.status === 'serving').length} serving`,
                  },
                  {
                    label: 'Now',
                    value: number(
                      items.reduce((sum, item) => sum + item.traffic.perSecond, 0),
                      3,
                    ),
                    unit: 'requests/s',
                  },
                  {
                    label: 'Slowest p95',
                    value: number(Math.max(0, ...items.map((item) => item.traffic.p95Ms ?? 0)), 3),
                    unit: 'ms',
                  },
                  {
                    label: 'Not in the log',
                    value: count(items.reduce((sum, item) => sum + item.traffic.logGap, 0)),
                    note: 'predictions',
                  },
                ]}
              />
              <Panel title="All deployments" meta={`${items.length}`} flush>
                {items.length === 0 ? (
                  <Empty title="Nothing is in service">
                    A launch puts a model into service when its report lets it through.
                  </Empty>
                ) : (
                  <DataTable
                    caption="Deployments"
                    keyboard
                    rows={items}
                    keyOf={(item) => item.name}
                    open={(item) => `/deployment/${item.name}`}
                    columns={[
                      { name: 'Deployment', cell: (item) => <b className="strong">{item.name}</b> },
                      {
                        name: 'Status',
                        cell: (item) => <StatusOf of={DEPLOYMENT_STATUS} value={item.status} />,
                      },
                      { name: 'Version', cell: (item) => <span className="tag live">v{item.version}</span> },
                      { name: 'Revision', numeric: true, cell: (item) => count(item.revision) },
                      { name: 'Requests', numeric: true, cell: (item) => count(item.traffic.requests) },
                      {
                        name: 'Last minute',
                        cell: (item) => <Spark values={item.traffic.lastMinute} width={100} height={18} />,
                      },
                      { name: 'Errors', numeric: true, cell: (item) => count(item.traffic.errors) },
                      { name: 'p50 ms', numeric: true, cell: (item) => number(item.traffic.p50Ms, 3) },
                      { name: 'p95 ms', numeric: true, cell: (item) => number(item.traffic.p95Ms, 3) },
                      { name: 'Since', numeric: true, cell: (item) => age(item.updatedAt, Date.now()) },
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
