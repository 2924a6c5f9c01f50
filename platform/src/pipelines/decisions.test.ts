import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunStatus, StepStatus } from '../contracts/runs.ts';
import { isFinal, nextDecision, type StepState, startDecision } from './decisions.ts';

const ATTEMPTS_MAX = 5;

describe('nextDecision', () => {
  it('runs the first step that is not final, and completes when none is left', () => {
    const step = (name: string, status: StepStatus): StepState => ({ name, status, attempts: 0 });
    const decide = (...steps: StepState[]) => nextDecision({ status: 'running', steps }, ATTEMPTS_MAX);
    expect(decide(step('a', 'completed'), step('b', 'pending'))).toEqual({ type: 'run', step: 'b' });
    expect(decide(step('a', 'cached'), step('b', 'interrupted'))).toEqual({ type: 'run', step: 'b' });
    expect(decide(step('a', 'completed'), step('b', 'cached'))).toEqual({ type: 'complete' });
    expect(decide(step('a', 'running'), step('b', 'pending'))).toEqual({ type: 'none' });
  });

  it('gives up on a step that has crashed too often', () => {
    const steps: StepState[] = [{ name: 'a', status: 'interrupted', attempts: ATTEMPTS_MAX }];
    expect(nextDecision({ status: 'running', steps }, ATTEMPTS_MAX)).toEqual({ type: 'give-up', step: 'a' });
  });

  it('ends every run under any interleaving of outcomes and crashes, publishing each step once', () => {
    const outcome = fc.constantFrom('completes', 'fails', 'crashes-before', 'crashes-after' as const);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(outcome, { maxLength: 60 }), (count, outcomes) => {
        const simulated = simulate(count, outcomes);
        expect(simulated.published.every((times) => times <= 1)).toBe(true);
        // Once nothing crashes any more the run ends.
        expect(['completed', 'gave-up']).toContain(simulated.end);
        if (simulated.end === 'completed') expect(simulated.published).toEqual(new Array(count).fill(1));
      }),
      { numRuns: 2000, seed: 7 },
    );
  });
});

type Outcome = 'completes' | 'fails' | 'crashes-before' | 'crashes-after';

/** A world that follows decisions: publication and completion are one act, as in the database. */
function simulate(count: number, outcomes: readonly Outcome[]) {
  const steps: { name: string; status: StepStatus; attempts: number }[] = Array.from(
    { length: count },
    (_, i) => ({
      name: String(i),
      status: 'pending',
      attempts: 0,
    }),
  );
  const published = new Array<number>(count).fill(0);
  const left = [...outcomes];
  for (let turn = 0; turn < 1000; turn++) {
    const decision = nextDecision({ status: 'running', steps }, 100);
    if (decision.type === 'complete') return { end: 'completed', published };
    if (decision.type === 'give-up') return { end: 'gave-up', published };
    if (decision.type === 'none') throw new Error('stuck');
    const index = Number(decision.step);
    const step = steps[index]!;
    expect(isFinal(step.status)).toBe(false);
    step.attempts++;
    const result = left.shift() ?? 'completes';
    if (result === 'completes' || result === 'crashes-after') {
      published[index]!++;
      step.status = 'completed';
    } else step.status = result === 'fails' ? 'failed' : 'interrupted';
  }
  return { end: 'endless', published };
}

describe('startDecision', () => {
  it('answers, attaches, resumes or inserts', () => {
    const known = (status: RunStatus, live = false) => ({ status, live });
    expect(startDecision(undefined, false)).toBe('insert');
    expect(startDecision(known('completed'), false)).toBe('answer');
    expect(startDecision(known('completed'), true)).toBe('insert');
    expect(startDecision(known('running', true), true)).toBe('attach');
    expect(startDecision(known('running'), false)).toBe('resume');
    expect(startDecision(known('failed'), false)).toBe('resume');
    expect(startDecision(known('interrupted'), false)).toBe('resume');
  });
});
