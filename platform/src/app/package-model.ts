import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDuckdbEngine, readParquetTable } from '../adapters/engine-duckdb/index.ts';
import { createOnnxRuntime } from '../adapters/runtime-onnx/index.ts';
import type { ModelSignature } from '../contracts/models.ts';
import type { SplitRule } from '../estimators/bundle.ts';
import { explainable } from '../estimators/explain/explainer.ts';
import { checkParity } from '../estimators/onnx/parity.ts';
import { testRowsOf, trainRowsOf } from '../estimators/split.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { buildBaseline } from '../monitoring/index.ts';
import type { DriftBaseline } from '../monitoring/types.ts';
import type { StoredModel } from '../selection/types.ts';
import { type Coercions, coerceTable } from '../tables/coercion.ts';
import { type FeatureMatrix, takeFeatureRows } from '../tables/features.ts';
import { type TableSchema, takeRows } from '../tables/table.ts';

/** Plain data for the child process. */
export interface PackageRequest {
  readonly partPath: string;
  readonly schema: TableSchema;
  readonly workDir: string;
  readonly split: SplitRule;
  readonly signature: ModelSignature;
  readonly coercions: Coercions;
  readonly onnxPath: string;
  readonly storedModelPath: string;
  readonly reference: DriftBaseline['reference'];
}

export interface PackagedModel {
  readonly baseline: DriftBaseline;
  /** File with the `ExplainableModel`, in the working folder. */
  readonly explainerPath: string;
  readonly parity: { readonly rows: number; readonly maxAbsDelta: number; readonly tolerance: number };
  readonly candidate: string;
  readonly params: StoredModel['params'];
  readonly family: string;
  /** Libraries of another runtime that fitted it; absent: Slipway alone. */
  readonly trainers?: StoredModel['trainers'];
}

/** Rows of the training part whose predictions describe the model when it has no held-out rows of its own. */
const PREDICTION_SAMPLE_ROWS = 20_000;
/** Training rows that explanations start from, evenly spaced where there are more. */
const BACKGROUND_ROWS_MAX = 50_000;

/**
 * Runs in a child process: reads the snapshot once, repeats the parity gate with the bytes that will serve, and describes the
 * training part for monitoring and for explanations.
 *
 * @throws PARITY_BROKEN when graph and trainer disagree beyond the tolerance: such a model is never registered.
 */
export async function packageModel(request: PackageRequest): Promise<PackagedModel> {
  const engine = createDuckdbEngine();
  const session = await engine.open({ workDir: request.workDir });
  const table = await readParquetTable(session, request.partPath, request.schema);
  await session.close();
  const stored = JSON.parse(await readFile(request.storedModelPath, 'utf8')) as StoredModel;
  const outputs = Math.max(1, request.signature.labels.length);
  const graph = await createOnnxRuntime().load(await readFile(request.onnxPath), outputs);
  const run = (matrix: FeatureMatrix) => graph.run({ rows: matrix.rows, tensors: tensorsOf(matrix) });

  const trainRows = trainRowsOf(table, request.split);
  const testRows = testRowsOf(table, request.split);
  const features = coerceTable(table, request.coercions);
  const parity = await checkParity(stored.model, takeFeatureRows(features, trainRows), run);
  if (!parity.passed) throw parityBroken(parity.maxAbsDelta, parity.tolerance);
  const described = (testRows.length > 0 ? testRows : trainRows).slice(0, PREDICTION_SAMPLE_ROWS);
  const predictions = await run(takeFeatureRows(features, described));
  await graph.release();
  const baseline = buildBaseline({
    table: takeRows(table, trainRows),
    coercions: request.coercions,
    predictions,
    signature: request.signature,
    reference: request.reference,
  });
  const explainerPath = join(request.workDir, 'explainer.json');
  const background = takeFeatureRows(features, evenly(trainRows, BACKGROUND_ROWS_MAX));
  await writeFile(explainerPath, JSON.stringify(explainable(stored.model, background)));
  const { rows, maxAbsDelta, tolerance } = parity;
  return {
    baseline,
    explainerPath,
    parity: { rows, maxAbsDelta, tolerance },
    candidate: stored.candidate,
    params: stored.params,
    family: stored.model.family,
    ...(stored.trainers === undefined ? {} : { trainers: stored.trainers }),
  };
}

function evenly(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]!);
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

function parityBroken(delta: number, tolerance: number): SlipwayError {
  return new SlipwayError('PARITY_BROKEN', {
    message: `the exported graph differs from the trained model by ${delta}, more than ${tolerance}`,
    fix: 'Report this with the data set; the model was not registered.',
    details: { delta, tolerance },
  });
}
