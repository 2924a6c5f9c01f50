import { STANDARDISED_MAX, standardise, termsOf } from '../linear/encoding.ts';
import type { LinearEncoder, LinearModel } from '../types.ts';
import { ELEMENT, type GraphBuilder, ML_DOMAIN } from './graph-builder.ts';
import { type GraphTarget, writeBinary, writeConstant, writeSoftmax } from './output-nodes.ts';

type NumericEncoder = Extract<LinearEncoder, { kind: 'numeric' }>;
type CategoricalEncoder = Extract<LinearEncoder, { kind: 'categorical' }>;

interface Placed<E> {
  readonly encoder: E;
  /** The encoder's first term. */
  readonly term: number;
}

/** Columns of a float32 matrix, and the coefficients (columns × outputs, row-major) they are multiplied by. */
interface Columns {
  readonly tensor: string;
  readonly weights: readonly number[];
}

/**
 * Numbers: Concat → standardise → clip → fill missing, in float32 as in training. Categories: a look-up from text to what it
 * adds; for one output the look-up is the encoder itself. The products are summed in float64: far out, large terms may
 * cancel, and float32 would then lose the parity with the trainer.
 */
export function exportLinear(model: LinearModel, target: GraphTarget): void {
  const { graph } = target;
  const numeric: Placed<NumericEncoder>[] = [];
  const categorical: Placed<CategoricalEncoder>[] = [];
  let term = 0;
  for (const encoder of model.encoders) {
    if (encoder.kind === 'numeric') numeric.push({ encoder, term });
    else if (termsOf(encoder) > 0) categorical.push({ encoder, term });
    term += termsOf(encoder);
  }
  const outputs = model.intercepts.length;
  const columns = numeric.length > 0 ? numericColumns(model, target, numeric) : [];
  const rows: string[] = [];
  for (const placed of categorical) {
    if (outputs === 1) columns.push({ tensor: lookUpValue(model, target, placed), weights: [1] });
    else rows.push(lookUpRow(model, target, placed));
  }
  if (columns.length > 0) rows.unshift(multiply(graph, columns, outputs));
  if (rows.length === 0) {
    writeConstant(target, model.task, interceptOutput(model));
    return;
  }
  const bias = graph.doubles(model.intercepts, [1, outputs]);
  const sum = graph.node({ operator: 'Sum', inputs: [...rows, bias] });
  const scores = graph.node({
    operator: 'Cast',
    inputs: [sum],
    ...(model.task === 'regression' ? { outputs: [target.value] } : {}),
    attributes: { to: { int: ELEMENT.float } },
  });
  if (model.task === 'binary') writeBinary(target, scores);
  if (model.task === 'multiclass') writeSoftmax(target, scores);
}

/** No feature has a term: every row gets the intercepts' answer. */
function interceptOutput({ task, intercepts }: LinearModel): number[] {
  if (task === 'regression') return [...intercepts];
  if (task === 'binary') {
    const p = 1 / (1 + Math.exp(-intercepts[0]!));
    return [1 - p, p];
  }
  const peak = Math.max(...intercepts);
  const exps = intercepts.map((value) => Math.exp(value - peak));
  const sum = exps.reduce((total, e) => total + e, 0);
  return exps.map((e) => e / sum);
}

function numericColumns(
  model: LinearModel,
  { graph }: GraphTarget,
  placed: readonly Placed<NumericEncoder>[],
): Columns[] {
  const width = placed.length;
  const row = (value: (encoder: NumericEncoder) => number) =>
    graph.floats(
      placed.map(({ encoder }) => value(encoder)),
      [1, width],
    );
  const names = placed.map(({ encoder }) => encoder.feature);
  const matrix = graph.node({ operator: 'Concat', inputs: names, attributes: { axis: { int: 1 } } });
  const missing = graph.node({ operator: 'IsNaN', inputs: [matrix] });
  const centred = graph.node({ operator: 'Sub', inputs: [matrix, row(({ mean }) => mean)] });
  const scaled = graph.node({ operator: 'Mul', inputs: [centred, row(({ scale }) => 1 / scale)] });
  const limits = [graph.floats([-STANDARDISED_MAX], []), graph.floats([STANDARDISED_MAX], [])];
  const clipped = graph.node({ operator: 'Clip', inputs: [scaled, ...limits] });
  const fill = row((encoder) => standardise(new Float32Array([Number.NaN]), encoder)[0]!);
  const filled = graph.node({ operator: 'Where', inputs: [missing, fill, clipped] });
  const columns = [{ tensor: filled, weights: placed.flatMap(({ term }) => coefficientsOf(model, term)) }];
  if (!placed.some(({ encoder }) => encoder.missingIndicator)) return columns;
  const attributes = { to: { int: ELEMENT.float } };
  const indicators = graph.node({ operator: 'Cast', inputs: [missing], attributes });
  const shifts = placed.flatMap(({ encoder, term }) =>
    coefficientsOf(model, encoder.missingIndicator ? term + 1 : -1),
  );
  return [...columns, { tensor: indicators, weights: shifts }];
}

/** [N, columns] float32 × coefficients → [N, outputs] float64 */
function multiply(graph: GraphBuilder, columns: readonly Columns[], outputs: number): string {
  const tensors = columns.map(({ tensor }) => tensor);
  const attributes = { axis: { int: 1 } };
  const joined =
    tensors.length === 1 ? tensors[0]! : graph.node({ operator: 'Concat', inputs: tensors, attributes });
  const wide = graph.node({
    operator: 'Cast',
    inputs: [joined],
    attributes: { to: { int: ELEMENT.double } },
  });
  const weights = columns.flatMap((column) => column.weights);
  const matrix = graph.doubles(weights, [weights.length / outputs, outputs]);
  return graph.node({ operator: 'MatMul', inputs: [wide, matrix] });
}

/** Coefficients of a term, one per output; zeros for -1. */
function coefficientsOf(model: LinearModel, term: number): number[] {
  const outputs = model.intercepts.length;
  const terms = model.coefficients.length / outputs;
  return Array.from({ length: outputs }, (_, k) => (term < 0 ? 0 : model.coefficients[k * terms + term]!));
}

function keysOf(encoder: CategoricalEncoder): string[] {
  return [...encoder.levels, ...(encoder.missingIndicator ? [''] : [])];
}

/** Text → the one coefficient it adds, [N, 1]. */
function lookUpValue(
  model: LinearModel,
  { graph }: GraphTarget,
  { encoder, term }: Placed<CategoricalEncoder>,
): string {
  const keys = keysOf(encoder);
  return graph.node({
    operator: 'LabelEncoder',
    domain: ML_DOMAIN,
    inputs: [encoder.feature],
    attributes: {
      keys_strings: { strings: keys },
      values_floats: { floats: keys.map((_, i) => model.coefficients[term + i]!) },
      default_float: { float: 0 },
    },
  });
}

/** Text → the coefficients it adds, [N, outputs] float64. */
function lookUpRow(
  model: LinearModel,
  { graph }: GraphTarget,
  { encoder, term }: Placed<CategoricalEncoder>,
): string {
  const keys = keysOf(encoder);
  const index = graph.node({
    operator: 'LabelEncoder',
    domain: ML_DOMAIN,
    inputs: [encoder.feature],
    attributes: {
      keys_strings: { strings: keys },
      values_int64s: { ints: keys.map((_, i) => i) },
      default_int64: { int: keys.length },
    },
  });
  const rows = [...keys.map((_, i) => term + i), -1].flatMap((t) => coefficientsOf(model, t));
  const table = graph.doubles(rows, [keys.length + 1, model.intercepts.length]);
  const flat = graph.node({ operator: 'Squeeze', inputs: [index, graph.integers([1], [1])] });
  return graph.node({ operator: 'Gather', inputs: [table, flat] });
}
