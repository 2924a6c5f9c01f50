import { defineErrors } from '../../kernel/errors.ts';

export const SQL_ERRORS = defineErrors({
  HOME_IN_USE: { status: 409, exit: 5, kind: 'user', title: 'Another Slipway owns this home or database' },
  DATABASE_UNREADABLE: { status: 500, exit: 1, kind: 'operating', title: 'The database cannot be opened' },
});
