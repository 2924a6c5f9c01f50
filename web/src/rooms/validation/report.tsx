import { useParams } from '@tanstack/react-router';
import type {
  Finding,
  MetricEstimate,
  ReportDetail,
} from '../../../../platform/src/contracts/validations.ts';
import { useOperation } from '../../api/api.ts';
import { DraftScale } from '../../charts/draft-scale.tsx';
import { Whisker } from '../../charts/mini.tsx';
import { linear } from '../../charts/scale.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { count, digitsFor, fixed, number, percent, seconds, short } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { Glyph, SEVERITY, StatusOf, VERDICT } from '../../widgets/status.tsx';
import { CurvePanels } from './curve-panels.tsx';
import { Ledger } from './ledger.tsx';

export function ReportPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const report = useOperation('getReport', { params: { id } });
  return (
    <Page
      crumbs={[
        { name: 'Validation', to: '/validation' },
        {
          name:
            report.data === undefined
              ? id.slice(0, 8)
              : `${report.data.model}${report.data.version === null ? '' : ` v${report.data.version}`}`,
        },
      ]}
      cli={`slipway validate show ${id}`}
      keys={[['j k', 'finding']]}
    >
      <Loaded query={report} lines={8}>
        {(data) => <Report report={data} />}
      </Loaded>
    </Page>
  );
}

function Report({ report }: { readonly report: ReportDetail }) {
  return (
    <>
      <PageHead
        title={report.model}
        tags={
          <>
            {report.version !== null && <span className="tag">v{report.version}</span>}
            <StatusOf of={VERDICT} value={report.verdict} pill />
          </>
        }
        text={
          <>
            {count(report.testRows)} rows of the {report.testSource}, opened for the{' '}
            {ordinal(report.testOpened)} time; model <span className="mono">{short(report.modelDigest)}</span>
            .
          </>
        }
      />
      <Headline report={report} />
      <div className="grid">
        <Findings report={report} />
        <Champion report={report} />
        <Metrics report={report} />
        <CurvePanels curves={report.curves} />
        <Ledger report={report} />
      </div>
    </>
  );
}

function ordinal(value: number): string {
  return `${value}${value === 1 ? 'st' : value === 2 ? 'nd' : value === 3 ? 'rd' : 'th'}`;
}

function Headline({ report }: { readonly report: ReportDetail }) {
  const { metric, blocking, warnings } = report;
  const interval = metric.interval ?? { low: metric.value, high: metric.value };
  const digits = digitsFor((interval.high - interval.low) / 2);
  const undecided = report.ledger.filter((entry) => entry.outcome === 'insufficient').length;
  const crashed = report.ledger.filter((entry) => entry.outcome === 'error').length;
  const constant = report.baselines.find((baseline) => baseline.name === 'linear') ?? report.baselines[0];
  const reference = constant?.metrics.find((entry) => entry.metric === metric.metric);
  return (
    <FirstNumber
      label="Blocking findings"
      value={count(blocking)}
      unit={`of ${count(report.findings.length)} findings`}
      note={`${warnings} warn, ${undecided} undecided, ${crashed} crashed`}
      {...(blocking > 0 ? { tone: 'fail' as const } : {})}
      gauge={
        <DraftScale
          label={`${metric.metric} ${fixed(metric.value, digits)}, ${fixed(interval.low, digits)} to ${fixed(interval.high, digits)}`}
          name={metric.metric}
          value={metric.value}
          low={interval.low}
          high={interval.high}
          format={(value) => number(value, 3)}
          {...(reference === undefined || constant === undefined
            ? {}
            : { reference: { value: reference.value, name: constant.name } })}
        />
      }
      stats={report.metrics
        .slice(0, 3)
        .map((entry) => ({
          label: entry.metric,
          value: fixed(entry.value, precision(entry)),
          note:
            entry.interval === null
              ? undefined
              : `${fixed(entry.interval.low, precision(entry))} – ${fixed(entry.interval.high, precision(entry))}`,
        }))
        .concat([
          {
            label: 'Tests in ledger',
            value: count(report.ledger.length),
            note: `adjusted together, ${seconds(report.seconds)}`,
          },
        ])}
    />
  );
}

function precision(entry: MetricEstimate): number {
  return entry.interval === null ? 4 : digitsFor((entry.interval.high - entry.interval.low) / 2);
}

const RANK: Record<Finding['severity'], number> = { blocking: 0, warning: 1, info: 2 };
const MARGIN_WIDTH = 130;

/** Effects are drawn in units of their own margin, so that all margins stand in one line; 1 is the margin. */
function Findings({ report }: { readonly report: ReportDetail }) {
  const findings = [...report.findings].sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      (b.rows ?? 0) * (b.effect?.value ?? 0) - (a.rows ?? 0) * (a.effect?.value ?? 0),
  );
  const x = linear(-1, 5, 6, MARGIN_WIDTH - 6);
  const whisker = ({ effect, severity }: Finding) =>
    effect === undefined || effect.margin === 0 ? (
      ''
    ) : (
      <Whisker
        x={x}
        width={MARGIN_WIDTH}
        zero={1}
        low={effect.interval.low / effect.margin}
        at={effect.value / effect.margin}
        high={effect.interval.high / effect.margin}
        colour={
          severity === 'blocking' ? 'var(--fail)' : severity === 'warning' ? 'var(--warn)' : 'var(--ref)'
        }
      />
    );
  return (
    <Panel
      title="Findings"
      meta="blocking first, then by rows × harm; dashed line: the margin"
      span="w8"
      flush
    >
      {findings.length === 0 ? (
        <Empty title="No finding">All checks passed; every test is in the ledger below.</Empty>
      ) : (
        <DataTable
          caption="Findings"
          keyboard
          rows={findings}
          keyOf={(finding) => `${finding.check}${finding.summary}`}
          onSelect={() => undefined}
          columns={[
            {
              name: 'Verdict',
              width: 90,
              cell: (finding) => <StatusOf of={SEVERITY} value={finding.severity} />,
            },
            {
              name: 'Finding',
              wrap: true,
              cell: (finding) => (
                <>
                  <b className="strong">{finding.check}</b>
                  <br />
                  <span className="dim">{finding.summary}</span>
                </>
              ),
            },
            {
              name: 'Rows',
              numeric: true,
              cell: (finding) =>
                finding.rows === undefined
                  ? '–'
                  : `${count(finding.rows)}${finding.share === undefined ? '' : ` (${percent(finding.share)})`}`,
            },
            {
              name: 'Effect',
              numeric: true,
              cell: (finding) => (finding.effect === undefined ? '–' : number(finding.effect.value, 3)),
            },
            { name: 'Effect ÷ its margin', width: MARGIN_WIDTH, cell: whisker },
          ]}
        />
      )}
    </Panel>
  );
}

const CHAMPION_WORDS = {
  'not-worse': 'Not worse',
  worse: 'Worse',
  insufficient: 'Too few common rows to say',
} as const;
const CHAMPION_KINDS = { 'not-worse': 'pass', worse: 'fail', insufficient: 'open' } as const;

function Champion({ report }: { readonly report: ReportDetail }) {
  const { champion } = report;
  if (champion === null) {
    return (
      <Panel title="Against the champion" span="w4" flush>
        <Empty title="There was no version in service">
          The next launch of this name is compared with this model, on rows that neither was trained on.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel
      title="Against the champion"
      meta={`v${champion.version}, ${count(champion.rows)} rows neither was trained on`}
      span="w4"
    >
      <div className="state" style={{ padding: 0 }}>
        <Glyph kind={CHAMPION_KINDS[champion.outcome]} size={14} />
        <b>{CHAMPION_WORDS[champion.outcome]}</b>
        <span>
          {champion.metric} {number(champion.difference, 3)}
          {champion.interval === null
            ? ''
            : ` (${number(champion.interval.low, 3)} to ${number(champion.interval.high, 3)})`}
          , margin {number(-champion.margin, 3)}
        </span>
        <span className="dimmer">
          Positive means the new one is better. It replaces the champion only when the whole interval is above
          the margin.
        </span>
      </div>
    </Panel>
  );
}

function Metrics({ report }: { readonly report: ReportDetail }) {
  const others = report.baselines;
  return (
    <Panel title="Held-out metrics" meta="95 % intervals, beside baselines on the same rows" span="w12" flush>
      <DataTable
        caption="Metrics"
        rows={report.metrics}
        keyOf={(entry) => entry.metric}
        columns={[
          { name: 'Metric', cell: (entry) => <b className="strong">{entry.metric}</b> },
          { name: 'This model', numeric: true, cell: (entry) => fixed(entry.value, precision(entry)) },
          {
            name: '95 % interval',
            cell: (entry) =>
              entry.interval === null
                ? '–'
                : `${fixed(entry.interval.low, precision(entry))} – ${fixed(entry.interval.high, precision(entry))}`,
          },
          ...others.map((baseline) => ({
            name: baseline.name,
            numeric: true,
            cell: (entry: MetricEstimate) =>
              fixed(
                baseline.metrics.find((candidate) => candidate.metric === entry.metric)?.value,
                precision(entry),
              ),
          })),
        ]}
      />
    </Panel>
  );
}
