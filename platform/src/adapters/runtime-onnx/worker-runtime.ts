import { Worker } from 'node:worker_threads';
import type { ModelRuntime, ModelWorker } from '../../deployment/ports.ts';
import type { DecodedRequest, RawContributions, ServableModel } from '../../deployment/types.ts';
import { defineErrors, SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { builtModule } from '../../kernel/module-path.ts';
import type { DecodedColumn } from '../../tables/coercion.ts';
import { PendingExplanations } from './pending-explanations.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts';

defineErrors({
  QUEUE_FULL: {
    status: 429,
    exit: 1,
    kind: 'operating',
    title: 'Too many rows wait for this model',
    retryable: true,
  },
  WORKER_LOST: {
    status: 503,
    exit: 1,
    kind: 'operating',
    title: "The model's worker ended unexpectedly",
    retryable: true,
  },
});

/** Rows of one run: more are split, so that a large request does not make small ones wait long. */
const RUN_ROWS_MAX = 4096;
const RESTARTS_MAX = 5;

interface Pending {
  readonly request: DecodedRequest;
  /** Rows already sent to the worker. */
  sent: number;
  /** Rows answered. */
  done: number;
  readonly outputs: Float32Array<ArrayBuffer>;
  readonly resolve: (outputs: Float32Array) => void;
  readonly reject: (error: SlipwayError) => void;
}

interface Slice {
  readonly pending: Pending;
  readonly from: number;
  readonly rows: number;
}

/** One worker thread per loaded model. */
export function createWorkerRuntime(): ModelRuntime {
  return {
    start: async (model) => {
      const worker = new OnnxModelWorker(model);
      await worker.ready();
      return worker;
    },
  };
}

/**
 * State: loading → idle ⇄ running → closing → closed. One message is under way at a time; whatever queues meanwhile goes together
 * in the next one. So a lone request never waits, and under load batches grow by themselves; there is no timer to be wrong.
 */
class OnnxModelWorker implements ModelWorker {
  queuedRows = 0;
  private readonly outputs: number;
  private readonly queue: Pending[] = [];
  private underway: readonly Slice[] | undefined;
  private sequence = 0;
  private thread: Worker;
  private loaded: Promise<void>;
  private isReady = false;
  private closing = false;
  private restarts = 0;
  private idle: (() => void) | undefined;
  private readonly explanations = new PendingExplanations();

  constructor(private readonly model: ServableModel) {
    this.outputs = Math.max(1, model.signature.labels.length);
    [this.thread, this.loaded] = this.startThread();
  }

  ready(): Promise<void> {
    return this.loaded;
  }

  predict(request: DecodedRequest): Promise<Float32Array> {
    if (this.closing) return Promise.reject(lost(this.model.model));
    if (request.rows === 0) return Promise.resolve(new Float32Array(0));
    if (this.queuedRows + request.rows > LIMITS.inferQueueRowsMax)
      return Promise.reject(queueFull(this.model.model, this.queuedRows));
    return new Promise((resolve, reject) => {
      const outputs = new Float32Array(request.rows * this.outputs);
      this.queue.push({ request, sent: 0, done: 0, outputs, resolve, reject });
      this.queuedRows += request.rows;
      this.pump();
    });
  }

  explain(request: DecodedRequest): Promise<RawContributions> {
    if (this.closing || !this.isReady) return Promise.reject(lost(this.model.model));
    return this.explanations.ask(request, (message) => this.post(message));
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    await this.loaded.catch(() => undefined);
    if (this.queue.length > 0 || this.underway !== undefined) {
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
    }
    const exited = new Promise<void>((resolve) => this.thread.once('exit', () => resolve()));
    if (this.isReady) this.post({ type: 'close' });
    else return;
    await exited;
  }

  private startThread(): [Worker, Promise<void>] {
    const { onnxPath, coercions, explainerPath } = this.model;
    const setup: WorkerSetup = { onnxPath, coercions, outputs: this.outputs, explainerPath };
    const thread = new Worker(builtModule(import.meta.url, './model-worker.js'), { workerData: setup });
    const loaded = new Promise<void>((resolve, reject) => {
      thread.on('message', (message: FromWorker) => {
        if (message.type === 'ready') {
          this.isReady = true;
          resolve();
          this.pump();
        } else if (message.type === 'explained' || message.type === 'unexplained')
          this.explanations.settle(message);
        else if (message.type === 'failed' && message.sequence === -1)
          reject(SlipwayError.fromJSON(message.error));
        else this.settle(message);
      });
      thread.on('error', () => reject(lost(this.model.model)));
      thread.once('exit', () => {
        reject(lost(this.model.model));
        this.onExit();
      });
    });
    loaded.catch(() => undefined);
    return [thread, loaded];
  }

  /** A thread that ended by itself is started again, a few times; what it was computing fails and may be retried. */
  private onExit(): void {
    const wasReady = this.isReady;
    this.isReady = false;
    this.explanations.rejectAll(lost(this.model.model));
    for (const slice of this.underway ?? []) slice.pending.reject(lost(this.model.model));
    this.dropSettled(new Set((this.underway ?? []).map((slice) => slice.pending)));
    this.underway = undefined;
    if (this.closing || !wasReady || this.restarts >= RESTARTS_MAX) {
      this.dropSettled(new Set(this.queue));
      this.idle?.();
      return;
    }
    this.restarts++;
    [this.thread, this.loaded] = this.startThread();
  }

  private dropSettled(gone: ReadonlySet<Pending>): void {
    for (let i = this.queue.length - 1; i >= 0; i--) {
      const pending = this.queue[i]!;
      if (!gone.has(pending)) continue;
      this.queuedRows -= pending.request.rows - pending.done;
      pending.reject(lost(this.model.model));
      this.queue.splice(i, 1);
    }
  }

  private pump(): void {
    if (!this.isReady || this.underway !== undefined) return;
    const slices = this.takeSlices();
    if (slices.length === 0) {
      this.idle?.();
      return;
    }
    this.underway = slices;
    const rows = slices.reduce((sum, slice) => sum + slice.rows, 0);
    this.post({ type: 'run', sequence: ++this.sequence, rows, columns: joinColumns(slices, rows) });
  }

  private takeSlices(): Slice[] {
    const slices: Slice[] = [];
    let room = RUN_ROWS_MAX;
    for (const pending of this.queue) {
      if (room === 0) break;
      const left = pending.request.rows - pending.sent;
      if (left === 0) continue;
      const rows = Math.min(room, left);
      slices.push({ pending, from: pending.sent, rows });
      pending.sent += rows;
      room -= rows;
    }
    return slices;
  }

  private settle(message: Extract<FromWorker, { type: 'done' | 'failed' }>): void {
    const slices = this.underway ?? [];
    this.underway = undefined;
    if (message.type === 'failed') {
      const error = SlipwayError.fromJSON(message.error);
      for (const { pending } of slices) pending.reject(error);
      this.dropSettled(new Set(slices.map((slice) => slice.pending)));
    } else this.deliver(slices, message.outputs);
    this.pump();
  }

  private deliver(slices: readonly Slice[], outputs: Float32Array): void {
    let offset = 0;
    for (const { pending, from, rows } of slices) {
      pending.outputs.set(outputs.subarray(offset, offset + rows * this.outputs), from * this.outputs);
      offset += rows * this.outputs;
      pending.done += rows;
      this.queuedRows -= rows;
      if (pending.done < pending.request.rows) continue;
      this.queue.splice(this.queue.indexOf(pending), 1);
      pending.resolve(pending.outputs);
    }
  }

  private post(message: ToWorker): void {
    this.thread.postMessage(message);
  }
}

/** The columns of several slices one after the other; a lone whole request is passed as it is. */
function joinColumns(slices: readonly Slice[], rows: number): readonly DecodedColumn[] {
  const first = slices[0]!;
  if (slices.length === 1 && first.rows === first.pending.request.rows) return first.pending.request.columns;
  return first.pending.request.columns.map((column, index) => {
    if (!(column instanceof Float64Array)) {
      return slices.flatMap(({ pending, from, rows: count }) =>
        (pending.request.columns[index] as readonly string[]).slice(from, from + count),
      );
    }
    const joined = new Float64Array(rows);
    let offset = 0;
    for (const { pending, from, rows: count } of slices) {
      joined.set((pending.request.columns[index] as Float64Array).subarray(from, from + count), offset);
      offset += count;
    }
    return joined;
  });
}

function queueFull(model: string, waiting: number): SlipwayError {
  return new SlipwayError('QUEUE_FULL', {
    message: `${waiting} rows wait for ${model} already; the limit is ${LIMITS.inferQueueRowsMax}`,
    fix: 'Send it again after a moment, or send fewer rows at once.',
    details: { model, waiting, retryAfterSeconds: 1 },
  });
}

function lost(model: string): SlipwayError {
  return new SlipwayError('WORKER_LOST', {
    message: `the worker of ${model} is not running`,
    fix: 'Send the request again: the worker is started anew.',
    details: { model },
  });
}
