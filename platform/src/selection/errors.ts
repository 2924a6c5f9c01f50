import '../tables/errors.ts';
import { defineErrors } from '../kernel/errors.ts';

/** Codes of selection. All of the user's kind are raised before anything is fitted, but for LEAK_FOUND. */
export const SELECTION_ERRORS = defineErrors({
  /** Thrown when the target, or a column named by an option, is not in the data set. */
  /** Thrown when every row has the same target. */
  TARGET_CONSTANT: { status: 422, exit: 2, kind: 'user', title: 'The target has only one value' },
  /** Thrown when no row has a target. */
  TARGET_MISSING: { status: 422, exit: 2, kind: 'user', title: 'The target has no values' },
  /** Thrown when the target names rows instead of describing them. */
  TARGET_IDENTIFIER: { status: 422, exit: 2, kind: 'user', title: 'The target is an identifier' },
  /** Thrown when the target's values do not suit the task that was asked for. */
  TARGET_UNSUITABLE: { status: 422, exit: 2, kind: 'user', title: 'The target does not suit the task' },
  /** Thrown when `positive` is not one of the target's two values. */
  POSITIVE_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'The positive value does not occur' },
  /** Thrown when the metric's name is unknown. */
  METRIC_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such metric' },
  /** Thrown when the metric belongs to another task. */
  METRIC_UNSUITABLE: { status: 400, exit: 2, kind: 'user', title: 'The metric does not belong to the task' },
  /** Thrown when too few rows have a target, in all or per class. */
  TOO_FEW_ROWS: { status: 422, exit: 2, kind: 'user', title: 'There are too few rows to learn from' },
  /** Thrown when no column is left to predict from. */
  NO_FEATURES: { status: 422, exit: 2, kind: 'user', title: 'No column is left to predict from' },
  /** Thrown when the time column holds no times. */
  TIME_UNSUITABLE: { status: 422, exit: 2, kind: 'user', title: 'The time column cannot order the rows' },
  /** Thrown when rows cannot be told apart into two parts by the rule asked for. */
  SPLIT_IMPOSSIBLE: { status: 422, exit: 2, kind: 'user', title: 'The rows cannot be split into two parts' },
  /** Thrown when a column gives the target away and `leaks` is 'fail'. */
  LEAK_FOUND: { status: 422, exit: 6, kind: 'user', title: 'A column gives the target away' },
  /** Thrown when no candidate's exported graph agrees with its trainer. */
  PARITY_FAILED: {
    status: 500,
    exit: 1,
    kind: 'bug',
    title: 'No exported graph answers as its trainer does',
  },
  /** Thrown when a study has no candidate of this name. */
  CANDIDATE_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'The study has no such candidate' },
  /** Thrown when two candidates were not measured on the same folds. */
  COMPARISON_IMPOSSIBLE: { status: 422, exit: 2, kind: 'user', title: 'The candidates cannot be compared' },
  /** Thrown when a study has no finished model: it runs, failed, or its files are gone. */
  STUDY_WITHOUT_MODEL: { status: 409, exit: 5, kind: 'user', title: 'The study has no model' },
  /** Thrown when a study id is unknown. */
  STUDY_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such study' },
  /** Raised when an external family's process ends, or its library raises: only its candidate is lost. */
  FAMILY_FAILED: { status: 500, exit: 1, kind: 'operating', title: 'An external family could not be fitted' },
  /** Raised when an external family's fit takes longer than it may: only its candidate is lost. */
  FAMILY_TIMED_OUT: {
    status: 504,
    exit: 1,
    kind: 'operating',
    title: 'An external family took too long',
    retryable: true,
  },
  /** Raised when an external family needs more memory than it may have: only its candidate is lost. */
  FAMILY_OUT_OF_MEMORY: {
    status: 507,
    exit: 1,
    kind: 'operating',
    title: 'An external family ran out of memory',
  },
  /** Raised when the trees read from an external library do not answer as the library does: only its candidate is lost. */
  FAMILY_DISAGREES: {
    status: 500,
    exit: 1,
    kind: 'bug',
    title: 'The trees of an external family do not answer as its library does',
  },
});
