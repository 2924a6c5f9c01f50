import { defineErrors } from '../kernel/errors.ts';

/** Codes of the door: who may come in, and what may be asked. */
export const SERVER_ERRORS = defineErrors({
  HOST_REFUSED: { status: 403, exit: 4, kind: 'user', title: 'The Host header names another server' },
  ORIGIN_REFUSED: {
    status: 403,
    exit: 4,
    kind: 'user',
    title: 'Pages of other sites may not call this server',
  },
  TOKEN_REQUIRED: { status: 401, exit: 4, kind: 'user', title: 'A token is required' },
  REQUEST_INVALID: { status: 400, exit: 2, kind: 'user', title: 'The request does not fit its schema' },
  METHOD_NOT_ALLOWED: { status: 405, exit: 2, kind: 'user', title: 'The path does not know this method' },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    exit: 5,
    kind: 'user',
    title: 'The idempotency key belongs to another request',
  },
  TOO_MANY_STREAMS: {
    status: 503,
    exit: 1,
    kind: 'operating',
    title: 'Too many event streams are open',
    retryable: true,
  },
  PORT_TAKEN: { status: 409, exit: 5, kind: 'user', title: 'The port is taken by another program' },
  PORT_NOT_ALLOWED: { status: 403, exit: 4, kind: 'user', title: 'The port may not be opened' },
  HOST_UNAVAILABLE: { status: 400, exit: 2, kind: 'user', title: 'This machine has no such address' },
  SERVER_START_FAILED: { status: 500, exit: 1, kind: 'operating', title: 'The server did not start' },
  SERVER_UNREACHABLE: {
    status: 503,
    exit: 1,
    kind: 'operating',
    title: 'The server does not answer',
    retryable: true,
  },
});
