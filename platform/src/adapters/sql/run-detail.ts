import type { ErrorBody } from '../../contracts/common.ts';
import type { RunDetail, RunStatus, RunStep, StepStatus } from '../../contracts/runs.ts';
import type { SqlContext } from './connection.ts';
import type { Database } from './schema.ts';

/** Runs of the same pipeline looked at for the usual duration of a step. */
const USUAL_RUNS = 20;

export async function runDetail(context: SqlContext, runId: string): Promise<RunDetail | undefined> {
  const { db, project } = context;
  const run = await db
    .selectFrom('runs')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', runId)
    .executeTakeFirst();
  if (run === undefined) return undefined;
  const steps = await db
    .selectFrom('run_steps')
    .selectAll()
    .where('project', '=', project)
    .where('run_id', '=', runId)
    .orderBy('position')
    .execute();
  const attempts = await db
    .selectFrom('attempts')
    .selectAll()
    .where('project', '=', project)
    .where('run_id', '=', runId)
    .orderBy('epoch')
    .execute();
  const usual = await usualSeconds(context, run);
  return {
    id: run.id,
    pipeline: run.pipeline,
    name: run.name,
    status: run.status as RunStatus,
    key: run.key,
    createdAt: run.created_at,
    seconds: run.ended_at === null ? null : (run.ended_at - run.created_at) / 1000,
    currentStep: steps.find((step) => step.status === 'running')?.step ?? null,
    steps: steps.map((step) =>
      runStep(
        step,
        attempts.filter((attempt) => attempt.step === step.step),
        usual.get(step.step),
      ),
    ),
    params: JSON.parse(run.params) as Record<string, unknown>,
    result: run.result === null ? null : (JSON.parse(run.result) as Record<string, unknown>),
    ...(run.error === null ? {} : { error: JSON.parse(run.error) as ErrorBody }),
  };
}

function runStep(
  step: Database['run_steps'],
  attempts: readonly Database['attempts'][],
  usual: number | undefined,
): RunStep {
  return {
    name: step.step,
    status: step.status as StepStatus,
    startedAt: step.started_at,
    seconds:
      step.ended_at === null || step.started_at === null ? null : (step.ended_at - step.started_at) / 1000,
    usualSeconds: usual ?? null,
    cacheKey: step.cache_key,
    reason: step.reason,
    attempts: attempts.map((attempt) => ({
      id: attempt.id,
      epoch: attempt.epoch,
      status: attempt.status as StepStatus,
      startedAt: attempt.started_at,
      endedAt: attempt.ended_at,
      ...(attempt.error === null ? {} : { error: JSON.parse(attempt.error) as ErrorBody }),
    })),
    outputs: JSON.parse(step.outputs) as Record<string, unknown>,
    ...(step.error === null ? {} : { error: JSON.parse(step.error) as ErrorBody }),
  };
}

/** Median seconds by step over the newest earlier runs of the pipeline in which the step was really run. */
async function usualSeconds(
  { db, project }: SqlContext,
  run: Database['runs'],
): Promise<Map<string, number>> {
  const earlier = db
    .selectFrom('runs')
    .select('id')
    .where('project', '=', project)
    .where('pipeline', '=', run.pipeline)
    .where('created_at', '<', run.created_at)
    .orderBy('created_at', 'desc')
    .limit(USUAL_RUNS);
  const rows = await db
    .selectFrom('run_steps')
    .select(['step', 'started_at', 'ended_at'])
    .where('project', '=', project)
    .where('run_id', 'in', earlier)
    .where('status', '=', 'completed')
    .execute();
  const seconds = new Map<string, number[]>();
  for (const row of rows) {
    if (row.started_at === null || row.ended_at === null) continue;
    seconds.set(row.step, [...(seconds.get(row.step) ?? []), (row.ended_at - row.started_at) / 1000]);
  }
  return new Map([...seconds].map(([step, values]) => [step, median(values)]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
