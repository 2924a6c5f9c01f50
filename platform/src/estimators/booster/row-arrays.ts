import type { TrainingSet } from '../types.ts';
import type { Arena } from './kernels.ts';
import type { RowArrays } from './objective.ts';

/** Room for what a fit keeps of each row. */
export function takeRowArrays(arena: Arena, training: TrainingSet): RowArrays {
  const rows4 = Math.ceil(training.features.rows / 4) * 4;
  const scoreBytes = Math.ceil(rows4 / 8) * 64;
  const outputs = training.task === 'multiclass' ? training.classes : 1;
  return {
    rows4,
    target: arena.take(rows4 * 8),
    weight: arena.take(rows4 * 4),
    gradient: arena.take(rows4 * 4),
    hessian: arena.take(rows4 * 4),
    score: arena.take(outputs * scoreBytes),
    scoreBytes,
    out: arena.take(64),
  };
}

export function fillRowArrays(
  arena: Arena,
  training: TrainingSet,
  arrays: RowArrays,
  base: readonly number[],
): void {
  const { rows4 } = arrays;
  const rows = training.features.rows;
  arena.float64(arrays.target, rows4).fill(0).set(training.target);
  const weight = arena.float32(arrays.weight, rows4);
  weight.fill(1, 0, rows).fill(0, rows);
  if (training.weights !== undefined) weight.set(training.weights);
  base.forEach((value, k) => {
    arena.float64(arrays.score + k * arrays.scoreBytes, rows4).fill(value);
  });
}
