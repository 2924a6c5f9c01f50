import { SlipwayError } from '../../kernel/errors.ts';
import type { Task } from '../types.ts';
import { calibrationError } from './calibration.ts';
import { auc, aucContributions, averagePrecision } from './ranking.ts';
import {
  absoluteErrors,
  brierLosses,
  logLosses,
  meanContributions,
  rootContributions,
  squaredDeviations,
  squaredErrors,
  weightedMean,
  zeroOneLosses,
} from './row-losses.ts';
import type { Metric, MetricName, Predictions, Truth } from './types.ts';
import '../errors.ts';

const CLASSIFICATION: readonly Task[] = ['binary', 'multiclass'];
const REGRESSION: readonly Task[] = ['regression'];

/** All metrics by name. */
export const METRICS: Readonly<Record<MetricName, Metric>> = {
  auc: {
    name: 'auc',
    title: 'area under the ROC curve',
    tasks: ['binary'],
    direction: 'maximise',
    value: auc,
    uncertainty: { kind: 'linear', contributions: aucContributions, interval: 'logit' },
  },
  prAuc: {
    name: 'prAuc',
    title: 'average precision',
    tasks: ['binary'],
    direction: 'maximise',
    value: (truth, predictions) => averagePrecision(truth, predictions)(weightsOf(truth)),
    uncertainty: { kind: 'bootstrap', prepare: averagePrecision },
  },
  logLoss: meanLoss('logLoss', 'log-loss', CLASSIFICATION, logLosses),
  accuracy: {
    name: 'accuracy',
    title: 'share of rows classed right',
    tasks: CLASSIFICATION,
    direction: 'maximise',
    value: (truth, predictions) => 1 - weightedMean(truth, zeroOneLosses(truth, predictions)),
    perRowLoss: zeroOneLosses,
    uncertainty: {
      kind: 'linear',
      contributions: (truth, predictions) =>
        meanContributions(truth, zeroOneLosses(truth, predictions)).map((c) => -c),
      interval: 'wilson',
    },
  },
  brier: meanLoss('brier', 'Brier score', CLASSIFICATION, brierLosses),
  ece: {
    name: 'ece',
    title: 'expected calibration error',
    tasks: CLASSIFICATION,
    direction: 'minimise',
    value: (truth, predictions) => calibrationError(truth, predictions)(weightsOf(truth)),
    uncertainty: { kind: 'bootstrap', prepare: calibrationError },
  },
  rmse: {
    name: 'rmse',
    title: 'root mean squared error',
    tasks: REGRESSION,
    direction: 'minimise',
    value: (truth, predictions) => Math.sqrt(weightedMean(truth, squaredErrors(truth, predictions))),
    perRowLoss: squaredErrors,
    uncertainty: {
      kind: 'linear',
      contributions: (truth, predictions) => rootContributions(truth, squaredErrors(truth, predictions)),
      interval: 'squared',
    },
  },
  mae: meanLoss('mae', 'mean absolute error', REGRESSION, absoluteErrors),
  r2: {
    name: 'r2',
    title: 'share of variance explained',
    tasks: REGRESSION,
    direction: 'maximise',
    value: r2,
    uncertainty: { kind: 'linear', contributions: r2Contributions, interval: 'plain' },
  },
};

/** @throws METRIC_INVALID for an unknown name */
export function metricOf(name: string): Metric {
  const metric = Object.hasOwn(METRICS, name) ? METRICS[name as MetricName] : undefined;
  if (metric !== undefined) return metric;
  throw new SlipwayError('METRIC_INVALID', {
    message: `there is no metric '${name}'`,
    fix: `Use one of: ${Object.keys(METRICS).join(', ')}.`,
    details: { name, known: Object.keys(METRICS) },
  });
}

/** What a study optimises unless told otherwise. */
export function defaultMetric(task: Task): Metric {
  const names = { binary: 'auc', multiclass: 'logLoss', regression: 'rmse' } as const;
  return METRICS[names[task]];
}

/** Metrics that are defined for a task, the default one first. */
export function metricsFor(task: Task): Metric[] {
  const first = defaultMetric(task);
  return [first, ...Object.values(METRICS).filter((m) => m !== first && m.tasks.includes(task))];
}

export function weightsOf(truth: Truth): Float64Array {
  return truth.weights ?? new Float64Array(truth.target.length).fill(1);
}

function meanLoss(
  name: MetricName,
  title: string,
  tasks: readonly Task[],
  losses: (truth: Truth, predictions: Predictions) => Float64Array,
): Metric {
  return {
    name,
    title,
    tasks,
    direction: 'minimise',
    value: (truth, predictions) => weightedMean(truth, losses(truth, predictions)),
    perRowLoss: losses,
    uncertainty: {
      kind: 'linear',
      contributions: (truth, predictions) => meanContributions(truth, losses(truth, predictions)),
      interval: 'plain',
    },
  };
}

function r2(truth: Truth, predictions: Predictions): number {
  const variance = weightedMean(truth, squaredDeviations(truth));
  if (variance === 0) return Number.NaN;
  return 1 - weightedMean(truth, squaredErrors(truth, predictions)) / variance;
}

/** Delta method on 1 - mean(e²) / mean(d²). */
function r2Contributions(truth: Truth, predictions: Predictions): Float64Array {
  const deviations = squaredDeviations(truth);
  const errors = squaredErrors(truth, predictions);
  const variance = weightedMean(truth, deviations);
  const ratio = weightedMean(truth, errors) / variance;
  const ofErrors = meanContributions(truth, errors);
  const ofDeviations = meanContributions(truth, deviations);
  return ofErrors.map((c, i) => -(c - ratio * ofDeviations[i]!) / variance);
}
