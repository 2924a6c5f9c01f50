import { checkParam, type ParamRange } from '../check-param.ts';
import type { BoosterParams } from '../types.ts';

const DEFAULTS: Required<BoosterParams> = {
  rounds: 100,
  leaves: 31,
  learningRate: 0.1,
  leafRowsMin: 20,
  lambda: 0,
  featureFraction: 1,
  rowFraction: 1,
  binsMax: 255,
  earlyStoppingRounds: 50,
};

/** Inclusive ranges; whole numbers where marked. */
const RANGES: Record<keyof BoosterParams, ParamRange> = {
  rounds: { low: 1, high: 100_000, whole: true },
  leaves: { low: 2, high: 65_536, whole: true },
  learningRate: { low: 1e-6, high: 1, whole: false },
  leafRowsMin: { low: 1, high: 2 ** 31, whole: true },
  lambda: { low: 0, high: 1e12, whole: false },
  featureFraction: { low: 1e-6, high: 1, whole: false },
  rowFraction: { low: 1e-6, high: 1, whole: false },
  binsMax: { low: 2, high: 255, whole: true },
  earlyStoppingRounds: { low: 1, high: 100_000, whole: true },
};

/** Fills in defaults. @throws FIT_PARAM_INVALID naming the parameter and its range. */
export function completeBoosterParams(params: BoosterParams): Required<BoosterParams> {
  const complete: Required<BoosterParams> = { ...DEFAULTS };
  for (const name of Object.keys(RANGES) as (keyof BoosterParams)[]) {
    const value = params[name] ?? DEFAULTS[name];
    checkParam(name, value, RANGES[name]);
    (complete as Record<string, number>)[name] = value;
  }
  return complete;
}
