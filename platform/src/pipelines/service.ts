import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunDetail } from '../contracts/runs.ts';
import { sha256 } from '../kernel/canonical-json.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { killPoint } from '../kernel/kill-points.ts';
import { isFinal, startDecision } from './decisions.ts';
import { execute, requireRun } from './execution.ts';
import type { ExecutionDeps } from './execution-types.ts';
import { LiveRun } from './live-run.ts';
import type { PipelineDefinition, PipelineService, RunSignal, StartedRun, StartRequest } from './types.ts';

export interface PipelineDeps extends ExecutionDeps {
  /** Folder under which every run key has its own work folder. */
  readonly workRoot: string;
}

/** Ended runs whose lines are kept for followers that come late. */
const REMEMBERED_RUNS = 50;

export function createPipelines(deps: PipelineDeps): PipelineService {
  const live = new Map<string, LiveRun>();
  // Starts are decided one at a time, so that two callers with one key get one run.
  let starting: Promise<unknown> = Promise.resolve();
  let closed = false;
  const start = (definition: PipelineDefinition, request: StartRequest): Promise<StartedRun> => {
    const started = starting.then(() => {
      if (closed) throw new SlipwayError('CANCELLED', { message: 'the server is stopping' });
      return startRun({ deps, live }, definition, request);
    });
    starting = started.catch(() => undefined);
    return started;
  };
  return {
    start,
    follow: async (runId, listener) => {
      const followed = live.get(runId);
      if (followed !== undefined) return followed.follow(listener);
      tellRecorded(await requireRun(deps, runId), listener);
      return () => undefined;
    },
    cancel: async (runId) => {
      await requireRun(deps, runId);
      live.get(runId)?.abort.abort();
      await live.get(runId)?.done;
    },
    run: (runId) => requireRun(deps, runId),
    runs: (query) => deps.store.list(query),
    logs: async (runId, query) => {
      await requireRun(deps, runId);
      return deps.queries.logs(runId, query);
    },
    pipelines: () => deps.queries.pipelines(),
    recover: () => recover(deps),
    close: async () => {
      closed = true;
      await starting.catch(() => undefined);
      for (const run of live.values()) run.abort.abort();
      await Promise.all([...live.values()].map((run) => run.done));
    },
  };
}

interface Service {
  readonly deps: PipelineDeps;
  readonly live: Map<string, LiveRun>;
}

async function startRun(
  { deps, live }: Service,
  definition: PipelineDefinition,
  request: StartRequest,
): Promise<StartedRun> {
  const known = await deps.store.findByKey(definition.name, request.key);
  const isLive = known !== undefined && live.get(known.id)?.ended === false;
  const decision = startDecision(
    known === undefined ? undefined : { status: known.status, live: isLive },
    request.force,
  );
  if (decision === 'attach') return { runId: known!.id, resumed: false, cached: false };
  if (decision === 'answer') {
    live.delete(known!.id);
    return { runId: known!.id, resumed: false, cached: true };
  }
  await refuseSecondLive(deps, definition, request, known?.id);
  const workDir = join(deps.workRoot, sha256(`${definition.name}:${request.key}`).slice(0, 32));
  if (request.force) await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir, { recursive: true });
  const runId = decision === 'resume' ? known!.id : await insertRun(deps, definition, request);
  if (decision === 'resume') await reopen(deps, known!);
  killPoint('run:inserted');
  const run = new LiveRun(runId);
  if (decision === 'resume') tellFinished(known!, (signal) => run.tell(signal));
  remember(live, run);
  run.done = execute(deps, { definition, live: run, runId, workDir, force: request.force });
  return { runId, resumed: decision === 'resume', cached: false };
}

async function refuseSecondLive(
  deps: PipelineDeps,
  definition: PipelineDefinition,
  request: StartRequest,
  own?: string,
): Promise<void> {
  const running = (await deps.queries.live()).filter(
    (run) => run.pipeline === definition.name && run.name === request.name && run.id !== own,
  );
  if (running.length === 0) return;
  throw new SlipwayError('RUN_LIVE', {
    message: `run ${running[0]!.id} of '${request.name}' is still live, with other options or rows`,
    fix: 'Wait for it, follow it with the same command, or stop the server; then start again.',
    details: { runId: running[0]!.id, name: request.name },
  });
}

async function insertRun(
  deps: PipelineDeps,
  definition: PipelineDefinition,
  request: StartRequest,
): Promise<string> {
  const id = deps.ids();
  const { key, name, params } = request;
  const steps = definition.steps.map((step) => step.name);
  await deps.transactor.transaction(async (tx) => {
    await deps.store.insertRun(tx, {
      id,
      pipeline: definition.name,
      name,
      key,
      params,
      steps,
      createdAt: deps.clock.now(),
    });
    await deps.events.append(tx, {
      type: 'run.started',
      subject: `runs/${id}`,
      data: { pipeline: definition.name, name },
    });
  });
  return id;
}

/** Interrupted or failed → running. A step that was running when its server died is marked first. */
async function reopen(deps: PipelineDeps, run: RunDetail): Promise<void> {
  await deps.transactor.transaction(async (tx) => {
    await interruptSteps(deps, tx, run);
    const change = {
      from: ['interrupted', 'failed', 'running'] as const,
      to: 'running' as const,
      at: deps.clock.now(),
    };
    await deps.store.setRunStatus(tx, run.id, change);
    await deps.events.append(tx, { type: 'run.resumed', subject: `runs/${run.id}`, data: {} });
  });
}

async function interruptSteps(
  deps: PipelineDeps,
  tx: Parameters<ExecutionDeps['store']['endAttempt']>[0],
  run: RunDetail,
): Promise<void> {
  for (const step of run.steps) {
    if (step.status !== 'running') continue;
    const epoch = step.attempts.at(-1)?.epoch ?? 0;
    await deps.store.endAttempt(tx, {
      runId: run.id,
      step: step.name,
      epoch,
      status: 'interrupted',
      at: deps.clock.now(),
    });
  }
}

async function recover(deps: PipelineDeps): Promise<number> {
  const left = await deps.queries.live();
  for (const { id } of left) {
    const run = await requireRun(deps, id);
    await deps.transactor.transaction(async (tx) => {
      await interruptSteps(deps, tx, run);
      await deps.store.setRunStatus(tx, id, { from: ['running'], to: 'interrupted', at: deps.clock.now() });
      await deps.events.append(tx, {
        type: 'run.interrupted',
        subject: `runs/${id}`,
        data: { reason: 'the server had stopped' },
      });
    });
  }
  return left.length;
}

function remember(live: Map<string, LiveRun>, run: LiveRun): void {
  live.delete(run.runId);
  live.set(run.runId, run);
  for (const [id, old] of live) {
    if (live.size <= REMEMBERED_RUNS) break;
    if (old.ended) live.delete(id);
  }
}

/** Steps that an earlier start of this run finished: they are answered, not done again. */
function tellFinished(run: RunDetail, tell: (signal: RunSignal) => void): void {
  for (const step of run.steps) {
    if (isFinal(step.status))
      tell({ type: 'step', step: step.name, status: 'cached', seconds: 0, summary: 'finished before' });
  }
}

function tellRecorded(run: RunDetail, listener: (signal: RunSignal) => void): void {
  tellFinished(run, listener);
  for (const step of run.steps) {
    if (step.status !== 'failed') continue;
    const summary = step.error?.message;
    listener({
      type: 'step',
      step: step.name,
      status: 'failed',
      seconds: step.seconds ?? 0,
      ...(summary === undefined ? {} : { summary }),
    });
  }
  listener({ type: 'ended' });
}
