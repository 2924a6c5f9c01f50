import { checkParity, type ParityReport } from '../estimators/onnx/parity.ts';
import { outputsOfModel } from '../estimators/predict.ts';
import type { Model } from '../estimators/types.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Graph, GraphRuntime } from '../ports/inference.ts';
import { type FeatureMatrix, takeFeatureRows } from '../tables/features.ts';

/** Single-row runs whose median is reported, after a few to warm up. */
const TIMED_RUNS = 21;
const WARM_UP_RUNS = 5;

/** Loads a graph and compares it with its trainer on real and strange rows. */
export async function checkGraph(
  runtime: GraphRuntime,
  graph: Uint8Array,
  model: Model,
  rows: FeatureMatrix,
): Promise<ParityReport> {
  const loaded = await runtime.load(graph, outputsOfModel(model));
  try {
    return await checkParity(model, rows, (matrix) =>
      loaded.run({ rows: matrix.rows, tensors: tensorsOf(matrix) }),
    );
  } finally {
    await loaded.release();
  }
}

/** Median microseconds that the graph needs for one row, on this machine, without a server around it. */
export async function timeGraph(
  runtime: GraphRuntime,
  graph: Uint8Array,
  use: { readonly outputs: number; readonly rows: FeatureMatrix; readonly clock: Clock },
): Promise<number> {
  const loaded = await runtime.load(graph, use.outputs);
  try {
    return await medianRunUs(loaded, takeFeatureRows(use.rows, Int32Array.of(0)), use.clock);
  } finally {
    await loaded.release();
  }
}

async function medianRunUs(loaded: Graph, row: FeatureMatrix, clock: Clock): Promise<number> {
  const input = { rows: 1, tensors: tensorsOf(row) };
  const times: number[] = [];
  for (let i = 0; i < WARM_UP_RUNS + TIMED_RUNS; i++) {
    const started = clock.elapsed();
    await loaded.run(input);
    if (i >= WARM_UP_RUNS) times.push(clock.elapsed() - started);
  }
  times.sort((a, b) => a - b);
  return Math.round(times[TIMED_RUNS >> 1]! * 10_000) / 10;
}

function tensorsOf(matrix: FeatureMatrix): Map<string, Float32Array | readonly string[]> {
  return new Map(
    matrix.features.map((feature) => [
      feature.name,
      feature.kind === 'numeric'
        ? feature.values
        : Array.from(feature.codes, (code) => (code === -1 ? '' : feature.categories[code]!)),
    ]),
  );
}
