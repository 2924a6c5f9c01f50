export { runChild } from './child.ts';
export { createProcessIsolate, type ProcessIsolateOptions } from './isolate.ts';
export type { Task, TaskControl } from './protocol.ts';
