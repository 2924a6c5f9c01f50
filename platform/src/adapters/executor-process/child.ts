import { SlipwayError, toSlipwayError } from '../../kernel/errors.ts';
import type { FromChild, Task, ToChild } from './protocol.ts';

/**
 * The main of a child process: runs the one task the parent names, answers, ends. When the parent is gone (the IPC channel
 * closes) the child ends at once: nobody is left to publish what it does.
 *
 * @param preload loads what most tasks need
 */
export function runChild(tasks: Readonly<Record<string, Task>>, preload: () => Promise<unknown>): void {
  // A child that was started ahead loads what tasks need while it waits. A failure shows when a task needs the same.
  void preload().catch(() => undefined);
  const abort = new AbortController();
  process.on('disconnect', () => process.exit(1));
  process.on('message', (message: ToChild) => {
    if (message.type === 'abort') abort.abort();
    else void runTask(tasks, message, abort.signal);
  });
}

async function runTask(
  tasks: Readonly<Record<string, Task>>,
  message: Extract<ToChild, { type: 'run' }>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const task = Object.hasOwn(tasks, message.task) ? tasks[message.task] : undefined;
    if (task === undefined)
      throw new SlipwayError('INTERNAL', { message: `no task '${message.task}' in this child` });
    const onProgress = (progress: unknown) => send({ type: 'progress', progress });
    const output = await task(message.input, { onProgress, signal });
    send({ type: 'done', output }, () => process.exit(0));
  } catch (error) {
    const failure = toSlipwayError(error);
    const cause = failure.cause instanceof Error ? failure.cause.stack : failure.stack;
    send(
      { type: 'failed', error: { ...failure.toJSON(), ...(cause === undefined ? {} : { stack: cause }) } },
      () => process.exit(0),
    );
  }
}

function send(message: FromChild, sent?: () => void): void {
  process.send?.(message, undefined, undefined, () => sent?.());
}
