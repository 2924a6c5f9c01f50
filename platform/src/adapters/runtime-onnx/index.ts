export { createOnnxRuntime } from './graph.ts';
export { createWorkerRuntime } from './worker-runtime.ts';
