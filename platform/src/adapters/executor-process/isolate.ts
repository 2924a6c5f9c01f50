import { type ChildProcess, fork } from 'node:child_process';
import { SlipwayError } from '../../kernel/errors.ts';
import type { Isolate, IsolateOptions } from '../../ports/isolate.ts';
import type { FromChild, ToChild } from './protocol.ts';

export interface ProcessIsolateOptions {
  /** Built module that calls `runChild`. */
  readonly entry: URL;
  /** Children at once; more wait in order. Default 4. */
  readonly childrenMax?: number;
}

const STDERR_TAIL_CHARS = 4000;
const KILL_AFTER_MS = 2000;
const HEAP_MEGABYTES_DEFAULT = 4096;
/** A spare child that nobody needed goes after this: an idle server keeps no memory for it. */
const SPARE_MS = 15_000;

/** A process isolate, and what only its owner does with it. */
export interface ProcessIsolate extends Isolate {
  /** Starts a child ahead of need, so that the next task does not wait for a process to start and load. */
  warm(): void;
  close(): Promise<void>;
}

/** One fresh child per task; while tasks run, the next child starts and loads beside them. */
export function createProcessIsolate(options: ProcessIsolateOptions): ProcessIsolate {
  const childrenMax = options.childrenMax ?? 4;
  const live = new Set<ChildProcess>();
  const spares = new SpareChild(() => startChild(options.entry, live));
  const waiting: (() => void)[] = [];
  let running = 0;
  const acquire = async () => {
    if (running >= childrenMax) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
  };
  const release = () => {
    running--;
    waiting.shift()?.();
  };
  // Children watch the IPC channel, but one that is deep in native code would only see it later.
  process.once('exit', () => {
    for (const child of live) child.kill('SIGKILL');
  });
  return {
    run: async <I, O, P>(task: string, input: I, runOptions: IsolateOptions<P> = {}): Promise<O> => {
      await acquire();
      try {
        const heap = runOptions.heapMegabytesMax;
        const start = () => (heap === undefined ? spares.take() : startChild(options.entry, live, heap));
        const oneRun = { start, live, task, input, options: runOptions as IsolateOptions<unknown> };
        const output = runOnce(oneRun);
        spares.prepare();
        return (await output) as O;
      } finally {
        release();
      }
    },
    warm: () => spares.prepare(),
    close: async () => {
      spares.stop();
      for (const child of live) child.kill('SIGKILL');
    },
  };
}

/** At most one child that waits for its task. */
class SpareChild {
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly start: () => ChildProcess) {}

  take(): ChildProcess {
    clearTimeout(this.timer);
    const { child } = this;
    this.child = undefined;
    return child?.connected === true ? child : this.start();
  }

  prepare(): void {
    if (this.stopped) return;
    if (this.child?.connected !== true) this.child = this.start();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.drop(), SPARE_MS).unref();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }
}

interface OneRun {
  readonly start: () => ChildProcess;
  readonly live: Set<ChildProcess>;
  readonly task: string;
  readonly input: unknown;
  readonly options: IsolateOptions<unknown>;
}

async function runOnce(run: OneRun): Promise<unknown> {
  const { signal, timeoutMs, onProgress } = run.options;
  if (signal?.aborted) throw cancelled(run.task);
  const child = run.start();
  child.ref();
  child.channel?.ref();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_TAIL_CHARS);
  });
  let stopped: SlipwayError | undefined;
  const stop = (reason: SlipwayError) => {
    stopped ??= reason;
    if (child.connected) child.send({ type: 'abort' } satisfies ToChild, () => undefined);
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  };
  const onAbort = () => stop(cancelled(run.task));
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => stop(timedOut(run.task, timeoutMs)), timeoutMs);
  try {
    return await new Promise<unknown>((resolve, reject) => {
      let answer: { output: unknown } | SlipwayError | undefined;
      child.on('message', (message: FromChild) => {
        if (message.type === 'progress') onProgress?.(message.progress);
        else if (message.type === 'done') answer = { output: message.output };
        else answer = failureFrom(message.error);
      });
      child.on('error', (error) =>
        reject(crashed(run.task, `could not be started: ${error.message}`, stderr)),
      );
      child.on('close', (code, signalName) => {
        if (stopped !== undefined) reject(stopped);
        else if (answer instanceof SlipwayError) reject(answer);
        else if (answer !== undefined) resolve(answer.output);
        else reject(crashed(run.task, ending(code, signalName, stderr), stderr));
      });
      child.send({ type: 'run', task: run.task, input: run.input } satisfies ToChild);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    run.live.delete(child);
  }
}

function startChild(entry: URL, live: Set<ChildProcess>, heap = HEAP_MEGABYTES_DEFAULT): ChildProcess {
  const child = fork(entry, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [`--max-old-space-size=${heap}`],
  });
  live.add(child);
  child.once('exit', () => live.delete(child));
  // A spare that cannot start is found out when it is taken; a failed start must not end the server meanwhile.
  child.on('error', () => live.delete(child));
  child.unref();
  child.channel?.unref();
  return child;
}

function failureFrom(error: Extract<FromChild, { type: 'failed' }>['error']): SlipwayError {
  const failure = SlipwayError.fromJSON(error);
  // Where it happened is in the child: its stack is worth more than ours.
  if (error.stack !== undefined) failure.stack = error.stack;
  return failure;
}

function cancelled(task: string): SlipwayError {
  return new SlipwayError('CANCELLED', {
    message: `${task} was cancelled`,
    fix: 'Run it again: finished work is kept.',
  });
}

function timedOut(task: string, timeoutMs: number): SlipwayError {
  return new SlipwayError('TIMED_OUT', {
    message: `${task} took longer than ${Math.round(timeoutMs / 1000)} s and was stopped`,
    fix: 'Give it more time, or less to do.',
  });
}

function ending(code: number | null, signalName: NodeJS.Signals | null, stderr: string): string {
  if (/heap out of memory|Allocation failed/.test(stderr)) return 'ran out of memory';
  if (signalName === 'SIGKILL') return 'was killed (SIGKILL: often the system, out of memory)';
  if (signalName !== null) return `was ended by ${signalName}`;
  return `ended with exit code ${code} and no answer`;
}

function crashed(task: string, how: string, stderr: string): SlipwayError {
  return new SlipwayError('CHILD_CRASHED', {
    message: `the child process for '${task}' ${how}`,
    fix: 'Run the same command again; if it happens again with enough memory and disk, report it with the details.',
    details: { task, stderr: stderr.slice(-STDERR_TAIL_CHARS) },
  });
}
