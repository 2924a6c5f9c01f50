import { defineErrors } from '../kernel/errors.ts';

/** Codes of the estimators. */
export const ESTIMATOR_ERRORS = defineErrors({
  /** Thrown when a hyperparameter is outside its documented range. */
  FIT_PARAM_INVALID: { status: 400, exit: 2, kind: 'user', title: 'A hyperparameter is out of range' },
  /** Thrown when the training set contradicts itself: no rows, lengths that differ, a target that is not a class. */
  FIT_INPUT_INVALID: { status: 400, exit: 2, kind: 'user', title: 'The training set cannot be fitted' },
  /** Thrown before a fit whose working memory would exceed the 4 GiB one WebAssembly memory can hold, or that is refused. */
  FIT_TOO_LARGE: { status: 413, exit: 2, kind: 'user', title: 'The training set does not fit into memory' },
  /** Thrown when the compiled kernels are not beside the built program. */
  KERNELS_MISSING: { status: 500, exit: 1, kind: 'operating', title: 'The compiled kernels are missing' },
  /** Thrown when rows to predict lack a feature the model was fitted on, or hold it in another kind. */
  MODEL_FEATURE_MISSING: { status: 400, exit: 2, kind: 'user', title: 'A feature of the model is missing' },
  /** Thrown when a model cannot be written as a graph. */
  EXPORT_INVALID: { status: 400, exit: 2, kind: 'user', title: 'The model cannot be exported' },
  /** Thrown when a metric's name or its inputs make no sense. */
  METRIC_INVALID: { status: 400, exit: 2, kind: 'user', title: 'The metric cannot be computed' },
});
