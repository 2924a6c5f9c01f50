import { fitBooster } from './booster/fit.ts';
import { boosterMemoryBytes } from './booster/memory.ts';
import { fitConstant } from './constant.ts';
import { fitForest, forestMemoryBytes } from './forest/fit.ts';
import { fitLinear } from './linear/fit.ts';
import type {
  BoosterParams,
  Family,
  FamilyRequirements,
  FitOptions,
  FitResult,
  ForestParams,
  LinearParams,
  Task,
  TrainingSet,
} from './types.ts';

/** Hyperparameters of each family. */
export interface FamilyParams {
  readonly constant: Readonly<Record<string, never>>;
  readonly linear: LinearParams;
  readonly booster: BoosterParams;
  readonly forest: ForestParams;
}

const TASKS: readonly Task[] = ['binary', 'multiclass', 'regression'];

/** What each family asks for and can take. */
export const familyRequirements: Readonly<Record<Family, FamilyRequirements>> = {
  constant: {
    family: 'constant',
    tasks: TASKS,
    inputs: { missing: true, categorical: true, cardinalityMax: Number.MAX_SAFE_INTEGER },
    runtime: { kind: 'node' },
    memoryBytes: (_n, _d, k) => 8 * k,
    licence: 'Apache-2.0',
  },
  linear: {
    family: 'linear',
    tasks: TASKS,
    // More levels are taken, too: the most frequent thousand get a coefficient.
    inputs: { missing: true, categorical: true, cardinalityMax: 1_000 },
    runtime: { kind: 'node' },
    memoryBytes: (n, d, k) => n * (4 * d + 8 * k + 16),
    licence: 'Apache-2.0',
  },
  booster: {
    family: 'booster',
    tasks: TASKS,
    // More are taken, too: neighbours in the fitted order then share one of 255 bins.
    inputs: { missing: true, categorical: true, cardinalityMax: Number.MAX_SAFE_INTEGER },
    runtime: { kind: 'node' },
    memoryBytes: (n, d, k) => boosterMemoryBytes({ rows: n, features: d, outputs: k, leaves: 31 }),
    licence: 'Apache-2.0',
  },
  forest: {
    family: 'forest',
    tasks: TASKS,
    inputs: { missing: true, categorical: true, cardinalityMax: Number.MAX_SAFE_INTEGER },
    runtime: { kind: 'node' },
    memoryBytes: (n, d, k) => forestMemoryBytes(n, d, k),
    licence: 'Apache-2.0',
  },
};

/**
 * Fits a family. A pure function of set, params and seed; synchronous, on one thread (run folds and candidates in workers).
 *
 * @throws FIT_PARAM_INVALID, FIT_INPUT_INVALID, FIT_TOO_LARGE, KERNELS_MISSING
 */
export function fitFamily<F extends Family>(
  family: F,
  training: TrainingSet,
  params: FamilyParams[F],
  options: FitOptions,
): FitResult {
  switch (family) {
    case 'constant':
      return fitConstant(training);
    case 'linear':
      return fitLinear(training, params as LinearParams, options);
    case 'forest':
      return fitForest(training, params as ForestParams, options);
    default:
      return fitBooster(training, params as BoosterParams, options);
  }
}
