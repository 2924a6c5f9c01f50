import { checkParam } from '../check-param.ts';
import { createProgressGate } from '../progress.ts';
import { checkTrainingSet } from '../training-set.ts';
import type { FitOptions, FitResult, LinearModel, LinearParams, TrainingSet } from '../types.ts';
import { chooseEncoders, encode } from './encoding.ts';
import { smoothLoss } from './loss.ts';
import { minimise } from './quasi-newton.ts';

/** No derivative of the mean loss by a coefficient exceeds this at the end (target standardised for regression). */
const GRADIENT_TOLERANCE = 1e-6;
const VALUE_TOLERANCE = 1e-10;

/**
 * Elastic-net linear, logistic or multinomial regression:
 * minimises mean loss + λ (l1Ratio ‖β‖₁ + ½ (1 - l1Ratio) ‖β‖²), intercepts unpenalised, to a gradient of 1e-6 or until
 * three iterations lower the loss by less than 1e-10 of itself, in float64.
 *
 * Numbers are standardised (missing = mean, with an indicator where training rows were missing) and clipped at 100
 * standard deviations. Categories are one-hot and not scaled, so that the penalty shrinks rare levels most; levels below
 * `rareRowsMin` rows and unseen ones add nothing. For regression the target is standardised inside, so that λ means the
 * same whatever its unit. The seed is not used: the optimum is unique for λ > 0.
 *
 * @throws FIT_PARAM_INVALID, FIT_INPUT_INVALID
 */
export function fitLinear(
  training: TrainingSet,
  params: LinearParams,
  options: Pick<FitOptions, 'onProgress'>,
): FitResult<LinearModel> {
  checkTrainingSet(training);
  const { lambda = 1e-3, l1Ratio = 0, rareRowsMin = 10, iterationsMax = 300 } = params;
  checkParam('lambda', lambda, { low: 0, high: 1e6, whole: false });
  checkParam('l1Ratio', l1Ratio, { low: 0, high: 1, whole: false });
  checkParam('rareRowsMin', rareRowsMin, { low: 1, high: 2 ** 31, whole: true });
  checkParam('iterationsMax', iterationsMax, { low: 1, high: 100_000, whole: true });
  const { features, rows } = training.features;
  const encoders = chooseEncoders(training, rareRowsMin);
  const design = encode(features, encoders, rows);
  const scale = training.task === 'regression' ? targetScale(training) : { centre: 0, spread: 1 };
  const target = training.target.map((y) => (y - scale.centre) / scale.spread);
  const loss = smoothLoss(design, training, target, lambda * (1 - l1Ratio));
  const point = new Float64Array(loss.size);
  const iterations = minimise(loss, point, {
    lambda1: lambda * l1Ratio,
    iterationsMax,
    gradientTolerance: GRADIENT_TOLERANCE,
    valueTolerance: VALUE_TOLERANCE,
    mayContinue: createProgressGate(options.onProgress),
  });
  const coefficients = Array.from(point.subarray(0, loss.penalised), (value) => value * scale.spread);
  const intercepts = Array.from(
    point.subarray(loss.penalised),
    (value) => scale.centre + value * scale.spread,
  );
  const model: LinearModel = { family: 'linear', task: training.task, encoders, coefficients, intercepts };
  return { model, rounds: iterations };
}

function targetScale({ target, weights }: TrainingSet): { centre: number; spread: number } {
  let total = 0;
  let sum = 0;
  for (let i = 0; i < target.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    total += w;
    sum += w * target[i]!;
  }
  const centre = sum / total;
  let squares = 0;
  for (let i = 0; i < target.length; i++) {
    squares += (weights === undefined ? 1 : weights[i]!) * (target[i]! - centre) ** 2;
  }
  const spread = Math.sqrt(squares / total);
  return { centre, spread: spread > 0 && Number.isFinite(spread) ? spread : 1 };
}
