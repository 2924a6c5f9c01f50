import { defineErrors } from '../../kernel/errors.ts';

/** Codes of all kinds of sources. What a file itself can have wrong is the feeding room's. */
export const SOURCE_ERRORS = defineErrors({
  SOURCE_KIND_UNKNOWN: { status: 422, exit: 2, kind: 'user', title: 'There is no such kind of source' },
  SOURCE_UNREACHABLE: {
    status: 502,
    exit: 1,
    kind: 'operating',
    title: 'The source cannot be reached',
    retryable: true,
  },
  SOURCE_REFUSED: { status: 422, exit: 4, kind: 'user', title: 'The source refuses these credentials' },
  SOURCE_ADDRESS_REFUSED: { status: 403, exit: 4, kind: 'user', title: 'The source is in a private network' },
  SOURCE_CHANGED_WHILE_READ: {
    status: 409,
    exit: 1,
    kind: 'operating',
    title: 'The source changed while it was read',
    retryable: true,
  },
  SOURCE_INTERRUPTED: {
    status: 502,
    exit: 1,
    kind: 'operating',
    title: 'The connection to the source broke off',
    retryable: true,
  },
  SOURCE_TABLE_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'The source has no such table' },
  SOURCE_QUERY_FAILED: { status: 422, exit: 2, kind: 'user', title: 'The source cannot answer the query' },
});
