import { mostProbable } from '../estimators/metrics/row-losses.ts';
import type { Predictions, Truth } from '../estimators/metrics/types.ts';
import type { Estimate } from '../estimators/statistics/proportions.ts';
import { createRng, type Rng } from '../kernel/rng.ts';

const REPLICATES = 400;
const SEED = 20_240_301;
/** Beyond this mean a Poisson number is drawn from the normal, rounded. */
const POISSON_SMALL = 50;

/**
 * Unweighted mean of the classes' F1 over the classes that occur, with a 95 % percentile interval. F1 depends on the confusion
 * matrix alone, so the Poisson bootstrap of rows is a Poisson draw per cell: its cost does not grow with the rows.
 */
export function macroF1(truth: Truth, predictions: Predictions): Estimate {
  const size = truth.classes + 1;
  const cells = confusionCells(truth, predictions);
  const value = meanF1(cells, size);
  const rng = createRng(SEED);
  const occupied = [...cells.keys()].filter((cell) => cells[cell]! > 0);
  const drawn = new Float64Array(cells.length);
  const replicates = new Float64Array(REPLICATES);
  for (let r = 0; r < REPLICATES; r++) {
    for (const cell of occupied) drawn[cell] = poisson(cells[cell]!, rng);
    replicates[r] = meanF1(drawn, size);
  }
  const sorted = replicates.filter(Number.isFinite).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { value, low: at(0.025), high: at(0.975) };
}

/** Rows per (truth, answer), row-major (classes + 1)²: the last row is for labels that the model does not know. */
export function confusionCells({ target, classes }: Truth, predictions: Predictions): Float64Array {
  const size = classes + 1;
  const cells = new Float64Array(size * size);
  for (let row = 0; row < target.length; row++) {
    cells[target[row]! * size + mostProbable(predictions, row, classes)]!++;
  }
  return cells;
}

function meanF1(cells: Float64Array, size: number): number {
  let sum = 0;
  let occurring = 0;
  for (let k = 0; k < size - 1; k++) {
    let actual = 0;
    let answered = 0;
    for (let j = 0; j < size; j++) {
      actual += cells[k * size + j]!;
      answered += cells[j * size + k]!;
    }
    if (actual === 0) continue;
    occurring++;
    sum += (2 * cells[k * size + k]!) / (actual + answered);
  }
  return sum / occurring;
}

function poisson(mean: number, rng: Rng): number {
  if (mean > POISSON_SMALL) {
    const z = Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
    return Math.max(0, Math.round(mean + z * Math.sqrt(mean)));
  }
  const limit = Math.exp(-mean);
  let k = 0;
  for (let product = rng.next(); product > limit; product *= rng.next()) k++;
  return k;
}
