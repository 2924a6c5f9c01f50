import { defineErrors } from '../kernel/errors.ts';

/** Codes of monitoring. */
export const MONITORING_ERRORS = defineErrors({
  /** Thrown when no monitor has this name. */
  MONITOR_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such monitor' },
  /** Thrown when a monitor's baseline is not in a format this version reads, or does not fit its coercions. */
  MONITOR_BASELINE_INVALID: {
    status: 500,
    exit: 1,
    kind: 'operating',
    title: "The monitor's baseline cannot be read",
  },
});
