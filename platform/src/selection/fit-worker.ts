import { parentPort } from 'node:worker_threads';
import { toSlipwayError } from '../kernel/errors.ts';
import type { FitData, FromWorker, ToWorker } from './fit-jobs.ts';
import { runFit } from './run-fit.ts';

/**
 * A worker thread that fits. Only WebAssembly and JavaScript run here, so it may be ended at any time.
 * Cancelling: the number in `cancelled` is the highest id of jobs that nobody waits for any more.
 */
let data: FitData | undefined;
let cancelled = new Int32Array(1);

parentPort!.on('message', (message: ToWorker) => {
  if (message.type === 'data') {
    data = message.data;
    cancelled = message.cancelled as Int32Array<ArrayBuffer>;
    return;
  }
  const { id, job } = message;
  try {
    const outcome = runFit(data!, job, () => Atomics.load(cancelled, 0) < id);
    const buffers = [outcome.predictions.buffer, outcome.graph?.buffer, outcome.model?.buffer];
    reply(
      { type: 'done', id, outcome },
      buffers.filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer),
    );
  } catch (error) {
    reply({ type: 'failed', id, error: toSlipwayError(error).toJSON() }, []);
  }
});

function reply(message: FromWorker, transfer: ArrayBuffer[]): void {
  parentPort!.postMessage(message, transfer);
}
