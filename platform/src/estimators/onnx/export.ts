import { SlipwayError } from '../../kernel/errors.ts';
import { outputsOfModel } from '../predict.ts';
import type { Model, Task } from '../types.ts';
import { exportBooster } from './booster-graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { exportLinear } from './linear-graph.ts';
import { type GraphTarget, writeConstant } from './output-nodes.ts';
import '../errors.ts';

export interface ExportOptions {
  readonly task: Task;
  /** Class labels in class order; ignored for regression. */
  readonly labels: readonly string[];
  /**
   * Graph inputs, for a constant model, which knows none. Other models take the features they were fitted on.
   */
  readonly features?: readonly { readonly name: string; readonly kind: 'numeric' | 'categorical' }[];
}

/**
 * Writes a model as one ONNX graph (IR 8, main opset 17, ai.onnx.ml 3).
 *
 * Inputs: one [N, 1] per feature, by its name: float32 for numbers (NaN = missing), string for categories ('' = missing,
 * any other unseen text is handled as in training). Outputs: for classification `probabilities` [N, K] and `label` [N]
 * (string); for regression `prediction` [N, 1]. An output whose name is taken by a feature gets underscores appended; the
 * first output is always the numeric one.
 *
 * @throws EXPORT_INVALID when task and labels do not belong to the model
 */
export function exportOnnx(model: Model, options: ExportOptions): Uint8Array {
  const outputs = outputsOfModel(model);
  checkOptions(model, options, outputs);
  const features = featuresOf(model, options);
  const names = features.map((feature) => feature.name);
  const [value, label] = outputNames(options.task, names);
  const graph = new GraphBuilder([...names, value, label]);
  for (const { name, kind } of features) graph.input(name, kind === 'numeric' ? 'float' : 'string');
  graph.output(value, 'float', ['N', outputs]);
  if (options.task !== 'regression') graph.output(label, 'string', ['N']);
  const target: GraphTarget = { graph, value, label, labels: options.labels, anyInput: names[0]! };
  switch (model.family) {
    case 'constant':
      writeConstant(target, options.task, model.output);
      break;
    case 'linear':
      exportLinear(model, target);
      break;
    case 'booster':
    case 'forest':
      exportBooster(model, target);
      break;
  }
  return graph.finish(`slipway-${model.family}`);
}

function featuresOf(model: Model, options: ExportOptions) {
  const features =
    model.family === 'booster' || model.family === 'forest'
      ? model.features
      : model.family === 'linear'
        ? model.encoders.map(({ feature, kind }) => ({ name: feature, kind }))
        : (options.features ?? []);
  if (features.length > 0) return features;
  throw invalid('a graph needs at least one input', 'Pass the features the constant model stands beside.');
}

function outputNames(task: Task, taken: readonly string[]): [string, string] {
  const free = (wanted: string): string => (taken.includes(wanted) ? free(`${wanted}_`) : wanted);
  return [free(task === 'regression' ? 'prediction' : 'probabilities'), free('label')];
}

function checkOptions(model: Model, { task, labels }: ExportOptions, outputs: number): void {
  if (model.task !== task) throw invalid(`the model is for ${model.task}, not ${task}`, 'Pass its own task.');
  if (task === 'regression' || labels.length === outputs) return;
  throw invalid(
    `the model has ${outputs} classes, and ${labels.length} labels were given`,
    'Pass one label per class.',
  );
}

function invalid(message: string, fix: string): SlipwayError {
  return new SlipwayError('EXPORT_INVALID', { message, fix });
}
