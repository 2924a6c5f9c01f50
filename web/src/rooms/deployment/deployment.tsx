import { Link, useParams } from '@tanstack/react-router';
import type { DeploymentDetail, LoggedPrediction } from '../../../../platform/src/contracts/deployments.ts';
import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, clockTime, count, number, percent, short } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { DEPLOYMENT_STATUS, Glyph, StatusOf } from '../../widgets/status.tsx';
import { Rollback } from './rollback.tsx';
import { TrafficChart } from './traffic-chart.tsx';
import { TryForm } from './try-form.tsx';

export function DeploymentPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const deployment = useOperation('getDeployment', { params: { name } }, { refetchMs: 2000 });
  return (
    <Page crumbs={[{ name: 'Deployment', to: '/deployment' }, { name }]} cli={`slipway deploy show ${name}`}>
      <Loaded query={deployment} lines={8}>
        {(data) => <Deployment data={data} />}
      </Loaded>
    </Page>
  );
}

function Deployment({ data }: { readonly data: DeploymentDetail }) {
  const { traffic } = data;
  const previous = data.revisions.find((revision) => revision.role === 'previous');
  return (
    <>
      <PageHead
        title={data.name}
        tags={
          <>
            <span className="tag live">v{data.version}</span>
            <StatusOf of={DEPLOYMENT_STATUS} value={data.status} pill />
          </>
        }
        text={
          <>
            Revision {data.revision} serves{' '}
            <Link className="link" to={`/registry/${data.model}/${data.version}` as never}>
              {data.model} v{data.version}
            </Link>{' '}
            since {age(data.updatedAt, Date.now())};{' '}
            <Link className="link" to={`/monitoring/${data.name}` as never}>
              watched
            </Link>
            .
          </>
        }
        actions={<Rollback name={data.name} previous={previous} />}
      />
      {data.error !== undefined && (
        <div className="state fail panel">
          <Glyph kind="fail" size={14} />
          <b>{data.error.message}</b>
          <span className="mono dimmer">{data.error.code}</span>
        </div>
      )}
      <FirstNumber
        label="Error rate since the server started"
        value={traffic.requests === 0 ? '–' : percent(traffic.errors / traffic.requests, 2)}
        unit={`${count(traffic.errors)} of ${count(traffic.requests)} requests`}
        note={`${count(traffic.refused)} refused as bad requests`}
        stats={[
          {
            label: 'Latency p95',
            value: number(traffic.p95Ms, 3),
            unit: 'ms',
            note: `p50 ${number(traffic.p50Ms, 3)}, p99 ${number(traffic.p99Ms, 3)}`,
          },
          {
            label: 'Now',
            value: number(traffic.perSecond, 3),
            unit: 'requests/s',
            note: 'over the last minute',
          },
          { label: 'Rows predicted', value: count(traffic.predictions) },
          {
            label: 'Not in the log',
            value: count(traffic.logGap),
            note: traffic.logGap === 0 ? 'every prediction is kept' : 'the disk was full',
          },
        ]}
      />
      <div className="grid">
        <Panel title="Try a prediction" meta="typical values of the training data are filled in" span="w7">
          <TryForm name={data.name} signature={data.signature} />
        </Panel>
        <Panel title="Requests" meta="each of the last 60 seconds" span="w5">
          <TrafficChart perSecond={traffic.lastMinute} />
        </Panel>
        <Tail data={data} />
        <Revisions data={data} />
      </div>
    </>
  );
}

function Tail({ data }: { readonly data: DeploymentDetail }) {
  const predictions = useOperation(
    'listPredictions',
    { params: { name: data.name }, query: { limit: 30 } },
    { refetchMs: 2000 },
  );
  const inputs = data.signature.inputs.slice(0, 4).map((input) => input.name);
  return (
    <Panel title="Live tail" meta="newest first; all are in the log" span="w8" flush>
      <Loaded query={predictions}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No prediction yet">Ask for one above, or with the line on the model's page.</Empty>
          ) : (
            <DataTable
              caption="Newest predictions"
              keyboard
              rows={items}
              keyOf={(item) => item.id}
              columns={[
                { name: 'Time, UTC', cell: (item) => <span className="mono">{clockTime(item.time)}</span> },
                {
                  name: 'Prediction',
                  cell: (item) => (
                    <span className="mono" title={item.id}>
                      {short(item.id.slice(20))}
                    </span>
                  ),
                },
                { name: 'Version', cell: (item) => <span className="tag">v{item.version}</span> },
                {
                  name: 'Answer',
                  cell: (item) => (
                    <b className="strong">
                      {typeof item.prediction === 'number' ? number(item.prediction, 5) : item.prediction}
                    </b>
                  ),
                },
                { name: 'Probability', numeric: true, cell: probability },
                {
                  name: 'Truth',
                  cell: (item) =>
                    item.label === undefined || item.label === null ? (
                      <span className="dimmer">not known</span>
                    ) : (
                      String(item.label)
                    ),
                },
                ...inputs.map((name) => ({
                  name,
                  cell: (item: LoggedPrediction) => String(item.inputs[name] ?? '–'),
                })),
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function probability(item: LoggedPrediction): string {
  const value = item.probabilities?.[String(item.prediction)];
  return value === undefined ? '–' : number(value, 3);
}

function Revisions({ data }: { readonly data: DeploymentDetail }) {
  return (
    <Panel title="Revisions" meta={`${data.revisions.length}, newest first`} span="w4" flush>
      <DataTable
        caption="Revisions"
        rows={data.revisions}
        keyOf={(revision) => String(revision.revision)}
        columns={[
          { name: '#', numeric: true, width: 34, cell: (revision) => revision.revision },
          {
            name: 'Version',
            cell: (revision) => (
              <span className={`tag ${revision.role === 'live' ? 'live' : ''}`}>v{revision.version}</span>
            ),
          },
          { name: 'Role', cell: (revision) => revision.role },
          { name: 'Why', wrap: true, cell: (revision) => revision.reason },
          { name: 'Age', numeric: true, cell: (revision) => age(revision.createdAt, Date.now()) },
        ]}
      />
    </Panel>
  );
}
