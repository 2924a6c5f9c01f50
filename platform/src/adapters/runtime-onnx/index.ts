export { createOnnxRuntime } from './graph.ts';
