import { type FamilyParams, fitFamily } from '../estimators/families.ts';
import { exportOnnx } from '../estimators/onnx/export.ts';
import { predictModel } from '../estimators/predict.ts';
import type { Family, Model, TrainingSet } from '../estimators/types.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { createRng } from '../kernel/rng.ts';
import { type Feature, takeFeatureRows } from '../tables/features.ts';
import type { FitData, FitJob, FitOutcome, FittedOutside } from './fit-jobs.ts';

const IMPORTANCE_ROWS_MAX = 2_000;

/**
 * Fits, predicts and exports what a job asks for.
 *
 * @param mayContinue asked a few times a second; when it answers false the fit is given up
 * @throws CANCELLED when it was given up, and what the family throws.
 */
export function runFit(data: FitData, job: FitJob, mayContinue: () => boolean): FitOutcome {
  const started = performance.now();
  const training = subset(data, job.train);
  const valid = job.valid === undefined ? undefined : subset(data, job.valid);
  const { model, rounds } =
    job.fitted ??
    fitFamily(job.family as Family, training, job.params as FamilyParams[Family], {
      seed: job.seed,
      ...(job.earlyStopping === true && valid !== undefined ? { valid } : {}),
      onProgress: mayContinue,
    });
  // A fit that was stopped half-way is not what the schedule names.
  if (!mayContinue()) throw new SlipwayError('CANCELLED', { message: 'the fit was given up' });
  const seconds = job.fitted?.seconds ?? (performance.now() - started) / 1000;
  const predictions = valid === undefined ? new Float64Array(0) : predictModel(model, valid.features);
  if (job.fitted !== undefined) requireAgreement(job.fitted, predictions, job.family);
  const { graph, model: json, importance } = job.wants;
  return {
    predictions,
    rounds,
    seconds,
    ...(graph === true ? { graph: ownBytes(graphOf(model, data)) } : {}),
    ...(json === true ? { model: new TextEncoder().encode(JSON.stringify(model)) } : {}),
    ...(importance === true && valid !== undefined
      ? { importance: importanceOf(model, valid, job.seed) }
      : {}),
  };
}

/** Greatest difference between an external library's answers and those of the trees read from it, as in the parity gate. */
const AGREEMENT_TOLERANCE = 1e-5;

/** @throws FAMILY_DISAGREES */
function requireAgreement(
  { model, predictions: wanted }: FittedOutside,
  predictions: Float64Array,
  family: string,
): void {
  const unit =
    model.task === 'regression'
      ? Math.max(1, ...[...wanted.subarray(0, 1_000)].map((value) => Math.abs(value)))
      : 1;
  let greatest = 0;
  for (let i = 0; i < wanted.length; i++) {
    const delta =
      Math.abs(wanted[i]! - predictions[i]!) /
      Math.max(unit, model.task === 'regression' ? Math.abs(wanted[i]!) : 1);
    // Not a number on either side is no agreement.
    if (!(delta <= greatest)) greatest = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : delta;
  }
  if (greatest <= AGREEMENT_TOLERANCE) return;
  throw new SlipwayError('FAMILY_DISAGREES', {
    message: `the trees read from ${family} differ from its own answers by ${greatest}`,
    fix: 'The candidate is left out; report this with the versions of the libraries.',
    details: { family, delta: String(greatest) },
  });
}

export function graphOf(model: Model, data: Pick<FitData, 'task' | 'labels' | 'features'>): Uint8Array {
  return exportOnnx(model, {
    task: data.task,
    labels: data.labels,
    features: data.features.features.map(({ name, kind }) => ({ name, kind })),
  });
}

function subset(data: FitData, rows: Int32Array): TrainingSet {
  const target = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) target[i] = data.target[rows[i]!]!;
  const { task, classes } = data;
  return { features: takeFeatureRows(data.features, rows), target, task, classes };
}

/** Bytes whose buffer is theirs alone, so that it can be handed over. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/**
 * Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): how much the mean loss (log-loss, or squared error) of
 * rows the model has not seen grows when one feature's values are shuffled among them. Never below 0.
 */
function importanceOf(model: Model, valid: TrainingSet, seed: number): Float64Array {
  const rng = createRng(seed);
  const step = Math.max(1, valid.features.rows / IMPORTANCE_ROWS_MAX);
  const rows = Int32Array.from({ length: Math.floor(valid.features.rows / step) }, (_, i) =>
    Math.floor(i * step),
  );
  const matrix = takeFeatureRows(valid.features, rows);
  const target = Float64Array.from(rows, (row) => valid.target[row]!);
  const base = meanLoss(predictModel(model, matrix), target, valid);
  const order = Int32Array.from(rows.keys());
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const shuffled = takeFeatureRows(matrix, order).features;
  return Float64Array.from(matrix.features, (_, index) => {
    const features = matrix.features.map((feature, i): Feature => (i === index ? shuffled[i]! : feature));
    const loss = meanLoss(predictModel(model, { rows: matrix.rows, features }), target, valid);
    return Math.max(0, loss - base);
  });
}

function meanLoss(predicted: Float64Array, target: Float64Array, { task, classes }: TrainingSet): number {
  let sum = 0;
  for (let i = 0; i < target.length; i++) {
    sum +=
      task === 'regression'
        ? (predicted[i]! - target[i]!) ** 2
        : -Math.log(Math.max(1e-15, predicted[i * classes + target[i]!]!));
  }
  return sum / Math.max(1, target.length);
}
