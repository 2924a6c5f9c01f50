import { readFile } from 'node:fs/promises';
import type { GraphRuntime } from '../ports/inference.ts';
import { coerceTable } from '../tables/coercion.ts';
import type { FeatureMatrix } from '../tables/features.ts';
import type { Table } from '../tables/table.ts';
import type { ModelUnderTest } from './types.ts';

/** Rows per call of a graph: the tensors of one call stay small, whatever the size of the test set. */
const CHUNK_ROWS = 8192;

/**
 * What the exported graph answers for the rows of a table: the very bytes that will serve, behind their own coercions.
 *
 * @returns row-major rows × outputs (probabilities per class, or one value)
 * @throws MODEL_UNREADABLE, INPUT_MISSING_COLUMN
 */
export async function predictTable(
  model: ModelUnderTest,
  table: Table,
  runtime: GraphRuntime,
): Promise<Float32Array> {
  const outputs = Math.max(1, model.signature.labels.length);
  const matrix = coerceTable(table, model.coercions);
  const graph = await runtime.load(await readFile(model.onnxPath), outputs);
  try {
    const predictions = new Float32Array(table.rows * outputs);
    for (let from = 0; from < table.rows; from += CHUNK_ROWS) {
      const to = Math.min(table.rows, from + CHUNK_ROWS);
      const answers = await graph.run({ rows: to - from, tensors: tensorsOf(matrix, from, to) });
      predictions.set(answers, from * outputs);
    }
    return predictions;
  } finally {
    await graph.release();
  }
}

function tensorsOf(
  matrix: FeatureMatrix,
  from: number,
  to: number,
): Map<string, Float32Array | readonly string[]> {
  return new Map(
    matrix.features.map((feature): [string, Float32Array | readonly string[]] => {
      if (feature.kind === 'numeric') return [feature.name, feature.values.slice(from, to)];
      const { codes, categories } = feature;
      const texts = new Array<string>(to - from);
      for (let i = from; i < to; i++) texts[i - from] = codes[i] === -1 ? '' : categories[codes[i]!]!;
      return [feature.name, texts];
    }),
  );
}

/** Predictions of some rows, in their order. */
export function takePredictions(predictions: Float32Array, outputs: number, rows: Int32Array): Float32Array {
  const taken = new Float32Array(rows.length * outputs);
  for (let i = 0; i < rows.length; i++) {
    taken.set(predictions.subarray(rows[i]! * outputs, (rows[i]! + 1) * outputs), i * outputs);
  }
  return taken;
}
