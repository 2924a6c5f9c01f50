import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { toSlipwayError } from '../../kernel/errors.ts';
import type { Graph } from '../../ports/inference.ts';
import { type Coercions, type DecodedColumn, emitNumeric } from '../../tables/coercion.ts';
import { createOnnxRuntime } from './graph.ts';
import { type ModelExplainer, openExplainer } from './model-explainer.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts';

/** The thread of one loaded model: decoded columns in, outputs out, one run at a time, closed only between runs. */
const port = parentPort!;
const setup = workerData as WorkerSetup;

const graph = await load();
if (graph !== undefined) {
  port.on('message', (message: ToWorker) => {
    if (message.type === 'close') void close(graph);
    else if (message.type === 'explain') explain(message);
    else void run(graph, message);
  });
  send({ type: 'ready' });
}

async function load(): Promise<Graph | undefined> {
  try {
    const loaded = await createOnnxRuntime().load(readFileSync(setup.onnxPath), setup.outputs);
    // The first runs allocate and compile: they are done before any request waits for them.
    const row = setup.coercions.map(
      (coercion): DecodedColumn => (coercion.type === 'string' ? [''] : Float64Array.of(Number.NaN)),
    );
    for (let i = 0; i < 3; i++) await loaded.run({ rows: 1, tensors: tensorsOf(row, setup.coercions) });
    return loaded;
  } catch (error) {
    send({ type: 'failed', sequence: -1, error: toSlipwayError(error).toJSON() });
    return undefined;
  }
}

async function run(
  loaded: Graph,
  { sequence, rows, columns }: Extract<ToWorker, { type: 'run' }>,
): Promise<void> {
  try {
    const outputs = await loaded.run({ rows, tensors: tensorsOf(columns, setup.coercions) });
    // A copy of its own buffer: the runtime's may be pooled, and a transferred buffer is gone here.
    const copy = new Float32Array(outputs);
    send({ type: 'done', sequence, outputs: copy }, [copy.buffer]);
  } catch (error) {
    send({ type: 'failed', sequence, error: toSlipwayError(error).toJSON() });
  }
}

let explainer: ModelExplainer | undefined;

/** Between two runs, in this thread: a request for reasons holds up nothing but this model. */
function explain({ sequence, rows, columns }: Extract<ToWorker, { type: 'explain' }>): void {
  try {
    explainer ??= openExplainer(setup.explainerPath, setup.coercions);
    const contributions = explainer(rows, tensorsOf(columns, setup.coercions));
    send({ type: 'explained', sequence, contributions });
  } catch (error) {
    send({ type: 'unexplained', sequence, error: toSlipwayError(error).toJSON() });
  }
}

async function close(loaded: Graph): Promise<void> {
  await loaded.release();
  port.close();
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function tensorsOf(
  columns: readonly DecodedColumn[],
  coercions: Coercions,
): Map<string, Float32Array | readonly string[]> {
  const tensors = new Map<string, Float32Array | readonly string[]>();
  for (let index = 0; index < coercions.length; index++) {
    const column = columns[index]!;
    for (const emitted of coercions[index]!.emits) {
      if (emitted.kind === 'categorical')
        tensors.set(emitted.name, column instanceof Float64Array ? textsOf(column) : column);
      else tensors.set(emitted.name, emitNumeric(column as Float64Array, emitted));
    }
  }
  return tensors;
}

/** A number that the model knows as a category (its training column was numeric). */
function textsOf(values: Float64Array): string[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? '' : String(value)));
}
