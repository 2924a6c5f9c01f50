import '../tables/errors.ts';
import { defineErrors } from '../kernel/errors.ts';

/** Codes of the feeding room. */
export const FEEDING_ERRORS = defineErrors({
  SOURCE_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such source file' },
  SOURCE_UNREADABLE: { status: 422, exit: 2, kind: 'user', title: 'The source cannot be read' },
  SOURCE_EMPTY: { status: 422, exit: 2, kind: 'user', title: 'The source has no rows' },
  NOT_A_TABLE: { status: 422, exit: 2, kind: 'user', title: 'The source is not a table Slipway can read' },
  SOURCE_ENCODING: { status: 422, exit: 2, kind: 'user', title: 'The source is not UTF-8' },
  REJECT_BUDGET_EXCEEDED: {
    status: 422,
    exit: 2,
    kind: 'user',
    title: 'Too many rows do not fit the schema',
  },
  ROWS_UNACCOUNTED: {
    status: 500,
    exit: 1,
    kind: 'bug',
    title: 'Loaded and quarantined rows do not add up to the rows of the source',
  },
  DATASET_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such data set' },
  DATASET_IN_USE: { status: 409, exit: 5, kind: 'user', title: 'A model version refers to this data set' },
});
