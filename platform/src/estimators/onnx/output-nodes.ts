import { SHARE_MIN } from '../predict.ts';
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

/** Shares that may lie a rounding outside [0, 1]: [N, 1] of the positive class, or [N, K] that are made to sum to 1. */
export function writeShares(target: GraphTarget, shares: string, outputs: number): void {
  const { graph, value } = target;
  const concat = { axis: { int: 1 } };
  if (outputs === 1) {
    const above = graph.node({ operator: 'Max', inputs: [shares, graph.floats([0], [1])] });
    const p = graph.node({ operator: 'Min', inputs: [above, graph.floats([1], [1])] });
    const rest = graph.node({ operator: 'Sub', inputs: [graph.floats([1], [1]), p] });
    graph.node({ operator: 'Concat', inputs: [rest, p], outputs: [value], attributes: concat });
  } else {
    const above = graph.node({ operator: 'Max', inputs: [shares, graph.floats([SHARE_MIN], [1])] });
    const ones = graph.floats(new Array(outputs).fill(1), [outputs, 1]);
    const sum = graph.node({ operator: 'MatMul', inputs: [above, ones] });
    graph.node({ operator: 'Div', inputs: [above, sum], outputs: [value] });
  }
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
