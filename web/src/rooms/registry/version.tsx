import { Link, useParams } from '@tanstack/react-router';
import type { VersionDetail } from '../../../../platform/src/contracts/models.ts';
import { useOperation } from '../../api/api.ts';
import { DraftScale } from '../../charts/draft-scale.tsx';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { bytes, count, digitsFor, fixed, number, short, time } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Loaded, Panel } from '../../widgets/panel.tsx';
import { StatusOf, VERDICT } from '../../widgets/status.tsx';
import { ClientCode } from './client-code.tsx';
import { ExplanationPanels } from './explanation.tsx';

export function VersionPage() {
  const { name, version } = useParams({ strict: false }) as { name: string; version: string };
  const query = useOperation('getVersion', { params: { name, version: Number(version) } });
  return (
    <Page
      crumbs={[
        { name: 'Registry', to: '/registry' },
        { name, to: `/registry/${name}` },
        { name: `v${version}` },
      ]}
      cli={`slipway models show ${name} --version ${version}`}
    >
      <Loaded query={query} lines={8}>
        {(data) => <Version data={data} />}
      </Loaded>
    </Page>
  );
}

function Version({ data }: { readonly data: VersionDetail }) {
  const { metric, card } = data;
  const interval = metric.interval ?? { low: metric.value, high: metric.value };
  const digits = digitsFor((interval.high - interval.low) / 2);
  return (
    <>
      <PageHead
        title={data.model}
        tags={
          <>
            <span className="tag">v{data.version}</span>
            {data.aliases.map((alias) => (
              <span key={alias} className="tag live">
                {alias}
              </span>
            ))}
            <StatusOf of={VERDICT} value={data.verdict} pill />
          </>
        }
        text={`${card.summary} Registered ${time(data.createdAt)} UTC.`}
      />
      <FirstNumber
        label={`${metric.metric} on ${count(card.testRows)} held-out rows`}
        value={fixed(metric.value, digits)}
        unit={`${fixed(interval.low, digits)} – ${fixed(interval.high, digits)}`}
        gauge={
          <DraftScale
            label={`${metric.metric} with its interval`}
            value={metric.value}
            low={interval.low}
            high={interval.high}
            format={(value) => number(value, 3)}
          />
        }
        stats={[
          { label: 'Family', value: data.family, note: String(card.params['candidate'] ?? '') },
          { label: 'Trained on', value: count(card.trainingRows), unit: 'rows' },
          { label: 'Size', value: bytes(data.bytes) },
          {
            label: 'Graph = trainer',
            value: number(data.parity.maxAbsDelta, 2),
            note: `largest difference on ${count(data.parity.rows)} rows`,
          },
        ]}
      />
      <div className="grid">
        <LineagePanel data={data} />
        {data.explanationDigest !== undefined && (
          <ExplanationPanels name={data.model} version={data.version} />
        )}
        <Panel title="Inputs" meta="raw strings and missing values go in as they are" span="w7" flush>
          <DataTable
            caption="Inputs of the model"
            keyboard
            rows={data.signature.inputs}
            keyOf={(input) => input.name}
            columns={[
              { name: 'Column', cell: (input) => <b className="strong">{input.name}</b> },
              { name: 'Type', cell: (input) => input.type },
              {
                name: 'Importance',
                numeric: true,
                cell: (input) =>
                  number(card.features.find((feature) => feature.name === input.name)?.importance, 3),
              },
              { name: 'May be left out', cell: (input) => (input.optional ? 'yes' : 'no; null is fine') },
              { name: 'Typical', cell: (input) => String(input.example ?? '–') },
            ]}
          />
        </Panel>
        <Panel title="Card" span="w5">
          <dl className="facts">
            <dt>Intended use</dt>
            <dd>{card.intendedUse}</dd>
            <dt>Limits</dt>
            <dd>
              {card.limitations.length === 0
                ? 'None known beyond the findings of the report.'
                : card.limitations.join(' ')}
            </dd>
            <dt>Left out</dt>
            <dd>
              {card.excluded.length === 0
                ? 'No column.'
                : card.excluded.map((entry) => `${entry.column}: ${entry.reason}`).join('; ')}
            </dd>
            <dt>Parameters</dt>
            <dd>
              {Object.entries(card.params)
                .map(([name, value]) => `${name} ${value}`)
                .join(', ')}
            </dd>
            <dt>Seed</dt>
            <dd>{card.seed}</dd>
            <dt>Digest</dt>
            <dd className="mono">{data.digest}</dd>
          </dl>
        </Panel>
        <Panel title="Held-out metrics" span="w5" flush>
          <DataTable
            caption="Metrics"
            rows={data.metrics}
            keyOf={(entry) => entry.metric}
            columns={[
              { name: 'Metric', cell: (entry) => entry.metric },
              { name: 'Value', numeric: true, cell: (entry) => fixed(entry.value, 4) },
              {
                name: '95 % interval',
                numeric: true,
                cell: (entry) =>
                  entry.interval === null
                    ? '–'
                    : `${fixed(entry.interval.low, 4)} – ${fixed(entry.interval.high, 4)}`,
              },
            ]}
          />
        </Panel>
        <Panel title="Call it" span="w7">
          <ClientCode name={data.lineage.deployments[0] ?? data.model} signature={data.signature} />
        </Panel>
      </div>
    </>
  );
}

/** Prediction → model → run → rows: each box opens its page. */
function LineagePanel({ data }: { readonly data: VersionDetail }) {
  const { lineage } = data;
  const box = (to: string, title: string, text: string) => (
    <Link to={to as never}>
      <b className="strong">{title}</b>
      <div className="dim">{text}</div>
    </Link>
  );
  return (
    <Panel title="Lineage" meta="from rows to answers" flush>
      <div className="lineage">
        {box(
          `/feeding/${lineage.dataset.name}`,
          `${lineage.dataset.name} v${lineage.dataset.version}`,
          `${count(lineage.dataset.rows)} rows of ${lineage.dataset.source}`,
        )}
        <i />
        {box(`/selection/${lineage.studyId}`, 'Study', data.family)}
        <i />
        {box(`/pipelines/${lineage.runId}`, 'Run', short(lineage.runId))}
        <i />
        {box(`/validation/${lineage.reportId}`, 'Report', data.verdict)}
        <i />
        <div style={{ borderColor: 'var(--c1)' }}>
          <b className="strong">
            {data.model} v{data.version}
          </b>
          <div className="dim mono">{short(data.digest)}</div>
        </div>
        <i />
        {lineage.deployments.length === 0 ? (
          <div className="dim">not in service</div>
        ) : (
          lineage.deployments.map((name) => (
            <span key={name} style={{ display: 'contents' }}>
              {box(`/deployment/${name}`, name, 'its predictions')}
            </span>
          ))
        )}
      </div>
    </Panel>
  );
}
