import type { MetricEstimate } from '../contracts/validations.ts';
import { scoreWithInterval } from '../estimators/metrics/intervals.ts';
import { metricsFor } from '../estimators/metrics/registry.ts';
import type { Metric, Predictions, Truth } from '../estimators/metrics/types.ts';
import { intervalOf } from './evidence.ts';
import { macroF1 } from './macro-f1.ts';

/** Rows to be scored, and those to be counted. */
export interface Scored {
  /** Rows whose label the model knows. */
  readonly truth: Truth;
  readonly predictions: Predictions;
  /** All labelled rows: a label that the model cannot answer is an error of accuracy, for it will be one in service. */
  readonly all: { readonly truth: Truth; readonly predictions: Predictions };
}

/**
 * Every metric of the task with its 95 % interval, the headline first; metrics that are not defined on these rows are left out.
 *
 * @param only `quick` leaves out metrics whose interval needs a bootstrap (seconds at 100,000 rows), but for the headline
 */
export function estimateMetrics(scored: Scored, headline: Metric, only?: 'quick'): MetricEstimate[] {
  const { truth, predictions, all } = scored;
  const others = metricsFor(truth.task).filter(
    (metric) => metric !== headline && (only === undefined || metric.uncertainty.kind === 'linear'),
  );
  const ordered = [headline, ...others];
  const estimates = ordered.flatMap((metric): MetricEstimate[] => {
    const { value, low, high } =
      metric.name === 'accuracy'
        ? scoreWithInterval(metric, all.truth, all.predictions)
        : scoreWithInterval(metric, truth, predictions);
    return Number.isFinite(value)
      ? [{ metric: metric.name, value, interval: intervalOf({ low, high }) }]
      : [];
  });
  if (truth.task !== 'multiclass' || only === 'quick') return estimates;
  const { value, low, high } = macroF1(all.truth, all.predictions);
  return [...estimates, { metric: 'macroF1', value, interval: intervalOf({ low, high }) }];
}
