import { defineErrors } from '../kernel/errors.ts';

export const PIPELINE_ERRORS = defineErrors({
  RUN_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such run' },
  RUN_LIVE: { status: 409, exit: 5, kind: 'user', title: 'Another run of this name is still live' },
  RUN_CRASH_LOOP: { status: 500, exit: 1, kind: 'operating', title: 'A step has crashed too often' },
  ATTEMPT_SUPERSEDED: {
    status: 409,
    exit: 5,
    kind: 'operating',
    title: 'A newer attempt of the step has taken over',
    retryable: true,
  },
});
