import { defineErrors } from '../../kernel/errors.ts';

/** Codes of the Python environment. */
export const PYTHON_ERRORS = defineErrors({
  /** Thrown when the interpreter that is named cannot be run. */
  PYTHON_NOT_FOUND: { status: 400, exit: 2, kind: 'user', title: 'The Python interpreter cannot be run' },
  /** Thrown when an interpreter has none of the libraries. */
  PYTHON_UNSUITABLE: { status: 400, exit: 2, kind: 'user', title: 'The Python interpreter has no families' },
  /** Thrown when the sealed environment cannot be installed. */
  PYTHON_INSTALL_FAILED: {
    status: 502,
    exit: 1,
    kind: 'operating',
    title: 'The Python environment could not be installed',
    retryable: true,
  },
});
