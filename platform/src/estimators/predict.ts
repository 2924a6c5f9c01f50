import type { FeatureMatrix } from '../tables/features.ts';
import { boosterScores } from './booster/predict.ts';
import { linearScores } from './linear/predict.ts';
import type { Model, Task } from './types.ts';

/**
 * The reference prediction: what the exported graph must answer, up to rounding in float32.
 *
 * Features are float32; a numeric feature may be NaN (missing), a categorical one may hold categories the model has not
 * seen. Features are found by name, in any order; further ones are ignored.
 *
 * @returns row-major rows × k: probabilities per class for classification (binary: k = 2, the second is the positive
 *   class), rows × 1 values for regression
 * @throws MODEL_FEATURE_MISSING
 */
export function predictModel(model: Model, matrix: FeatureMatrix): Float64Array {
  if (model.family === 'constant') return repeat(model.output, matrix.rows);
  const scores = model.family === 'linear' ? linearScores(model, matrix) : boosterScores(model, matrix);
  if (model.family === 'forest') return toShares(model.task, scores, model.base.length);
  return toOutputs(model.task, scores, matrix.rows);
}

/** Values a prediction has per row: classes, or 1. */
export function outputsOfModel(model: Model): number {
  if (model.family === 'constant') return model.output.length;
  if (model.task === 'binary') return 2;
  return model.family === 'linear' ? model.intercepts.length : model.base.length;
}

function repeat(output: readonly number[], rows: number): Float64Array {
  const result = new Float64Array(rows * output.length);
  for (let row = 0; row < rows; row++) result.set(output, row * output.length);
  return result;
}

function toOutputs(task: Task, scores: Float64Array, rows: number): Float64Array {
  switch (task) {
    case 'regression':
      return scores;
    case 'binary':
      return sigmoidPairs(scores);
    case 'multiclass':
      softmaxRows(scores, scores.length / rows);
      return scores;
  }
}

function sigmoidPairs(scores: Float64Array): Float64Array {
  const result = new Float64Array(scores.length * 2);
  for (let row = 0; row < scores.length; row++) {
    const p = 1 / (1 + Math.exp(-scores[row]!));
    result[2 * row] = 1 - p;
    result[2 * row + 1] = p;
  }
  return result;
}

function softmaxRows(scores: Float64Array, classes: number): void {
  for (let start = 0; start < scores.length; start += classes) {
    let peak = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) peak = Math.max(peak, scores[start + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const e = Math.exp(scores[start + k]! - peak);
      scores[start + k] = e;
      sum += e;
    }
    for (let k = 0; k < classes; k++) scores[start + k]! /= sum;
  }
}

/** A class that no tree gives a share keeps this much, so that shares can be divided by their sum. */
export const SHARE_MIN = 1e-7;

function toShares(task: Task, scores: Float64Array, classes: number): Float64Array {
  if (task === 'regression') return scores;
  if (task === 'binary') {
    const result = new Float64Array(scores.length * 2);
    for (let row = 0; row < scores.length; row++) {
      const p = Math.min(1, Math.max(0, scores[row]!));
      result[2 * row] = 1 - p;
      result[2 * row + 1] = p;
    }
    return result;
  }
  for (let start = 0; start < scores.length; start += classes) {
    let sum = 0;
    for (let i = start; i < start + classes; i++) sum += scores[i] = Math.max(SHARE_MIN, scores[i]!);
    for (let i = start; i < start + classes; i++) scores[i]! /= sum;
  }
  return scores;
}
