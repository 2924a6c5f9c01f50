import { defineErrors } from '../kernel/errors.ts';

/** Codes that several rooms raise about the same thing: a column that is named and does not exist. */
export const TABLE_ERRORS = defineErrors({
  COLUMN_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such column' },
});
