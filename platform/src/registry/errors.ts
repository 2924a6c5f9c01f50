import { defineErrors } from '../kernel/errors.ts';

export const REGISTRY_ERRORS = defineErrors({
  MODEL_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such model' },
  VERSION_NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'The model has no such version' },
  MODEL_IN_SERVICE: { status: 409, exit: 5, kind: 'user', title: 'A deployment serves the model' },
});
