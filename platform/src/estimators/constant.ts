import { checkTrainingSet } from './training-set.ts';
import type { ConstantModel, FitResult, TrainingSet } from './types.ts';

/** The weighted class shares, or the weighted mean: what every other model must beat. @throws FIT_INPUT_INVALID */
export function fitConstant(training: TrainingSet): FitResult<ConstantModel> {
  checkTrainingSet(training);
  const { target, weights, task, classes } = training;
  const output = new Array<number>(task === 'regression' ? 1 : classes).fill(0);
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    total += w;
    if (task === 'regression') output[0]! += w * target[i]!;
    else output[target[i]!]! += w;
  }
  return { model: { family: 'constant', task, output: output.map((sum) => sum / total) }, rounds: 0 };
}
