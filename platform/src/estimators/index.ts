/** What other layers use of the estimators. */
export { type FamilyParams, familyRequirements, fitFamily } from './families.ts';
export {
  type DifferenceEstimate,
  pairedDifference,
  type ScoreEstimate,
  scoreWithInterval,
} from './metrics/intervals.ts';
export { defaultMetric, METRICS, metricOf, metricsFor } from './metrics/registry.ts';
export type { Metric, MetricName, Predictions, Truth } from './metrics/types.ts';
export { type ExportOptions, exportOnnx } from './onnx/export.ts';
export { checkParity, type GraphPredictor, type ParityReport } from './onnx/parity.ts';
export { outputsOfModel, predictModel } from './predict.ts';
