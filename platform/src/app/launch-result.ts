import type { LaunchResult } from '../contracts/launch.ts';
import type { RunDetail } from '../contracts/runs.ts';
import type { JsonObject } from '../pipelines/types.ts';
import { planFromParams } from './launch-plan.ts';
import type { LaunchOutputs } from './step-outputs.ts';

/**
 * The one result of a launch, from what its steps left: every section that was completed, also after a failure.
 *
 * @param baseUrl where people and clients reach the server, without a trailing slash
 */
export function launchResultOf(run: RunDetail, baseUrl: string, now: number): LaunchResult {
  if (run.pipeline !== 'launch' && run.pipeline !== 'study') return plainResult(run, now);
  const plan = planFromParams(run.params as JsonObject);
  const done = completedOutputs(run);
  const endedAt = run.seconds === null ? now : run.createdAt + run.seconds * 1000;
  return {
    type: 'result',
    ok: run.status === 'completed',
    ...(run.status === 'completed' ? {} : { error: failureOf(run) }),
    runId: run.id,
    ...datasetSection(done),
    ...selectSections(done, plan.startedAt),
    ...modelSections(run.name, done, baseUrl),
    ...validationSection(done),
    seconds: round((Math.max(endedAt, plan.startedAt) - plan.startedAt) / 1000),
    links: linksOf(run, done, baseUrl),
  };
}

/** Runs of other pipelines end a stream in the same way; what they made is told by their own operations. */
function plainResult(run: RunDetail, now: number): LaunchResult {
  return {
    type: 'result',
    ok: run.status === 'completed',
    ...(run.status === 'completed' ? {} : { error: failureOf(run) }),
    runId: run.id,
    seconds: round(run.seconds ?? (now - run.createdAt) / 1000),
    links: {},
  };
}

function completedOutputs(run: RunDetail): Partial<LaunchOutputs> {
  const finished = run.steps.filter((step) => step.status === 'completed' || step.status === 'cached');
  return Object.fromEntries(
    finished.map((step) => [step.name, step.outputs]),
  ) as unknown as Partial<LaunchOutputs>;
}

function failureOf(run: RunDetail): NonNullable<LaunchResult['error']> {
  if (run.error !== undefined) return run.error;
  return {
    code: 'CANCELLED',
    message: `the launch is ${run.status}`,
    fix: 'Run the same command again: finished steps are not redone.',
  };
}

function datasetSection(done: Partial<LaunchOutputs>): Pick<LaunchResult, 'dataset'> {
  if (done.feed === undefined) return {};
  const { dataset, snapshot, version, rows, quarantined, columns } = done.feed;
  return { dataset: { name: dataset, snapshot, version, rows, quarantined, columns } };
}

function selectSections(done: Partial<LaunchOutputs>, startedAt: number): Partial<LaunchResult> {
  if (done.select === undefined) return {};
  const { task, target, schedule, leaderboard, firstModelAt, firstModelSeconds } = done.select;
  // A model answered from the journal or the cache was ready before this process began: its study's own time is told.
  const seconds =
    firstModelAt === null || firstModelAt < startedAt ? firstModelSeconds : (firstModelAt - startedAt) / 1000;
  return { task, target, schedule, leaderboard: [...leaderboard], firstModelSeconds: round(seconds) };
}

function modelSections(name: string, done: Partial<LaunchOutputs>, baseUrl: string): Partial<LaunchResult> {
  if (done.deploy === undefined || done.package === undefined) return {};
  return {
    model: {
      name,
      version: done.deploy.version,
      digest: done.package.modelDigest,
      bytes: done.package.bytes,
    },
    deployment: { url: `${baseUrl}${done.deploy.url}`, revision: done.deploy.revision },
  };
}

function validationSection(done: Partial<LaunchOutputs>): Partial<LaunchResult> {
  if (done.validate === undefined) return {};
  const { metric, metrics, verdict, reportId, findings } = done.validate;
  return {
    holdout: {
      metric: metric.metric,
      value: metric.value,
      interval: metric.interval,
      metrics: Object.fromEntries(metrics.map((estimate) => [estimate.metric, estimate.value])),
    },
    validation: {
      verdict,
      reportId,
      findings: findings.map(({ check, severity, summary, columns }) => ({
        check,
        severity,
        summary,
        ...(columns === undefined ? {} : { columns }),
      })),
    },
  };
}

function linksOf(run: RunDetail, done: Partial<LaunchOutputs>, baseUrl: string): Record<string, string> {
  const links: Record<string, string> = { run: `${baseUrl}/pipelines/${run.id}` };
  if (done.feed !== undefined) links['dataset'] = `${baseUrl}/feeding/${done.feed.dataset}`;
  if (done.select !== undefined) links['study'] = `${baseUrl}/selection/${done.select.studyId}`;
  if (done.validate !== undefined) links['report'] = `${baseUrl}/validation/${done.validate.reportId}`;
  if (done.deploy !== undefined) {
    links['model'] = `${baseUrl}/registry/${run.name}/${done.deploy.version}`;
    links['deployment'] = `${baseUrl}/deployment/${run.name}`;
    links['infer'] = `${baseUrl}/v2/models/${run.name}/infer`;
    links['invocations'] = `${baseUrl}/models/${run.name}/invocations`;
  }
  if (done.monitor !== undefined) links['monitor'] = `${baseUrl}/monitoring/${run.name}`;
  return links;
}

function round(seconds: number): number {
  return Math.round(Math.max(0, seconds) * 1000) / 1000;
}
