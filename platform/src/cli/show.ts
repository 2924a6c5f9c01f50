import type { DatasetDetail } from '../contracts/datasets.ts';
import type { DeploymentDetail } from '../contracts/deployments.ts';
import type { ModelDetail } from '../contracts/models.ts';
import type { MonitorDetail } from '../contracts/monitors.ts';
import type { RunDetail } from '../contracts/runs.ts';
import type { StudyDetail } from '../contracts/studies.ts';
import type { ReportDetail } from '../contracts/validations.ts';
import { bytesText, countText, intervalText, metricText, secondsText } from './format.ts';
import type { Io } from './io.ts';
import { factLines, tableLines } from './table.ts';

/** Details as lines: a block of facts, then one table of what the thing is made of. */
type Look = Pick<Io, 'outIsTerminal' | 'paint'>;

export function datasetLines({ current, ...dataset }: DatasetDetail, io: Look): string[] {
  const facts = factLines(
    [
      ['name', dataset.name],
      ['version', dataset.version],
      ['snapshot', dataset.snapshot],
      ['rows', countText(dataset.rows)],
      ['quarantined', countText(dataset.quarantined)],
      ...current.quarantineReasons.map(({ reason, count }) => [`  ${reason}`, countText(count)] as const),
      ['source', `${current.source.uri} (${current.source.format}, ${bytesText(current.source.bytes)})`],
    ],
    io,
  );
  const columns = tableLines(
    current.profile,
    [
      { title: 'COLUMN', value: (row) => row.name },
      { title: 'TYPE', value: (row) => row.type },
      { title: 'MISSING', value: (row) => countText(row.missing), align: 'right' },
      { title: 'DISTINCT', value: (row) => countText(row.distinct), align: 'right' },
      { title: 'MEAN', value: (row) => (row.mean === null ? '' : metricText(row.mean)), align: 'right' },
      { title: 'TOP', value: (row) => row.top[0]?.value },
    ],
    io,
  );
  return [...facts, '', ...columns];
}

export function studyLines(study: StudyDetail, io: Look): string[] {
  const { split, schedule } = study;
  const facts = factLines(
    [
      ['id', study.id],
      ['data set', `${study.dataset} v${study.datasetVersion}`],
      ['target', `${study.target} (${study.task})`],
      ['status', study.status],
      [
        'best',
        `${study.bestCandidate ?? '–'}: ${study.metric} ${metricText(study.bestScore)} ± ${metricText(study.bestSpread)}`,
      ],
      [
        'split',
        `${split.description}: ${countText(split.trainRows)} train, ${countText(split.testRows)} test, ${split.folds} folds`,
      ],
      [
        'schedule',
        `${schedule.position} of ${schedule.length}${schedule.exhausted ? '' : ', budget used up'}`,
      ],
      ...study.guards.map((guard) => [guard.guard, `${guard.summary} (${guard.action})`] as const),
      ...(study.failures ?? []).map(
        (lost) => ['left out', `${lost.candidate}: ${lost.code}: ${lost.message}`] as const,
      ),
    ],
    io,
  );
  const board = tableLines(
    study.leaderboard,
    [
      { title: 'CANDIDATE', value: (row) => row.candidate },
      { title: 'SCORE', value: (row) => metricText(row.score), align: 'right' },
      { title: 'SPREAD', value: (row) => metricText(row.spread), align: 'right' },
      { title: 'FIT', value: (row) => secondsText(row.fitSeconds), align: 'right' },
      { title: 'SIZE', value: (row) => bytesText(row.bytes), align: 'right' },
      { title: 'P50 US', value: (row) => row.p50Us.toFixed(0), align: 'right' },
    ],
    io,
  );
  return [...facts, '', ...board];
}

export function runLines(run: RunDetail, io: Look): string[] {
  const facts = factLines(
    [
      ['run', run.id],
      ['pipeline', run.pipeline],
      ['name', run.name],
      ['status', run.status],
      ['took', secondsText(run.seconds)],
      ...(run.error === undefined ? [] : [['error', `${run.error.message} [${run.error.code}]`] as const]),
    ],
    io,
  );
  const steps = tableLines(
    run.steps,
    [
      { title: 'STEP', value: (row) => row.name },
      { title: 'STATUS', value: (row) => row.status },
      { title: 'TOOK', value: (row) => secondsText(row.seconds), align: 'right' },
      { title: 'USUAL', value: (row) => secondsText(row.usualSeconds), align: 'right' },
      { title: 'ATTEMPTS', value: (row) => row.attempts.length, align: 'right' },
      { title: 'WHY', value: (row) => row.error?.message ?? row.reason },
    ],
    io,
  );
  return [...facts, '', ...steps];
}

export function reportLines(report: ReportDetail, io: Look): string[] {
  const facts = factLines(
    [
      ['id', report.id],
      ['model', `${report.model}${report.version === null ? '' : ` v${report.version}`}`],
      ['verdict', report.verdict],
      ['tests made', report.tests],
      [
        'test rows',
        `${countText(report.testRows)} (${report.testSource}), opened ${report.testOpened} times`,
      ],
      ...report.metrics.map(
        (metric) => [metric.metric, `${metricText(metric.value)}${intervalText(metric.interval)}`] as const,
      ),
    ],
    io,
  );
  const findings = tableLines(
    report.findings,
    [
      { title: 'SEVERITY', value: (row) => row.severity },
      { title: 'CHECK', value: (row) => row.check },
      { title: 'ROWS', value: (row) => row.rows, align: 'right' },
      { title: 'FINDING', value: (row) => row.summary },
    ],
    io,
  );
  return [...facts, '', ...findings];
}

export function modelLines(model: ModelDetail, io: Look): string[] {
  const facts = factLines(
    [
      ['name', model.name],
      ['task', model.task],
      ['target', model.target],
      ['champion', model.championVersion === null ? '–' : `v${model.championVersion}`],
    ],
    io,
  );
  const versions = tableLines(
    model.versions,
    [
      { title: 'VERSION', value: (row) => row.version, align: 'right' },
      { title: 'FAMILY', value: (row) => row.family },
      {
        title: 'METRIC',
        value: ({ metric }) => `${metric.metric} ${metricText(metric.value)}${intervalText(metric.interval)}`,
      },
      { title: 'VERDICT', value: (row) => row.verdict },
      { title: 'SIZE', value: (row) => bytesText(row.bytes), align: 'right' },
      { title: 'ALIASES', value: (row) => row.aliases.join(', ') },
      { title: 'DIGEST', value: (row) => row.digest.slice(0, 12) },
    ],
    io,
  );
  return [...facts, '', ...versions];
}

export function deploymentLines(deployment: DeploymentDetail, io: Look): string[] {
  const { traffic } = deployment;
  const facts = factLines(
    [
      ['name', deployment.name],
      ['status', deployment.status],
      ['serves', `${deployment.model} v${deployment.version}, revision ${deployment.revision}`],
      ['infer', deployment.urls.infer],
      ['invocations', deployment.urls.invocations],
      ['requests', countText(traffic.requests)],
      ['predictions', countText(traffic.predictions)],
      ['errors', `${countText(traffic.errors)} (and ${countText(traffic.refused)} refused)`],
      ['p50 / p95 ms', `${metricText(traffic.p50Ms)} / ${metricText(traffic.p95Ms)}`],
    ],
    io,
  );
  const revisions = tableLines(
    deployment.revisions,
    [
      { title: 'REVISION', value: (row) => row.revision, align: 'right' },
      { title: 'ROLE', value: (row) => row.role },
      { title: 'VERSION', value: (row) => `v${row.version}` },
      { title: 'WHY', value: (row) => row.reason },
      { title: 'DIGEST', value: (row) => row.modelDigest.slice(0, 12) },
    ],
    io,
  );
  return [...facts, '', ...revisions];
}

export function monitorLines(monitor: MonitorDetail, io: Look): string[] {
  const { performance } = monitor;
  const facts = factLines(
    [
      ['name', monitor.name],
      ['status', monitor.status],
      ['predictions', countText(monitor.rows)],
      ['drifted', `${monitor.drifted} of ${monitor.features}`],
      ...(performance === null
        ? []
        : [
            [
              `realised ${performance.metric}`,
              `${metricText(performance.value)}${intervalText(performance.interval)} on ${countText(performance.labelled)} labelled`,
            ] as const,
          ]),
    ],
    io,
  );
  const features = tableLines(
    monitor.current,
    [
      { title: 'FEATURE', value: (row) => row.feature },
      { title: 'DRIFTED', value: (row) => (row.drifted ? 'yes' : 'no') },
      { title: 'PSI', value: (row) => metricText(row.psi), align: 'right' },
      { title: 'BOUND', value: (row) => metricText(row.bound), align: 'right' },
      { title: 'MISSING', value: (row) => `${(row.missing * 100).toFixed(1)} %`, align: 'right' },
      { title: 'UNSEEN', value: (row) => `${(row.unseen * 100).toFixed(1)} %`, align: 'right' },
    ],
    io,
  );
  return [...facts, '', ...features];
}
