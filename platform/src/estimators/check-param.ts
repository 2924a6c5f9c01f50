import { SlipwayError } from '../kernel/errors.ts';
import './errors.ts';

/** An inclusive range of a hyperparameter. */
export interface ParamRange {
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
}

/** @throws FIT_PARAM_INVALID naming the parameter and its range */
export function checkParam(name: string, value: number, range: ParamRange): void {
  if (value >= range.low && value <= range.high && (!range.whole || Number.isInteger(value))) return;
  const kind = range.whole ? 'a whole number' : 'a number';
  throw new SlipwayError('FIT_PARAM_INVALID', {
    message: `${name} is ${value}, and must be ${kind} from ${range.low} to ${range.high}`,
    fix: `Give ${name} a value from ${range.low} to ${range.high}, or leave it out.`,
    details: { name, value, low: range.low, high: range.high },
  });
}
