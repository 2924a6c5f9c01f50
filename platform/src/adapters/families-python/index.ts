export { findPython, sealedPython } from './environment.ts';
export { createPythonFamilies, type PythonFamiliesOptions } from './families.ts';
export { installPython } from './install.ts';
