import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { killPoint } from '../kernel/kill-points.ts';
import type { ExecutionDeps, StepRun } from './execution-types.ts';
import type { LogBuffer } from './log-buffer.ts';
import type { AttemptRow } from './ports.ts';
import type { JsonObject, StepOutcome } from './types.ts';

/** The step's results and its completion, in one transaction, only while this attempt is the step's newest. */
export async function publish(
  deps: ExecutionDeps,
  { execution, step }: StepRun,
  attempt: AttemptRow,
  outcome: StepOutcome,
): Promise<JsonObject> {
  return deps.transactor.transaction(async (tx) => {
    const more = await outcome.publish?.(tx);
    const outputs = { ...outcome.outputs, ...more };
    const { runId } = execution;
    const completion = {
      runId,
      step: step.name,
      epoch: attempt.epoch,
      status: 'completed' as const,
      at: deps.clock.now(),
      outputs,
    };
    if (!(await deps.store.endAttempt(tx, completion))) throw superseded(step.name, attempt.epoch);
    await deps.events.append(tx, stepEvent(runId, step.name, 'completed', { summary: outcome.summary }));
    killPoint(`step:${step.name}:publishing`);
    return outputs;
  });
}

/** What is committed is true whatever happens here: the next server start does the same from the database. */
export async function afterCommit(
  outcome: StepOutcome,
  outputs: JsonObject,
  log: LogBuffer,
  step: string,
): Promise<void> {
  try {
    await outcome.committed?.(outputs);
  } catch (error) {
    log.add(step, 'error', `after the commit: ${toSlipwayError(error).message}`);
  }
}

export async function endFailed(
  deps: ExecutionDeps,
  { execution, step }: StepRun,
  attempt: AttemptRow,
  error: unknown,
): Promise<void> {
  const failure = toSlipwayError(error);
  const status = execution.live.abort.signal.aborted ? ('interrupted' as const) : ('failed' as const);
  const { runId } = execution;
  await deps.transactor.transaction(async (tx) => {
    const end = {
      runId,
      step: step.name,
      epoch: attempt.epoch,
      status,
      at: deps.clock.now(),
      error: failure.toJSON(),
    };
    await deps.store.endAttempt(tx, end);
    await deps.events.append(
      tx,
      stepEvent(runId, step.name, status, { code: failure.code, message: failure.message }),
    );
  });
}

export function stepEvent(runId: string, step: string, status: string, data: JsonObject) {
  return { type: 'run.step', subject: `runs/${runId}`, data: { step, status, ...data } };
}

function superseded(step: string, epoch: number): SlipwayError {
  return new SlipwayError('ATTEMPT_SUPERSEDED', {
    message: `attempt ${epoch} of '${step}' is not the newest any more; its results were not published`,
    fix: 'Nothing: the newer attempt goes on.',
  });
}
