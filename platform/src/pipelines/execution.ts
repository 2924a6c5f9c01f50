import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunDetail } from '../contracts/runs.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { killPoint } from '../kernel/kill-points.ts';
import { LIMITS } from '../kernel/limits.ts';
import { isFinal, nextDecision } from './decisions.ts';
import './errors.ts';
import type { Execution, ExecutionDeps, StepRun } from './execution-types.ts';
import { LogBuffer } from './log-buffer.ts';
import type { AttemptRow } from './ports.ts';
import { afterCommit, endFailed, publish, stepEvent } from './step-attempt.ts';
import type { JsonObject, PipelineDefinition, StepContext } from './types.ts';

/** Runs what is left of a run, and records its end. Never rejects: a failure is the run's recorded error. */
export async function execute(deps: ExecutionDeps, execution: Execution): Promise<void> {
  const { live, runId } = execution;
  const log = new LogBuffer(runId, deps.queries, deps.clock);
  try {
    await runSteps(deps, execution, log);
    await log.flush();
    await complete(deps, execution);
  } catch (error) {
    await recordFailure(deps, execution, error);
  } finally {
    await log.flush().catch(() => undefined);
    live.tell({ type: 'ended' });
  }
}

async function runSteps(deps: ExecutionDeps, execution: Execution, log: LogBuffer): Promise<void> {
  const outputs = new Map<string, JsonObject>();
  for (;;) {
    const run = await requireRun(deps, execution.runId);
    for (const step of run.steps)
      if (isFinal(step.status)) outputs.set(step.name, step.outputs as JsonObject);
    const states = run.steps.map((step) => ({
      name: step.name,
      status: step.status,
      attempts: step.attempts.length,
    }));
    const decision = nextDecision({ status: run.status, steps: states }, LIMITS.crashRecoveriesMax);
    if (decision.type === 'complete' || decision.type === 'none') return;
    if (decision.type === 'give-up') throw crashLoop(decision.step);
    const step = execution.definition.steps.find((candidate) => candidate.name === decision.step);
    if (step === undefined) throw new Error(`the pipeline has no step '${decision.step}'`);
    await runStep(deps, { execution, log, run, step, outputs });
  }
}

async function runStep(deps: ExecutionDeps, stepRun: StepRun): Promise<void> {
  const { execution, run, step, log } = stepRun;
  const { live, runId } = execution;
  const view = { params: run.params as JsonObject, outputsOf: outputsReader(stepRun) };
  const cacheKey = step.cacheKey?.(view);
  if (await answerFromCache(deps, stepRun, cacheKey)) return;
  const startedAt = deps.clock.now();
  const recorded = run.steps.find((candidate) => candidate.name === step.name)!;
  const reason = reasonFor(recorded.attempts.length, cacheKey, execution.force);
  const attempt = await deps.transactor.transaction(async (tx) => {
    const id = deps.ids();
    const started = await deps.store.startAttempt(tx, {
      id,
      runId,
      step: step.name,
      startedAt,
      reason,
      ...(cacheKey === undefined ? {} : { cacheKey }),
    });
    await deps.events.append(tx, stepEvent(runId, step.name, 'started', { epoch: started.epoch }));
    return started;
  });
  killPoint(`step:${step.name}:started`);
  live.tell({ type: 'step', step: step.name, status: 'started', seconds: 0 });
  const seconds = () => (deps.clock.now() - startedAt) / 1000;
  try {
    const outcome = await step.run(await stepContext(stepRun, attempt, view));
    execution.live.abort.signal.throwIfAborted();
    killPoint(`step:${step.name}:ran`);
    const outputs = await publish(deps, stepRun, attempt, outcome);
    killPoint(`step:${step.name}:completed`);
    await afterCommit(outcome, outputs, log, step.name);
    log.add(step.name, 'info', outcome.summary);
    await log.flush();
    live.tell({
      type: 'step',
      step: step.name,
      status: 'completed',
      seconds: seconds(),
      summary: outcome.summary,
    });
  } catch (error) {
    await endFailed(deps, stepRun, attempt, error);
    live.tell({
      type: 'step',
      step: step.name,
      status: 'failed',
      seconds: seconds(),
      summary: toSlipwayError(error).message,
    });
    throw error;
  }
}

function outputsReader({ outputs }: StepRun): (step: string) => JsonObject {
  return (name) => {
    const found = outputs.get(name);
    if (found === undefined) throw new Error(`step '${name}' has no outputs yet`);
    return found;
  };
}

const cacheNames = ({ name, sharesCacheWith = [] }: PipelineDefinition) => [name, ...sharesCacheWith];

function reasonFor(attempts: number, cacheKey: string | undefined, force: boolean): string {
  if (attempts > 0)
    return `run again: ${attempts} earlier attempt${attempts === 1 ? '' : 's'} did not complete`;
  if (force) return 'run: asked for with force';
  return cacheKey === undefined
    ? 'run: this step is never taken from another run'
    : 'run: no completed step has this cache key';
}

async function answerFromCache(
  deps: ExecutionDeps,
  stepRun: StepRun,
  cacheKey: string | undefined,
): Promise<boolean> {
  const { execution, step } = stepRun;
  if (cacheKey === undefined || execution.force) return false;
  const hit = await deps.queries.cachedOutputs(cacheNames(execution.definition), step.name, cacheKey);
  if (hit === undefined) return false;
  if (step.stillValid !== undefined && !(await step.stillValid(hit.outputs))) return false;
  const at = deps.clock.now();
  const reason = `same cache key as in run ${hit.runId}`;
  await deps.transactor.transaction(async (tx) => {
    await deps.store.markCached(tx, {
      runId: execution.runId,
      step: step.name,
      outputs: hit.outputs,
      cacheKey,
      reason,
      at,
    });
    await deps.events.append(tx, stepEvent(execution.runId, step.name, 'cached', { from: hit.runId }));
  });
  execution.live.tell({ type: 'step', step: step.name, status: 'cached', seconds: 0, summary: reason });
  return true;
}

async function stepContext(
  { execution, log, step }: StepRun,
  attempt: AttemptRow,
  view: Pick<StepContext, 'params' | 'outputsOf'>,
): Promise<StepContext> {
  const workDir = join(execution.workDir, step.name);
  await mkdir(workDir, { recursive: true });
  return {
    ...view,
    runId: execution.runId,
    attemptId: attempt.id,
    workDir,
    signal: execution.live.abort.signal,
    log: (message, level = 'info') => log.add(step.name, level, message),
    progress: (message, fraction, remainingSeconds) =>
      execution.live.tell({
        type: 'progress',
        step: step.name,
        message,
        ...(fraction === undefined ? {} : { fraction }),
        ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
      }),
  };
}

async function complete(deps: ExecutionDeps, execution: Execution): Promise<void> {
  killPoint('run:completing');
  await deps.transactor.transaction(async (tx) => {
    const change = { from: ['running' as const], to: 'completed' as const, at: deps.clock.now() };
    await deps.store.setRunStatus(tx, execution.runId, change);
    await deps.events.append(tx, { type: 'run.completed', subject: `runs/${execution.runId}`, data: {} });
  });
  killPoint('run:completed');
  await rm(execution.workDir, { recursive: true, force: true });
}

async function recordFailure(deps: ExecutionDeps, execution: Execution, error: unknown): Promise<void> {
  const failure = toSlipwayError(error);
  const aborted = execution.live.abort.signal.aborted;
  const to = aborted ? ('interrupted' as const) : ('failed' as const);
  const change = { from: ['running' as const], to, at: deps.clock.now(), error: failure.toJSON() };
  try {
    await deps.transactor.transaction(async (tx) => {
      await deps.store.setRunStatus(tx, execution.runId, change);
      const data = { code: failure.code, message: failure.message };
      await deps.events.append(tx, { type: `run.${to}`, subject: `runs/${execution.runId}`, data });
    });
  } catch {
    // The database itself fails (a full disk): the run stays recorded as running and is found by recover() at the next start.
  }
}

export async function requireRun(deps: Pick<ExecutionDeps, 'store'>, runId: string): Promise<RunDetail> {
  const run = await deps.store.find(runId);
  if (run !== undefined) return run;
  throw new SlipwayError('RUN_NOT_FOUND', {
    message: `there is no run ${runId}`,
    fix: 'List runs with `slipway pipelines ls`.',
  });
}

function crashLoop(step: string): SlipwayError {
  return new SlipwayError('RUN_CRASH_LOOP', {
    message: `step '${step}' did not complete in ${LIMITS.crashRecoveriesMax} attempts`,
    fix: 'Read its logs, mend the cause, and start again with --force.',
  });
}
