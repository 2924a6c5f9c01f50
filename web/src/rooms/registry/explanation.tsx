import type { ColumnDependence, Explanation } from '../../../../platform/src/contracts/explanations.ts';
import { useOperation } from '../../api/api.ts';
import { DependenceChart } from '../../charts/dependence-chart.tsx';
import { IntervalBars } from '../../charts/interval-bars.tsx';
import { niceDomain } from '../../charts/scale.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { count, number, percent } from '../../widgets/format.ts';
import { Loaded, Panel } from '../../widgets/panel.tsx';

const BARS_MAX = 15;

/** What a version leans on: importance with intervals, contributions, and what the values of its top columns do. */
export function ExplanationPanels({ name, version }: { readonly name: string; readonly version: number }) {
  const query = useOperation('getExplanation', { params: { name, version } });
  return (
    <Loaded query={query} lines={6}>
      {(data) => (
        <>
          <ImportancePanel data={data} />
          <ContributionPanel data={data} />
          {data.dependence.length > 0 && <DependencePanel data={data} />}
        </>
      )}
    </Loaded>
  );
}

function ImportancePanel({ data }: { readonly data: Explanation }) {
  const loss = data.loss === 'logLoss' ? 'log-loss' : 'squared error';
  return (
    <Panel
      title="What it leans on"
      meta={`growth of the ${loss} when a column is shuffled, on ${count(data.rows)} test rows`}
      span="w7"
    >
      <IntervalBars
        label="Importance of columns with 95 % intervals"
        xLabel={`growth of the mean ${loss}, 95 % interval`}
        bars={data.columns.slice(0, BARS_MAX).map(({ column, importance, interval }) => ({
          label: column,
          value: importance,
          ...interval,
        }))}
        format={(value) => number(value, 2)}
      />
    </Panel>
  );
}

function ContributionPanel({ data }: { readonly data: Explanation }) {
  const unit = data.task === 'regression' ? data.outputs[0]! : 'the raw score';
  const largest = Math.max(1e-12, ...data.columns.map(({ contribution }) => contribution));
  const sorted = [...data.columns].sort((a, b) => b.contribution - a.contribution).slice(0, BARS_MAX);
  return (
    <Panel title="Contributions" meta={`mean size, in ${unit}; exact Shapley values`} span="w5" flush>
      <DataTable
        caption="Mean size of each column's contribution"
        rows={sorted}
        keyOf={(row) => row.column}
        columns={[
          { name: 'Column', cell: (row) => <b className="strong">{row.column}</b> },
          { name: 'Mean size', numeric: true, cell: (row) => number(row.contribution, 3) },
          {
            name: 'Of the largest',
            numeric: true,
            cell: (row) => percent(row.contribution / largest, 0),
          },
        ]}
      />
    </Panel>
  );
}

function DependencePanel({ data }: { readonly data: Explanation }) {
  const task = data.task === 'regression' ? `predicted ${data.outputs[0]}` : 'predicted probability';
  const domain =
    data.task === 'regression'
      ? niceDomain(
          data.dependence.flatMap(({ mean, lines }) => [...mean, ...lines.flat()]),
          0,
        )
      : ([0, 1] as const);
  return (
    <Panel
      title="What its values do"
      meta={`${task} when every row is given a value: the mean in blue, ${data.dependence[0]!.lines.length} single rows in grey`}
    >
      <div
        style={{
          display: 'grid',
          gap: '18px 22px',
          gridTemplateColumns: 'repeat(auto-fit, minmax(300px, 1fr))',
        }}
      >
        {data.dependence.map((entry) => (
          <div key={entry.column}>
            <b className="strong">{entry.column}</b>
            {entry.label !== null && <span className="dim"> → {entry.label}</span>}
            <DependenceChart
              label={`Dependence of the prediction on ${entry.column}`}
              values={entry.values}
              mean={entry.mean}
              lines={entry.lines}
              yDomain={domain}
              formatX={formatOf(entry)}
              formatY={(value) => number(value, 2)}
            />
          </div>
        ))}
      </div>
    </Panel>
  );
}

function formatOf({ type }: ColumnDependence): (value: number) => string {
  if (type === 'date' || type === 'timestamp') return (value) => new Date(value).toISOString().slice(0, 10);
  return (value) => number(value, 3);
}
