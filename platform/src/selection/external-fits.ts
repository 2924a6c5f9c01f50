import { featureValues } from '../estimators/booster/binning.ts';
import { orderCategories } from '../estimators/booster/category-order.ts';
import type { BoosterModel, TrainingSet } from '../estimators/types.ts';
import { type SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { takeFeatureRows } from '../tables/features.ts';
import type { FitData, FitJob, FittedOutside } from './fit-jobs.ts';
import {
  EXTERNAL_FAMILIES,
  type ExternalFamilies,
  type ExternalFamily,
  type ExternalFit,
  type ExternalRows,
} from './ports.ts';
import type { StudyRequest } from './types.ts';

/** Fits a job of an external family. @throws what `ExternalFamilies.fit` throws */
export type OutsideFitter = (data: FitData, job: FitJob, signal: AbortSignal) => Promise<FittedOutside>;

export function isExternal(family: string): family is ExternalFamily {
  return (EXTERNAL_FAMILIES as readonly string[]).includes(family);
}

/** One fit may take this share of the budget: what hangs loses its candidate and leaves time for the others… */
const FIT_BUDGET_SHARE = 0.25;
/** …and at least this long, of which starting Python and loading a library is a part. */
const FIT_SECONDS_MIN = 10;
/** A replay follows its schedule whatever the time; this only ends what hangs. */
const REPLAY_SECONDS_MIN = 600;

export function fitSecondsMax({ budgetSeconds, position }: StudyRequest): number {
  if (position !== undefined) return Math.max(REPLAY_SECONDS_MIN, budgetSeconds);
  return Math.max(FIT_SECONDS_MIN, FIT_BUDGET_SHARE * budgetSeconds);
}

/**
 * Hands rows to external families as numbers, and puts their trees into a model of ours. Categories come in the order that our own
 * booster would choose on the same rows, so that a threshold splits a set of them, and what is rare or unseen is missing.
 */
export function createOutsideFitter(families: ExternalFamilies, secondsMax: number): OutsideFitter {
  // What hung or crashed on one fold is not waited for on the others.
  const lost = new Map<string, SlipwayError>();
  const fitOnce = async (fit: ExternalFit, signal: AbortSignal) => {
    const before = lost.get(fit.family);
    if (before !== undefined) throw before;
    try {
      return await families.fit(fit, { secondsMax, signal });
    } catch (error) {
      const failure = toSlipwayError(error);
      if (failure.code !== 'CANCELLED') lost.set(fit.family, failure);
      throw failure;
    }
  };
  return async (data, job, signal) => {
    const { task, classes } = data;
    const training = takeSet(data, job.train);
    const orders = training.features.features.map((feature) =>
      feature.kind === 'categorical' ? orderCategories(feature, training, rowsMin(training, job)) : undefined,
    );
    const rowsOf = ({ features, target }: TrainingSet): ExternalRows => ({
      columns: features.features.map((feature, i) => featureValues(feature, orders[i])),
      target,
    });
    const fitted = await fitOnce(
      {
        ...{ family: job.family as ExternalFamily, task, classes, params: job.params, seed: job.seed },
        train: rowsOf(training),
        ...(job.valid === undefined ? {} : { valid: rowsOf(takeSet(data, job.valid)) }),
        earlyStopping: job.earlyStopping === true,
      },
      signal,
    );
    const features = training.features.features.map(({ name, kind }, i) =>
      kind === 'numeric' ? { name, kind } : { name, kind, categories: orders[i]! },
    );
    const model: BoosterModel = { family: 'booster', task, features, base: fitted.base, trees: fitted.trees };
    const { rounds, seconds, predictions } = fitted;
    return { model, rounds, seconds, predictions };
  };
}

function takeSet({ features, target, task, classes }: FitData, rows: Int32Array): TrainingSet {
  return {
    ...{ features: takeFeatureRows(features, rows), task, classes },
    target: Float64Array.from(rows, (row) => target[row]!),
  };
}

/** As in our own booster, so that both order categories alike and their trees can stand in one model. */
function rowsMin(training: TrainingSet, { params }: FitJob): number {
  const leafRowsMin = Number(params['categoryRowsMin'] ?? 20);
  return Math.max(1, Math.min(leafRowsMin, Math.floor(training.features.rows / 100)));
}
