import { Worker } from 'node:worker_threads';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { builtModule } from '../kernel/module-path.ts';
import type { FeatureMatrix } from '../tables/features.ts';
import { isExternal, type OutsideFitter } from './external-fits.ts';
import type { FitData, FitJob, FitOutcome, FromWorker, ToWorker } from './fit-jobs.ts';

interface Waiting {
  readonly id: number;
  readonly job: FitJob;
  readonly resolve: (outcome: FitOutcome) => void;
  readonly reject: (error: Error) => void;
}

interface Seat {
  readonly worker: Worker;
  busy: Waiting | undefined;
}

/**
 * Worker threads that fit jobs in the order they are given. The number of threads changes when a job runs, never its result.
 *
 * States of a job: queued → running → done | failed; `cancelAll` moves every job that is not done to failed (CANCELLED), at the
 * latest a quarter of a second after it was called.
 */
export class FitPool {
  readonly #seats: Seat[];
  readonly #queue: Waiting[] = [];
  readonly #outside: OutsideFitter | undefined;
  readonly #fittingOutside = new Set<AbortController>();
  #data: FitData | undefined;
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  #lastId = 0;
  #crash: SlipwayError | undefined;

  /**
   * Workers start at once, so that they load while the rows are read.
   *
   * @param outside fits what external families are asked for; its thread waits meanwhile, so that no more runs than there are threads
   */
  constructor(threads: number, outside?: OutsideFitter) {
    this.#outside = outside;
    this.#seats = Array.from({ length: Math.max(1, threads) }, () => {
      const worker = new Worker(builtModule(import.meta.url, './fit-worker.js'));
      const seat: Seat = { worker, busy: undefined };
      worker.on('message', (message: FromWorker) => this.#settle(seat, message));
      worker.on('error', (error) => this.#fail(error));
      return seat;
    });
  }

  /** Hands the rows to every worker. Arrays are expected in shared memory (`shareMatrix`, `shareTarget`). */
  load(data: FitData): void {
    this.#data = data;
    for (const { worker } of this.#seats)
      this.#post(worker, { type: 'data', data, cancelled: this.#cancelled });
  }

  run(job: FitJob): Promise<FitOutcome> {
    if (this.#crash !== undefined) return Promise.reject(this.#crash);
    return new Promise((resolve, reject) => {
      this.#queue.push({ id: ++this.#lastId, job, resolve, reject });
      this.#dispatch();
    });
  }

  /** Gives up everything that is queued or running. Jobs added later run as usual. */
  cancelAll(): void {
    Atomics.store(this.#cancelled, 0, this.#lastId);
    for (const fitting of this.#fittingOutside) fitting.abort();
    for (const { reject } of this.#queue.splice(0)) {
      reject(new SlipwayError('CANCELLED', { message: 'the fit was given up before it began' }));
    }
  }

  async close(): Promise<void> {
    this.cancelAll();
    const closed = new SlipwayError('CANCELLED', { message: 'the fit was given up' });
    this.#crash ??= closed;
    for (const seat of this.#seats) {
      seat.busy?.reject(closed);
      seat.busy = undefined;
    }
    await Promise.all(this.#seats.map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    for (const seat of this.#seats) {
      if (seat.busy !== undefined) continue;
      const next = this.#queue.shift();
      if (next === undefined) return;
      seat.busy = next;
      if (isExternal(next.job.family)) void this.#fitOutside(seat, next);
      else this.#post(seat.worker, { type: 'job', id: next.id, job: next.job });
    }
  }

  async #fitOutside(seat: Seat, { id, job }: Waiting): Promise<void> {
    const fitting = new AbortController();
    this.#fittingOutside.add(fitting);
    try {
      const fitted = await this.#outside!(this.#data!, job, fitting.signal);
      // Predictions, graph and importance are the worker's, as for every model.
      if (seat.busy?.id === id) this.#post(seat.worker, { type: 'job', id, job: { ...job, fitted } });
    } catch (error) {
      const failure = toSlipwayError(error).toJSON();
      if (seat.busy?.id === id) this.#settle(seat, { type: 'failed', id, error: failure });
    } finally {
      this.#fittingOutside.delete(fitting);
    }
  }

  #settle(seat: Seat, message: FromWorker): void {
    const waiting = seat.busy;
    seat.busy = undefined;
    if (message.type === 'done') waiting?.resolve(message.outcome);
    else waiting?.reject(SlipwayError.fromJSON(message.error));
    this.#dispatch();
  }

  #fail(error: Error): void {
    this.#crash = new SlipwayError('CHILD_CRASHED', {
      message: `a thread that fits ended: ${error.message}`,
      cause: error,
    });
    for (const seat of this.#seats) {
      seat.busy?.reject(this.#crash);
      seat.busy = undefined;
    }
    for (const { reject } of this.#queue.splice(0)) reject(this.#crash);
  }

  #post(worker: Worker, message: ToWorker): void {
    worker.postMessage(message);
  }
}

/** Copies the arrays of a matrix into shared memory. */
export function shareMatrix(matrix: FeatureMatrix): FeatureMatrix {
  return {
    rows: matrix.rows,
    features: matrix.features.map((feature) =>
      feature.kind === 'numeric'
        ? { ...feature, values: intoShared(feature.values, new Float32Array(shared(4 * matrix.rows))) }
        : { ...feature, codes: intoShared(feature.codes, new Int32Array(shared(4 * matrix.rows))) },
    ),
  };
}

export function shareTarget(target: Float64Array): Float64Array {
  return intoShared(target, new Float64Array(shared(8 * target.length)));
}

function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}

function intoShared<A extends Float32Array | Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
