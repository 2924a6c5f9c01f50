import { defineErrors } from '../kernel/errors.ts';

/** Codes of validation. */
export const VALIDATION_ERRORS = defineErrors({
  /** Thrown when no report has this id. */
  REPORT_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such report' },
  /** Thrown by the gate when a report's verdict does not let its model through. */
  GATE_REFUSED: { status: 409, exit: 6, kind: 'user', title: 'The gate refused the model' },
  /** Thrown by the gate when a check crashed: nothing is known, so nothing passes. */
  VALIDATION_ERROR: { status: 500, exit: 1, kind: 'operating', title: 'A check could not be carried out' },
  /** Thrown by the gate when the report judged other bytes than those to be deployed. */
  DIGEST_MISMATCH: { status: 409, exit: 6, kind: 'user', title: 'The report is about another model' },
  /** Thrown when the test set lacks columns that the model or the target needs. */
  TEST_COLUMNS_MISSING: { status: 422, exit: 2, kind: 'user', title: 'The test set lacks columns' },
  /** Thrown when no test row has a label that the model was trained on. */
  TEST_ROWS_UNUSABLE: { status: 422, exit: 2, kind: 'user', title: 'The test set cannot be used' },
});
