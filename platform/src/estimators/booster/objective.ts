import type { Task, TrainingSet } from '../types.ts';
import type { Arena, Pointer } from './kernels.ts';

/** Least probability a prior is given, so that a class without rows has a finite score. */
const PRIOR_MIN = 1e-7;

/** What boosting needs to know of a loss, over rows that live in the arena. */
export interface Objective {
  /** Scores per row: 1 for binary and regression, one per class for more classes. */
  readonly outputs: number;
  /** Score before any tree, per output. */
  readonly base: readonly number[];
  /** All hessians are equal, so that they need one level each and leaf sizes are exact. */
  readonly flatHessian: boolean;
  /** Once per round, before the first output. */
  beginRound(): void;
  /** Fills gradient and hessian for one output; returns their maxima. */
  gradients(output: number): { gMax: number; hMax: number };
}

/** Arrays of the training rows, padded to a multiple of four with weight 0. */
export interface RowArrays {
  readonly rows4: number;
  readonly target: Pointer;
  readonly weight: Pointer;
  readonly gradient: Pointer;
  readonly hessian: Pointer;
  /** Class-major: output k starts at score + k · scoreBytes. */
  readonly score: Pointer;
  readonly scoreBytes: number;
  readonly out: Pointer;
}

export function outputsOf(task: Task, classes: number): number {
  return task === 'multiclass' ? classes : 1;
}

/** Weighted log-odds, log shares of the classes, or the weighted mean. */
export function baseScores(training: TrainingSet): number[] {
  const { target, weights, task, classes } = training;
  const sums = new Float64Array(task === 'multiclass' ? classes : 1);
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    total += w;
    if (task === 'multiclass') sums[target[i]!]! += w;
    else sums[0]! += w * target[i]!;
  }
  if (task === 'regression') return [sums[0]! / total];
  const clamp = (p: number) => Math.min(1 - PRIOR_MIN, Math.max(PRIOR_MIN, p));
  if (task === 'multiclass') return Array.from(sums, (sum) => Math.log(clamp(sum / total)));
  const p = clamp(sums[0]! / total);
  return [Math.log(p / (1 - p))];
}

export function createObjective(arena: Arena, training: TrainingSet, arrays: RowArrays): Objective {
  const { kernels } = arena;
  const { rows4, target, weight, gradient, hessian, score, scoreBytes, out } = arrays;
  const outputs = outputsOf(training.task, training.classes);
  const maxima = () => {
    const [gMax, hMax] = arena.float64(out, 2);
    return { gMax: gMax!, hMax: hMax! };
  };
  const common = { outputs, base: baseScores(training), flatHessian: false, beginRound() {} };
  switch (training.task) {
    case 'regression':
      return {
        ...common,
        flatHessian: training.weights === undefined,
        gradients() {
          kernels.squaredGradients(score, target, weight, rows4, gradient, hessian, out);
          return maxima();
        },
      };
    case 'binary':
      return {
        ...common,
        gradients() {
          kernels.logisticGradients(score, target, weight, rows4, gradient, hessian, out);
          return maxima();
        },
      };
    case 'multiclass': {
      const peak = arena.take(rows4 * 8);
      const sum = arena.take(rows4 * 8);
      // The redundant parametrisation of K scores: K / (K - 1) scales the diagonal hessian (Friedman 2001).
      const factor = outputs / (outputs - 1);
      return {
        ...common,
        beginRound() {
          kernels.softmaxPeaks(score, scoreBytes, outputs, rows4, peak);
          kernels.softmaxSums(score, scoreBytes, outputs, rows4, peak, sum);
        },
        gradients(output) {
          const own = score + output * scoreBytes;
          kernels.softmaxGradients(
            own,
            peak,
            sum,
            target,
            output,
            factor,
            weight,
            rows4,
            gradient,
            hessian,
            out,
          );
          return maxima();
        },
      };
    }
  }
}

/**
 * Weighted mean loss of held-out rows: log-loss, or half the squared error.
 *
 * @param scores class-major, `step` values apart
 */
export function heldOutLoss(held: TrainingSet, scores: Float64Array, step: number): number {
  const { target, weights, task, classes } = held;
  let total = 0;
  let sum = 0;
  for (let i = 0; i < target.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    total += w;
    sum += w * rowLoss(task, classes, target[i]!, scores, i, step);
  }
  return sum / total;
}

function rowLoss(
  task: Task,
  classes: number,
  target: number,
  scores: Float64Array,
  row: number,
  step: number,
): number {
  const score = scores[row]!;
  if (task === 'regression') return 0.5 * (score - target) ** 2;
  if (task === 'binary') {
    // log(1 + exp(score)) - target · score without overflow
    return Math.max(score, 0) - target * score + Math.log1p(Math.exp(-Math.abs(score)));
  }
  let peak = score;
  for (let k = 1; k < classes; k++) peak = Math.max(peak, scores[k * step + row]!);
  let sum = 0;
  for (let k = 0; k < classes; k++) sum += Math.exp(scores[k * step + row]! - peak);
  return Math.log(sum) + peak - scores[target * step + row]!;
}
