import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, count, seconds } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { RUN_STATUS, StatusOf } from '../../widgets/status.tsx';

export function RunsPage() {
  const runs = useOperation('listRuns', { query: { limit: 200 } });
  const pipelines = useOperation('listPipelines', {});
  return (
    <Page
      crumbs={[{ name: 'Pipelines' }]}
      cli="slipway pipelines ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead
        title="Pipeline runs"
        text="Recorded before they start; finished steps are never redone, nothing is published twice."
      />
      <Loaded query={runs}>
        {({ items }) => {
          const running = items.filter((run) => run.status === 'running').length;
          const failed = items.filter((run) => run.status === 'failed').length;
          return (
            <>
              <FirstNumber
                label="Runs"
                value={count(items.length)}
                unit={`${count(failed)} failed`}
                note={running === 0 ? 'Nothing runs now' : `${running} running now`}
                stats={(pipelines.data?.items ?? []).slice(0, 4).map((pipeline) => ({
                  label: pipeline.name,
                  value: seconds(pipeline.medianSeconds),
                  note: `usual duration of ${count(pipeline.runs)} runs`,
                }))}
              />
              <Panel title="All runs" meta={`${items.length}, newest first`} flush>
                {items.length === 0 ? (
                  <Empty title="No run yet">
                    Start one with <span className="mono">slipway launch rows.csv --target column</span>.
                  </Empty>
                ) : (
                  <DataTable
                    caption="Pipeline runs"
                    keyboard
                    rows={items}
                    keyOf={(run) => run.id}
                    open={(run) => `/pipelines/${run.id}`}
                    columns={[
                      {
                        name: 'Run',
                        cell: (run) => (
                          <>
                            <b className="strong">{run.name}</b>{' '}
                            <span className="mono dimmer">{run.id.slice(0, 12)}</span>
                          </>
                        ),
                      },
                      { name: 'Pipeline', cell: (run) => run.pipeline },
                      { name: 'Status', cell: (run) => <StatusOf of={RUN_STATUS} value={run.status} /> },
                      { name: 'Step', cell: (run) => run.currentStep ?? '–' },
                      { name: 'Took', numeric: true, cell: (run) => seconds(run.seconds) },
                      {
                        name: 'Started',
                        numeric: true,
                        cell: (run) => `${age(run.createdAt, Date.now())} ago`,
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
