import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { RunDetail, RunStep } from '../../../../platform/src/contracts/runs.ts';
import { useOperation } from '../../api/api.ts';
import { ChartFrame } from '../../charts/chart-frame.tsx';
import { linear, ticks } from '../../charts/scale.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { clockTime, count, seconds, time } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { Glyph, RUN_STATUS, STEP_STATUS, StatusOf } from '../../widgets/status.tsx';

export function RunPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const run = useOperation('getRun', { params: { id } });
  return (
    <Page
      crumbs={[{ name: 'Pipelines', to: '/pipelines' }, { name: run.data?.name ?? id.slice(0, 8) }]}
      cli={`slipway pipelines show ${id}`}
      keys={[['j k', 'step']]}
    >
      <Loaded query={run} lines={8}>
        {(data) => <Run run={data} />}
      </Loaded>
    </Page>
  );
}

function Run({ run }: { readonly run: RunDetail }) {
  const failed = run.steps.find((step) => step.status === 'failed');
  const [selected, setSelected] = useState<string | undefined>(failed?.name);
  const cached = run.steps.filter((step) => step.status === 'cached').length;
  const usual = run.steps.reduce((sum, step) => sum + (step.usualSeconds ?? 0), 0);
  return (
    <>
      <PageHead
        title={run.name}
        tags={<StatusOf of={RUN_STATUS} value={run.status} pill />}
        text={`Pipeline ${run.pipeline}, started ${time(run.createdAt)} UTC.`}
      />
      <FirstNumber
        label="Duration"
        value={seconds(run.seconds)}
        unit={usual > 0 ? `usually ${seconds(usual)}` : undefined}
        note={
          run.currentStep === null
            ? `${run.steps.filter((step) => step.status === 'completed' || step.status === 'cached').length} of ${run.steps.length} steps done`
            : `now at ${run.currentStep}`
        }
        stats={[
          { label: 'Steps', value: count(run.steps.length), note: `${cached} from the cache` },
          {
            label: 'Attempts',
            value: count(run.steps.reduce((sum, step) => sum + step.attempts.length, 0)),
            note: 'more than one a step after a crash',
          },
          {
            label: 'Key',
            value: <span className="mono">{run.key.slice(0, 8)}</span>,
            note: 'the same key resumes this run',
          },
        ]}
      />
      {run.error !== undefined && (
        <Panel title="Why it ended" flush>
          <div className="state fail">
            <Glyph kind="fail" size={14} />
            <b>{run.error.message}</b>
            {run.error.fix !== undefined && <span>{run.error.fix}</span>}
            <span className="mono dimmer">{run.error.code}</span>
          </div>
        </Panel>
      )}
      <div className="grid" style={{ marginTop: 12 }}>
        <Panel title="Steps" meta="time since the start" span="w12">
          <Gantt run={run} />
        </Panel>
        <Panel title="What ran, and why" span="w7" flush>
          <DataTable
            caption="Steps"
            keyboard
            rows={run.steps}
            selected={selected ?? ''}
            keyOf={(step) => step.name}
            onSelect={(step) => setSelected(step.name)}
            columns={[
              { name: 'Step', cell: (step) => <b className="strong">{step.name}</b> },
              { name: 'Status', cell: (step) => <StatusOf of={STEP_STATUS} value={step.status} /> },
              { name: 'Took', numeric: true, cell: (step) => seconds(step.seconds) },
              { name: 'Usual', numeric: true, cell: (step) => seconds(step.usualSeconds) },
              { name: 'Attempts', numeric: true, cell: (step) => count(step.attempts.length) },
              { name: 'Why', wrap: true, cell: (step) => step.error?.message ?? step.reason },
            ]}
          />
        </Panel>
        <Logs id={run.id} step={selected} />
      </div>
    </>
  );
}

const ROW = 26;

function Gantt({ run }: { readonly run: RunDetail }) {
  const start = run.createdAt;
  const end = Math.max(start + 1000, ...run.steps.map((step) => endOf(step)));
  const total = (end - start) / 1000;
  return (
    <ChartFrame
      label={`Steps of the run over ${seconds(total)}`}
      height={run.steps.length * ROW + 24}
      table={{ columns: ['step', 'seconds'], rows: run.steps.map((step) => [step.name, step.seconds ?? 0]) }}
    >
      {(width) => {
        const x = linear(0, total, 86, width - 12);
        return (
          <>
            {ticks(0, total, 6).map((tick) => (
              <g key={tick}>
                <path d={`M${x(tick)} 0V${run.steps.length * ROW}`} stroke="var(--grid)" />
                <text x={x(tick)} y={run.steps.length * ROW + 16} textAnchor="middle">
                  {seconds(tick)}
                </text>
              </g>
            ))}
            {run.steps.map((step, index) => {
              const from = step.startedAt === null ? null : x((step.startedAt - start) / 1000);
              const to = x((endOf(step) - start) / 1000);
              return (
                <g key={step.name}>
                  <text className="key" x={0} y={index * ROW + 17}>
                    {step.name}
                  </text>
                  {from !== null && (
                    <rect
                      x={from}
                      y={index * ROW + 6}
                      width={Math.max(2, to - from)}
                      height={14}
                      rx={2}
                      fill={BAR[step.status]}
                    />
                  )}
                  {from !== null && (
                    <text x={Math.min(width - 60, to + 6)} y={index * ROW + 17}>
                      {step.status === 'cached' ? 'cached' : seconds(step.seconds)}
                    </text>
                  )}
                </g>
              );
            })}
          </>
        );
      }}
    </ChartFrame>
  );
}

function endOf(step: RunStep): number {
  if (step.startedAt === null) return 0;
  return step.seconds === null ? Date.now() : step.startedAt + step.seconds * 1000;
}

const BAR: Record<RunStep['status'], string> = {
  pending: 'var(--line)',
  running: 'var(--run)',
  completed: 'var(--c1)',
  cached: 'var(--ref)',
  failed: 'var(--fail)',
  interrupted: 'var(--warn)',
  skipped: 'var(--line)',
};

function Logs({ id, step }: { readonly id: string; readonly step: string | undefined }) {
  const logs = useOperation('getRunLogs', {
    params: { id },
    query: { limit: 1000, ...(step === undefined ? {} : { step }) },
  });
  return (
    <Panel title="Log" meta={step === undefined ? 'all steps' : step} span="w5" flush>
      <Loaded query={logs}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No log line">Steps write here what they do.</Empty>
          ) : (
            <div className="table-frame" style={{ maxHeight: 320, padding: '6px 12px' }}>
              {items.map((line) => (
                <div
                  key={line.sequence}
                  className="mono"
                  style={{
                    whiteSpace: 'pre-wrap',
                    color:
                      line.level === 'error'
                        ? 'var(--fail)'
                        : line.level === 'warning'
                          ? 'var(--warn)'
                          : 'inherit',
                  }}
                >
                  <span className="dimmer">
                    {clockTime(line.time)} {line.step}
                  </span>{' '}
                  {line.message}
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
