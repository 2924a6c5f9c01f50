import { SlipwayError } from '../kernel/errors.ts';
import type { TrainingSet } from './types.ts';
import './errors.ts';

/**
 * Checks what every family relies on: at least one row and one feature, lengths that agree, class indices in range,
 * a finite target, positive finite weights.
 *
 * @throws FIT_INPUT_INVALID
 */
export function checkTrainingSet(set: TrainingSet): void {
  const { features, target, weights, task, classes } = set;
  const rows = features.rows;
  if (rows === 0) throw invalid('the training set has no rows');
  if (features.features.length === 0) throw invalid('the training set has no features');
  if (target.length !== rows) throw invalid(`there are ${rows} rows and ${target.length} target values`);
  for (const feature of features.features) {
    const length = feature.kind === 'numeric' ? feature.values.length : feature.codes.length;
    if (length !== rows) throw invalid(`feature '${feature.name}' has ${length} values for ${rows} rows`);
  }
  const classesMin = task === 'regression' ? 1 : 2;
  const classesMax = task === 'multiclass' ? Number.POSITIVE_INFINITY : classesMin;
  if (classes < classesMin || classes > classesMax) throw invalid(`${task} cannot have ${classes} classes`);
  checkTarget(set);
  if (weights === undefined) return;
  if (weights.length !== rows) throw invalid(`there are ${rows} rows and ${weights.length} weights`);
  for (let i = 0; i < rows; i++) {
    const w = weights[i]!;
    if (!(w > 0 && w < Number.POSITIVE_INFINITY)) throw invalid(`the weight of row ${i} is ${w}`);
  }
}

function checkTarget({ target, task, classes }: TrainingSet): void {
  for (let i = 0; i < target.length; i++) {
    const y = target[i]!;
    const fits = task === 'regression' ? Number.isFinite(y) : Number.isInteger(y) && y >= 0 && y < classes;
    if (!fits) throw invalid(`the target of row ${i} is ${y}, which is not a ${task} target`);
  }
}

function invalid(message: string): SlipwayError {
  return new SlipwayError('FIT_INPUT_INVALID', {
    message,
    fix: 'Fit on rows that have a target, with at least one feature.',
  });
}
