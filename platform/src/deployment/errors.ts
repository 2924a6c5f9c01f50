import { defineErrors, SlipwayError } from '../kernel/errors.ts';

export const DEPLOYMENT_ERRORS = defineErrors({
  DEPLOYMENT_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such deployment' },
  DEPLOYMENT_NOT_READY: {
    status: 503,
    exit: 1,
    kind: 'operating',
    title: 'The deployment is not ready',
    retryable: true,
  },
  NO_EARLIER_REVISION: { status: 409, exit: 5, kind: 'user', title: 'There is no revision to go back to' },
  PREDICTION_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'No log holds this prediction' },
  INPUT_UNREADABLE: {
    status: 400,
    exit: 2,
    kind: 'user',
    title: 'The body is not a request of this protocol',
  },
  INPUT_WRONG_SHAPE: {
    status: 400,
    exit: 2,
    kind: 'user',
    title: 'The shape and the data of an input differ',
  },
  REASONS_UNAVAILABLE: {
    status: 409,
    exit: 5,
    kind: 'user',
    title: 'The version in service cannot give reasons',
  },
  REASONS_TOO_MANY: { status: 413, exit: 2, kind: 'user', title: 'Reasons are asked for too many rows' },
  INPUT_TOO_LARGE: { status: 413, exit: 2, kind: 'user', title: 'Too many rows in one request' },
});

export function reasonsUnavailable(why: string): SlipwayError {
  return new SlipwayError('REASONS_UNAVAILABLE', {
    message: `there are no reasons to give: ${why}`,
    fix: 'Launch the model again, or leave out the request for reasons.',
  });
}
