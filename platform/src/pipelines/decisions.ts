import type { RunStatus, StepStatus } from '../contracts/runs.ts';

/**
 * The scheduler as a pure function of what is recorded, so that a resumed run, a fresh one and a test under a virtual clock
 * decide alike. Steps run one after the other, in the order of the definition.
 *
 *   run:   running → completed | failed | interrupted;   interrupted | failed → running (started again with the same key)
 *   step:  pending → running → completed | failed | interrupted;   pending → cached
 *          failed | interrupted → running (a new attempt, epoch + 1)
 *
 * `completed` and `cached` are final within a run: such a step is never run again.
 */
export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  readonly attempts: number;
}

export type Decision =
  | { readonly type: 'run'; readonly step: string }
  | { readonly type: 'complete' }
  | { readonly type: 'give-up'; readonly step: string }
  | { readonly type: 'none' };

export function nextDecision(
  run: { readonly status: RunStatus; readonly steps: readonly StepState[] },
  attemptsMax: number,
): Decision {
  if (run.status !== 'running') return { type: 'none' };
  const next = run.steps.find((step) => !isFinal(step.status));
  if (next === undefined) return { type: 'complete' };
  if (next.status === 'running') return { type: 'none' };
  return next.attempts >= attemptsMax
    ? { type: 'give-up', step: next.name }
    : { type: 'run', step: next.name };
}

export function isFinal(status: StepStatus): boolean {
  return status === 'completed' || status === 'cached' || status === 'skipped';
}

/** What starting with a key means, given the newest run of that key. */
export type StartDecision = 'insert' | 'attach' | 'resume' | 'answer';

export function startDecision(
  known: { readonly status: RunStatus; readonly live: boolean } | undefined,
  force: boolean,
): StartDecision {
  if (known === undefined) return 'insert';
  if (known.status === 'running' && known.live) return 'attach';
  if (force) return 'insert';
  return known.status === 'completed' ? 'answer' : 'resume';
}
