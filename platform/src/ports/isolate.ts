/**
 * Runs a named task in a child process, so that a crash of native code or an out-of-memory kill takes nothing else down.
 * The child ends when the parent does. Input, progress and output are structured-clone values.
 */
export interface IsolateOptions<P> {
  readonly onProgress?: (progress: P) => void;
  /** Aborting kills the child (SIGTERM, after 2 s SIGKILL) and rejects with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Rejects with TIMED_OUT after this. */
  readonly timeoutMs?: number;
  /** V8 heap limit of the child. Default 4096. */
  readonly heapMegabytesMax?: number;
}

export interface Isolate {
  /** Throws the task's own SlipwayError, or CHILD_CRASHED with the exit code or signal and the last lines of stderr. */
  run<I, O, P = unknown>(task: string, input: I, options?: IsolateOptions<P>): Promise<O>;
}
