import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, count, fixed, seconds } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { StatusOf } from '../../widgets/status.tsx';
import { STUDY_STATUS } from './study-status.ts';

export function StudiesPage() {
  const studies = useOperation('listStudies', {});
  return (
    <Page
      crumbs={[{ name: 'Selection' }]}
      cli="slipway select ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead
        title="Studies"
        text="Each is one search for the right model: guards, candidates, folds, winner."
      />
      <Loaded query={studies}>
        {({ items }) => {
          const newest = items.find((study) => study.bestScore !== null);
          return (
            <>
              <FirstNumber
                label={newest === undefined ? 'Best score' : `Best ${newest.metric} of the newest study`}
                value={newest === undefined ? '–' : fixed(newest.bestScore, 4)}
                unit={newest === undefined ? undefined : `± ${fixed(newest.bestSpread, 4)}`}
                note={
                  newest === undefined
                    ? 'No study has finished yet'
                    : `${newest.bestCandidate} on ${newest.dataset} v${newest.datasetVersion}, out of fold`
                }
                stats={[
                  { label: 'Studies', value: count(items.length) },
                  {
                    label: 'Searching',
                    value: count(items.filter((study) => study.status === 'running').length),
                  },
                  {
                    label: 'Candidates',
                    value: count(items.reduce((sum, study) => sum + study.candidates, 0)),
                  },
                ]}
              />
              <Panel title="All studies" meta={`${items.length}, newest first`} flush>
                {items.length === 0 ? (
                  <Empty title="No study yet">
                    A launch makes one: <span className="mono">slipway launch rows.csv --target column</span>.
                  </Empty>
                ) : (
                  <DataTable
                    caption="Studies"
                    keyboard
                    rows={items}
                    keyOf={(study) => study.id}
                    open={(study) => `/selection/${study.id}`}
                    columns={[
                      { name: 'Study', cell: (study) => <b className="strong">{study.name}</b> },
                      {
                        name: 'Status',
                        cell: (study) => <StatusOf of={STUDY_STATUS} value={study.status} />,
                      },
                      { name: 'Predicts', cell: (study) => <span className="mono">{study.target}</span> },
                      { name: 'Task', cell: (study) => study.task },
                      { name: 'Data', cell: (study) => `${study.dataset} v${study.datasetVersion}` },
                      {
                        name: 'Best',
                        numeric: true,
                        cell: (study) =>
                          study.bestScore === null
                            ? '–'
                            : `${study.metric} ${fixed(study.bestScore, 4)} ± ${fixed(study.bestSpread, 4)}`,
                      },
                      { name: 'Candidates', numeric: true, cell: (study) => count(study.candidates) },
                      { name: 'Took', numeric: true, cell: (study) => seconds(study.seconds) },
                      { name: 'Age', numeric: true, cell: (study) => age(study.createdAt, Date.now()) },
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
