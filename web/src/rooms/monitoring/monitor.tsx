import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { FeatureDrift, MonitorDetail } from '../../../../platform/src/contracts/monitors.ts';
import { useOperation } from '../../api/api.ts';
import { BarPairs } from '../../charts/bar-pairs.tsx';
import { HeatMap } from '../../charts/heat-map.tsx';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, count, fixed, number, percent, time } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { MONITOR_STATUS, Status, StatusOf } from '../../widgets/status.tsx';

export function MonitorPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const monitor = useOperation('getMonitor', { params: { name } }, { refetchMs: 5000 });
  return (
    <Page
      crumbs={[{ name: 'Monitoring', to: '/monitoring' }, { name }]}
      cli={`slipway monitor show ${name}`}
      keys={[['j k', 'feature']]}
    >
      <Loaded query={monitor} lines={8}>
        {(data) => <Monitor data={data} />}
      </Loaded>
    </Page>
  );
}

function Monitor({ data }: { readonly data: MonitorDetail }) {
  const search = useSearch({ strict: false }) as { feature?: string };
  const navigate = useNavigate();
  const worst = [...data.current].sort((a, b) => ratio(b) - ratio(a));
  const selected = data.current.find((feature) => feature.feature === search.feature) ?? worst[0];
  const select = (feature: string) => void navigate({ to: '.', search: { feature } as never, replace: true });
  return (
    <>
      <PageHead
        title={data.name}
        tags={
          <>
            <span className="tag">v{data.version}</span>
            <StatusOf of={MONITOR_STATUS} value={data.status} pill />
          </>
        }
        text={
          <>
            Predictions of{' '}
            <Link className="link" to={`/deployment/${data.deployment}` as never}>
              {data.deployment}
            </Link>{' '}
            against the training part of v{data.version}. A feature drifts when its PSI passes what noise
            alone would do.
          </>
        }
      />
      <Headline data={data} worst={worst} />
      <div className="grid">
        <Panel title="Drift by feature and window" meta="PSI ÷ its bound; a dot is beyond it" span="w8">
          {data.windows.length === 0 ? (
            <Empty title="No window yet">
              The first prediction opens one. A window is judged from {data.rowsMin} rows on.
            </Empty>
          ) : (
            <HeatMap
              label="Drift by feature and window"
              rows={data.featureNames}
              columns={data.windows.map((window) => time(window.start).replace(/ \d{4}, /, ' '))}
              values={data.windows.map((window) => window.ratios)}
              selected={selected?.feature}
              onSelect={select}
            />
          )}
        </Panel>
        <Selected feature={selected} />
        <Features data={data} rows={worst} selected={selected?.feature} onSelect={select} />
        <Alerts data={data} />
      </div>
    </>
  );
}

function ratio(feature: FeatureDrift): number {
  return feature.psi === null || feature.bound === null || feature.bound === 0
    ? -1
    : feature.psi / feature.bound;
}

function Headline({
  data,
  worst,
}: {
  readonly data: MonitorDetail;
  readonly worst: readonly FeatureDrift[];
}) {
  const { performance } = data;
  const top = worst[0];
  return (
    <FirstNumber
      label="Features beyond their bound"
      value={data.status === 'waiting' ? '–' : count(data.drifted)}
      unit={`of ${count(data.features)}`}
      note={
        data.status === 'waiting'
          ? `judged from ${data.rowsMin} predictions on; ${count(data.rows)} so far`
          : top === undefined || ratio(top) < 0
            ? undefined
            : `largest: ${top.feature}, ${fixed(ratio(top), 2)} × its bound`
      }
      stats={[
        {
          label: 'Predictions seen',
          value: count(data.rows),
          note: data.lastSeenAt === null ? 'none yet' : `last ${age(data.lastSeenAt, Date.now())} ago`,
        },
        {
          label: performance === null ? 'Realised' : `Realised ${performance.metric}`,
          value:
            performance?.value === undefined || performance?.value === null
              ? '–'
              : fixed(performance.value, 3),
          note:
            performance === null || performance.labelled === 0
              ? 'no feedback yet'
              : `${count(performance.labelled)} labels; ${number(performance.reference, 4)} in training`,
        },
        { label: 'Alerts', value: count(data.alerts.length) },
        { label: 'Windows', value: count(data.windows.length), note: `of ${age(0, data.windowMs)}` },
      ]}
    />
  );
}

function Selected({ feature }: { readonly feature: FeatureDrift | undefined }) {
  if (feature === undefined) return null;
  const judged = feature.psi !== null;
  return (
    <Panel
      title={feature.feature}
      meta={
        judged ? `PSI ${fixed(feature.psi, 3)}, bound ${fixed(feature.bound, 3)}` : 'too few rows to judge'
      }
      span="w4"
      right={
        <span className="legend">
          <span>
            <i className="swatch" style={{ background: 'var(--ref)' }} /> training
          </span>
          <span>
            <i className="swatch" style={{ background: 'var(--c1)' }} /> now
          </span>
        </span>
      }
    >
      <BarPairs
        label={`${feature.feature}: shares now against training`}
        bars={feature.bins.map((bin) => ({
          label: bin.label,
          reference: bin.baseline,
          current: bin.current,
        }))}
        height={200}
      />
      <dl className="facts">
        <dt>Missing</dt>
        <dd>
          {percent(feature.missing)} now, {percent(feature.missingBaseline)} in training
        </dd>
        <dt>Unseen</dt>
        <dd>{percent(feature.unseen)} of values were not in the training part</dd>
        <dt>Invalid</dt>
        <dd>{percent(feature.invalid)}</dd>
      </dl>
    </Panel>
  );
}

function Features({
  data,
  rows,
  selected,
  onSelect,
}: {
  readonly data: MonitorDetail;
  readonly rows: readonly FeatureDrift[];
  readonly selected: string | undefined;
  readonly onSelect: (feature: string) => void;
}) {
  return (
    <Panel title="Features now" meta={`${count(data.rows)} predictions, largest drift first`} span="w8" flush>
      <DataTable
        caption="Features"
        keyboard
        rows={rows}
        selected={selected ?? ''}
        keyOf={(feature) => feature.feature}
        onSelect={(feature) => onSelect(feature.feature)}
        columns={[
          { name: 'Feature', cell: (feature) => <b className="strong">{feature.feature}</b> },
          {
            name: 'State',
            cell: (feature) =>
              feature.psi === null ? (
                <Status kind="open">Too few rows</Status>
              ) : feature.drifted ? (
                <Status kind="warn">Beyond</Status>
              ) : (
                <Status kind="pass">Within</Status>
              ),
          },
          { name: 'PSI', numeric: true, cell: (feature) => fixed(feature.psi, 3) },
          { name: 'Bound', numeric: true, cell: (feature) => fixed(feature.bound, 3) },
          {
            name: 'PSI ÷ bound',
            numeric: true,
            cell: (feature) => (ratio(feature) < 0 ? '–' : `${fixed(ratio(feature), 2)} ×`),
          },
          { name: 'Missing', numeric: true, cell: (feature) => percent(feature.missing) },
          { name: 'In training', numeric: true, cell: (feature) => percent(feature.missingBaseline) },
          { name: 'Unseen', numeric: true, cell: (feature) => percent(feature.unseen) },
        ]}
      />
    </Panel>
  );
}

function Alerts({ data }: { readonly data: MonitorDetail }) {
  return (
    <Panel title="Alerts" meta={`${data.alerts.length}`} span="w4" flush>
      {data.alerts.length === 0 ? (
        <Empty title="No alert">
          One is raised when a feature passes its bound, and closed when it comes back.
        </Empty>
      ) : (
        <DataTable
          caption="Alerts"
          rows={data.alerts}
          keyOf={(alert) => alert.id}
          columns={[
            {
              name: 'Alert',
              wrap: true,
              cell: (alert) => (
                <>
                  <Status kind="warn">{alert.severity}</Status>
                  <br />
                  {alert.summary}
                </>
              ),
            },
            { name: 'Age', numeric: true, cell: (alert) => age(alert.time, Date.now()) },
          ]}
        />
      )}
    </Panel>
  );
}
