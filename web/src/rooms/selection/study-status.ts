import type { StatusKind } from '../../widgets/status.tsx';

export const STUDY_STATUS: Record<'running' | 'completed' | 'failed' | 'interrupted', [StatusKind, string]> =
  {
    running: ['run', 'Searching'],
    completed: ['pass', 'Finished'],
    failed: ['fail', 'Failed'],
    interrupted: ['warn', 'Interrupted'],
  };

/** Scores where more is better; every other metric is a loss. */
export function higherIsBetter(metric: string): boolean {
  return ['auc', 'accuracy', 'r2', 'prAuc', 'macroF1'].includes(metric);
}
