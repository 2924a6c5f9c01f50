import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, count, fixed } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';

export function ModelsPage() {
  const models = useOperation('listModels', {});
  return (
    <Page
      crumbs={[{ name: 'Registry' }]}
      cli="slipway models ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead title="Models" text="Versions that passed the gate, and the rows each was learnt from." />
      <Loaded query={models}>
        {({ items }) => (
          <>
            <FirstNumber
              label="Models"
              value={count(items.length)}
              unit={`${count(items.reduce((sum, model) => sum + model.latestVersion, 0))} versions`}
              stats={items.slice(0, 4).map((model) => ({
                label: model.name,
                value: fixed(model.metric.value, 4),
                note: `${model.metric.metric}, held out, v${model.latestVersion}`,
              }))}
            />
            <Panel title="All models" meta={`${items.length}, newest first`} flush>
              {items.length === 0 ? (
                <Empty title="No model yet">A launch registers one when its report lets it through.</Empty>
              ) : (
                <DataTable
                  caption="Models"
                  keyboard
                  rows={items}
                  keyOf={(model) => model.name}
                  open={(model) => `/registry/${model.name}`}
                  columns={[
                    { name: 'Model', cell: (model) => <b className="strong">{model.name}</b> },
                    {
                      name: 'Champion',
                      cell: (model) =>
                        model.championVersion === null ? (
                          '–'
                        ) : (
                          <span className="tag live">v{model.championVersion}</span>
                        ),
                    },
                    { name: 'Newest', cell: (model) => <span className="tag">v{model.latestVersion}</span> },
                    { name: 'Predicts', cell: (model) => <span className="mono">{model.target}</span> },
                    { name: 'Task', cell: (model) => model.task },
                    {
                      name: 'Held out',
                      numeric: true,
                      cell: (model) => `${model.metric.metric} ${fixed(model.metric.value, 4)}`,
                    },
                    {
                      name: 'Updated',
                      numeric: true,
                      cell: (model) => `${age(model.updatedAt, Date.now())} ago`,
                    },
                  ]}
                />
              )}
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}
