import type { TrainingSet } from '../types.ts';
import type { Design } from './encoding.ts';
import { multiply, multiplyTransposed } from './products.ts';
import type { SmoothFunction } from './quasi-newton.ts';

/**
 * The weighted mean loss plus ½ λ₂ ‖coefficients‖² as a smooth function of outputs × terms coefficients (row-major)
 * followed by one unpenalised intercept per output.
 */
export function smoothLoss(
  design: Design,
  training: TrainingSet,
  target: Float64Array,
  lambda2: number,
): SmoothFunction {
  const { rows, terms } = design;
  const outputs = training.task === 'multiclass' ? training.classes : 1;
  const penalised = outputs * terms;
  const scores = Array.from({ length: outputs }, () => new Float64Array(rows));
  const weights = normalised(training.weights, rows);
  const lossOf = training.task === 'regression' ? squared : training.task === 'binary' ? logistic : softmax;
  return {
    size: penalised + outputs,
    penalised,
    evaluate(point, gradient) {
      scores.forEach((own, k) => {
        multiply(design, point, { offset: k * terms, intercept: point[penalised + k]! }, own);
      });
      let value = lossOf(scores, target, weights);
      scores.forEach((residual, k) => {
        gradient[penalised + k] = multiplyTransposed(design, residual, gradient, k * terms);
      });
      for (let j = 0; j < penalised; j++) {
        value += 0.5 * lambda2 * point[j]! ** 2;
        gradient[j]! += lambda2 * point[j]!;
      }
      return value;
    },
  };
}

function normalised(weights: Float64Array | undefined, rows: number): Float64Array {
  if (weights === undefined) return new Float64Array(rows).fill(1 / rows);
  const total = weights.reduce((sum, w) => sum + w, 0);
  return weights.map((w) => w / total);
}

// Each turns scores into weighted residuals (the derivative by the score) in place, and returns the loss.

function squared(scores: readonly Float64Array[], target: Float64Array, weights: Float64Array): number {
  const score = scores[0]!;
  let loss = 0;
  for (let i = 0; i < score.length; i++) {
    const residual = score[i]! - target[i]!;
    loss += 0.5 * weights[i]! * residual * residual;
    score[i] = weights[i]! * residual;
  }
  return loss;
}

function logistic(scores: readonly Float64Array[], target: Float64Array, weights: Float64Array): number {
  const score = scores[0]!;
  let loss = 0;
  for (let i = 0; i < score.length; i++) {
    const s = score[i]!;
    const e = Math.exp(-Math.abs(s));
    loss += weights[i]! * (Math.max(s, 0) - target[i]! * s + Math.log1p(e));
    score[i] = weights[i]! * ((s >= 0 ? 1 : e) / (1 + e) - target[i]!);
  }
  return loss;
}

function softmax(scores: readonly Float64Array[], target: Float64Array, weights: Float64Array): number {
  let loss = 0;
  for (let i = 0; i < target.length; i++) {
    let peak = Number.NEGATIVE_INFINITY;
    for (const score of scores) peak = Math.max(peak, score[i]!);
    const own = scores[target[i]!]![i]!;
    let sum = 0;
    for (const score of scores) {
      const e = Math.exp(score[i]! - peak);
      score[i] = e;
      sum += e;
    }
    loss += weights[i]! * (Math.log(sum) + peak - own);
    for (const score of scores) score[i]! *= weights[i]! / sum;
    scores[target[i]!]![i]! -= weights[i]!;
  }
  return loss;
}
