import type { SerializedError } from '../../kernel/errors.ts';

/** What crosses the IPC channel between the server and a child (structured clone). */
export type ToChild =
  | { readonly type: 'run'; readonly task: string; readonly input: unknown }
  | { readonly type: 'abort' };

export type FromChild =
  | { readonly type: 'progress'; readonly progress: unknown }
  | { readonly type: 'done'; readonly output: unknown }
  | { readonly type: 'failed'; readonly error: SerializedError & { readonly stack?: string } };

/** What a task is given beside its input. */
export interface TaskControl {
  readonly onProgress: (progress: unknown) => void;
  /** Aborted when the parent asks; the parent kills the child soon after. */
  readonly signal: AbortSignal;
}

export type Task = (input: unknown, control: TaskControl) => Promise<unknown>;
