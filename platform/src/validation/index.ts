/** What other layers use of validation. */
export { VALIDATION_ERRORS } from './errors.ts';
export { explainModel } from './explanation.ts';
export { runValidation, type ValidationPorts } from './run-validation.ts';
export { createValidation, type ValidationOptions } from './validation.ts';
