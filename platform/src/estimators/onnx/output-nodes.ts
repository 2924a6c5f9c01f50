import type { Task } from '../types.ts';
import type { GraphBuilder } from './graph-builder.ts';

/** Where a family writes its nodes. */
export interface GraphTarget {
  readonly graph: GraphBuilder;
  /** Name of the numeric output. */
  readonly value: string;
  /** Name of the label output. */
  readonly label: string;
  readonly labels: readonly string[];
  /** An input that tells the number of rows. */
  readonly anyInput: string;
}

/** The same output for every row: the number of rows is the first dimension of any input. */
export function writeConstant(target: GraphTarget, task: Task, output: readonly number[]): void {
  const { graph, value, anyInput } = target;
  const shape = graph.node({ operator: 'Shape', inputs: [anyInput] });
  const row = graph.floats(output, [1, output.length]);
  graph.node({ operator: 'Expand', inputs: [row, shape], outputs: [value] });
  if (task !== 'regression') writeLabel(target);
}

/** Binary: raw score [N, 1] → [1 - p, p] and the label. */
export function writeBinary(target: GraphTarget, score: string): void {
  const { graph, value } = target;
  const p = graph.node({ operator: 'Sigmoid', inputs: [score] });
  const rest = graph.node({ operator: 'Sub', inputs: [graph.floats([1], [1]), p] });
  graph.node({ operator: 'Concat', inputs: [rest, p], outputs: [value], attributes: { axis: { int: 1 } } });
  writeLabel(target);
}

/** Raw scores [N, K] → softmax and the label. */
export function writeSoftmax(target: GraphTarget, scores: string): void {
  const { graph, value } = target;
  graph.node({ operator: 'Softmax', inputs: [scores], outputs: [value], attributes: { axis: { int: 1 } } });
  writeLabel(target);
}

/** The label of the greatest probability; the first of equals. */
function writeLabel({ graph, value, label, labels }: GraphTarget): void {
  const attributes = { axis: { int: 1 }, keepdims: { int: 0 } };
  const best = graph.node({ operator: 'ArgMax', inputs: [value], attributes });
  graph.node({ operator: 'Gather', inputs: [graph.texts(labels), best], outputs: [label] });
}
