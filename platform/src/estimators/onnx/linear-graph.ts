import { STANDARDISED_MAX, standardise, termsOf } from '../linear/encoding.ts';
import type { LinearEncoder, LinearModel } from '../types.ts';
import { ML_DOMAIN } from './graph-builder.ts';
import { type GraphTarget, writeBinary, writeConstant, writeSoftmax } from './output-nodes.ts';

type NumericEncoder = Extract<LinearEncoder, { kind: 'numeric' }>;
type CategoricalEncoder = Extract<LinearEncoder, { kind: 'categorical' }>;

interface Placed<E> {
  readonly encoder: E;
  /** The encoder's first term. */
  readonly term: number;
}

/**
 * Numbers: Concat → standardise → clip → fill missing → Gemm. Categories: a look-up from text to the row of coefficients it
 * adds; for one output the look-up is the encoder itself.
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
  const parts = [
    ...(numeric.length > 0 ? [numericPart(model, target, numeric)] : []),
    ...categorical.map((placed) => categoricalPart(model, target, placed)),
  ];
  if (parts.length === 0) {
    writeConstant(target, model.task, interceptOutput(model));
    return;
  }
  const bias = graph.floats(model.intercepts, [1, model.intercepts.length]);
  const outputs = model.task === 'regression' ? { outputs: [target.value] } : {};
  const scores = graph.node({ operator: 'Sum', inputs: [...parts, bias], ...outputs });
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

function numericPart(
  model: LinearModel,
  { graph }: GraphTarget,
  placed: readonly Placed<NumericEncoder>[],
): string {
  const width = placed.length;
  const row = (value: (encoder: NumericEncoder) => number) =>
    graph.floats(
      placed.map(({ encoder }) => value(encoder)),
      [1, width],
    );
  const axis = { axis: { int: 1 } };
  const names = placed.map(({ encoder }) => encoder.feature);
  const matrix = graph.node({ operator: 'Concat', inputs: names, attributes: axis });
  const missing = graph.node({ operator: 'IsNaN', inputs: [matrix] });
  const centred = graph.node({ operator: 'Sub', inputs: [matrix, row(({ mean }) => mean)] });
  const scaled = graph.node({ operator: 'Mul', inputs: [centred, row(({ scale }) => 1 / scale)] });
  const limits = [graph.floats([-STANDARDISED_MAX], []), graph.floats([STANDARDISED_MAX], [])];
  const clipped = graph.node({ operator: 'Clip', inputs: [scaled, ...limits] });
  const fill = row((encoder) => standardise(new Float32Array([Number.NaN]), encoder)[0]!);
  const filled = graph.node({ operator: 'Where', inputs: [missing, fill, clipped] });
  const values = multiply(
    model,
    graph,
    filled,
    placed.map(({ term }) => term),
  );
  if (!placed.some(({ encoder }) => encoder.missingIndicator)) return values;
  const indicators = graph.node({ operator: 'Cast', inputs: [missing], attributes: { to: { int: 1 } } });
  const shifts = multiply(
    model,
    graph,
    indicators,
    placed.map(({ encoder, term }) => (encoder.missingIndicator ? term + 1 : -1)),
  );
  return graph.node({ operator: 'Add', inputs: [values, shifts] });
}

/** matrix [N, columns] × coefficients of `terms` (-1: 0) → [N, outputs] */
function multiply(
  model: LinearModel,
  graph: GraphTarget['graph'],
  matrix: string,
  terms: readonly number[],
): string {
  const outputs = model.intercepts.length;
  const weights = terms.flatMap((term) => coefficientsOf(model, term));
  return graph.node({
    operator: 'MatMul',
    inputs: [matrix, graph.floats(weights, [terms.length, outputs])],
  });
}

function coefficientsOf(model: LinearModel, term: number): number[] {
  const outputs = model.intercepts.length;
  const terms = model.coefficients.length / outputs;
  return Array.from({ length: outputs }, (_, k) => (term < 0 ? 0 : model.coefficients[k * terms + term]!));
}

function categoricalPart(
  model: LinearModel,
  { graph }: GraphTarget,
  { encoder, term }: Placed<CategoricalEncoder>,
): string {
  const keys = [...encoder.levels, ...(encoder.missingIndicator ? [''] : [])];
  const rows = keys.map((_, i) => coefficientsOf(model, term + i));
  const common = { operator: 'LabelEncoder', domain: ML_DOMAIN, inputs: [encoder.feature] } as const;
  if (model.intercepts.length === 1) {
    return graph.node({
      ...common,
      attributes: {
        keys_strings: { strings: keys },
        values_floats: { floats: rows.map((row) => row[0]!) },
        default_float: { float: 0 },
      },
    });
  }
  const index = graph.node({
    ...common,
    attributes: {
      keys_strings: { strings: keys },
      values_int64s: { ints: keys.map((_, i) => i) },
      default_int64: { int: keys.length },
    },
  });
  const outputs = model.intercepts.length;
  const table = graph.floats(
    [...rows.flat(), ...new Array<number>(outputs).fill(0)],
    [keys.length + 1, outputs],
  );
  const flat = graph.node({ operator: 'Squeeze', inputs: [index, graph.integers([1], [1])] });
  return graph.node({ operator: 'Gather', inputs: [table, flat] });
}
