import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, count, fixed } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { StatusOf, VERDICT } from '../../widgets/status.tsx';

export function ReportsPage() {
  const reports = useOperation('listReports', {});
  return (
    <Page
      crumbs={[{ name: 'Validation' }]}
      cli="slipway validate ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead
        title="Reports"
        text="May this model go to production? Judged on rows it has never seen, every test in a ledger."
      />
      <Loaded query={reports}>
        {({ items }) => {
          const refused = items.filter(
            (report) => report.verdict === 'fail' || report.verdict === 'error',
          ).length;
          return (
            <>
              <FirstNumber
                label="Reports that may not ship"
                value={count(refused)}
                unit={`of ${count(items.length)}`}
                {...(refused > 0 ? { tone: 'fail' as const } : {})}
                stats={[
                  {
                    label: 'Blocking findings',
                    value: count(items.reduce((sum, report) => sum + report.blocking, 0)),
                  },
                  {
                    label: 'Warnings',
                    value: count(items.reduce((sum, report) => sum + report.warnings, 0)),
                  },
                  {
                    label: 'Tests in ledgers',
                    value: count(items.reduce((sum, report) => sum + report.tests, 0)),
                  },
                ]}
              />
              <Panel title="All reports" meta={`${items.length}, newest first`} flush>
                {items.length === 0 ? (
                  <Empty title="No report yet">Every launch judges its model before it may serve.</Empty>
                ) : (
                  <DataTable
                    caption="Reports"
                    keyboard
                    rows={items}
                    keyOf={(report) => report.id}
                    open={(report) => `/validation/${report.id}`}
                    columns={[
                      {
                        name: 'Model',
                        cell: (report) => (
                          <>
                            <b className="strong">{report.model}</b>{' '}
                            {report.version === null ? (
                              <span className="tag">not registered</span>
                            ) : (
                              <span className="tag">v{report.version}</span>
                            )}
                          </>
                        ),
                      },
                      {
                        name: 'Verdict',
                        cell: (report) => <StatusOf of={VERDICT} value={report.verdict} pill />,
                      },
                      { name: 'Blocking', numeric: true, cell: (report) => count(report.blocking) },
                      { name: 'Warnings', numeric: true, cell: (report) => count(report.warnings) },
                      { name: 'Tests', numeric: true, cell: (report) => count(report.tests) },
                      {
                        name: 'Held out',
                        numeric: true,
                        cell: (report) => `${report.metric.metric} ${fixed(report.metric.value, 4)}`,
                      },
                      { name: 'Age', numeric: true, cell: (report) => age(report.createdAt, Date.now()) },
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
