import { defineErrors } from '../kernel/errors.ts';

/** Codes of the flows that join several rooms. */
export const APP_ERRORS = defineErrors({
  LAUNCH_SOURCE_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'The source file does not exist' },
  LAUNCH_SOURCE_UNREADABLE: {
    status: 422,
    exit: 2,
    kind: 'user',
    title: 'The source cannot be read as a file',
  },
  LAUNCH_PATH_REFUSED: {
    status: 403,
    exit: 4,
    kind: 'user',
    title: 'Paths may be named only from the same machine',
  },
  SOURCE_CHANGED: {
    status: 409,
    exit: 5,
    kind: 'operating',
    title: 'The source changed while it was being read',
    retryable: true,
  },
  PARITY_BROKEN: {
    status: 500,
    exit: 1,
    kind: 'bug',
    title: 'The exported model does not answer as the trained one',
  },
  EXPLANATION_NOT_FOUND: {
    status: 404,
    exit: 3,
    kind: 'user',
    title: 'The version has no explanation',
  },
  BUNDLE_MISMATCH: {
    status: 500,
    exit: 1,
    kind: 'operating',
    title: 'A stored model does not have the digest it is registered under',
  },
});
