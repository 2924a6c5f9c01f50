import { ProtobufWriter } from './protobuf.ts';

/** Element types. Numbers here and field numbers below are those of onnx.proto3. */
export const ELEMENT = { float: 1, int64: 7, string: 8, double: 11 } as const;
const ATTRIBUTE = { float: 1, int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const;
const IR_VERSION = 8;
const OPSET_MAIN = 17;
const OPSET_ML = 3;
export const ML_DOMAIN = 'ai.onnx.ml';

export type ElementType = keyof typeof ELEMENT;

export type Attribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly string: string }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly number[] }
  | { readonly strings: readonly string[] };

export interface NodeSpec {
  readonly operator: string;
  readonly domain?: typeof ML_DOMAIN;
  readonly inputs: readonly string[];
  /** Names of the outputs; default: one fresh name. */
  readonly outputs?: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  /** A number, or the name of a free dimension. */
  readonly shape: readonly (number | string)[];
}

/** A tensor in the file; one of the values is there. */
interface Constant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly floats?: readonly number[];
  readonly doubles?: readonly number[];
  readonly ints?: readonly number[];
  readonly texts?: readonly string[];
}

/** Collects an ONNX graph and writes it. Names it makes up never equal a name given to it as taken. */
export class GraphBuilder {
  readonly #nodes: Required<NodeSpec>[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #constants: Constant[] = [];
  readonly #prefix: string;
  #fresh = 0;

  constructor(taken: readonly string[]) {
    let prefix = 't';
    while (taken.some((name) => name.startsWith(prefix))) prefix += '_';
    this.#prefix = prefix;
  }

  input(name: string, type: ElementType): string {
    this.#inputs.push({ name, type, shape: ['N', 1] });
    return name;
  }

  output(name: string, type: ElementType, shape: readonly (number | string)[]): void {
    this.#outputs.push({ name, type, shape });
  }

  floats(values: readonly number[], dims: readonly number[]): string {
    const name = this.#name();
    this.#constants.push({ name, dims, floats: values });
    return name;
  }

  doubles(values: readonly number[], dims: readonly number[]): string {
    const name = this.#name();
    this.#constants.push({ name, dims, doubles: values });
    return name;
  }

  integers(values: readonly number[], dims: readonly number[]): string {
    const name = this.#name();
    this.#constants.push({ name, dims, ints: values });
    return name;
  }

  texts(values: readonly string[]): string {
    const name = this.#name();
    this.#constants.push({ name, dims: [values.length], texts: values });
    return name;
  }

  /** Adds a node and returns the name of its first output. */
  node(spec: NodeSpec): string {
    const outputs = spec.outputs ?? [this.#name()];
    this.#nodes.push({ domain: '' as typeof ML_DOMAIN, attributes: {}, ...spec, outputs });
    return outputs[0]!;
  }

  finish(name: string): Uint8Array {
    return new ProtobufWriter()
      .integer(1, IR_VERSION)
      .text(2, 'slipway')
      .message(7, (graph) => {
        for (const node of this.#nodes) graph.message(1, (to) => writeNode(to, node));
        graph.text(2, name);
        for (const constant of this.#constants) graph.message(5, (to) => writeTensor(to, constant));
        for (const value of this.#inputs) graph.message(11, (to) => writeValueInfo(to, value));
        for (const value of this.#outputs) graph.message(12, (to) => writeValueInfo(to, value));
      })
      .message(8, (opset) => opset.text(1, '').integer(2, OPSET_MAIN))
      .message(8, (opset) => opset.text(1, ML_DOMAIN).integer(2, OPSET_ML))
      .finish();
  }

  #name(): string {
    return `${this.#prefix}${this.#fresh++}`;
  }
}

function writeNode(to: ProtobufWriter, node: Required<NodeSpec>): void {
  for (const input of node.inputs) to.text(1, input);
  for (const output of node.outputs) to.text(2, output);
  to.text(3, `${node.operator}:${node.outputs[0]}`).text(4, node.operator);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    to.message(5, (nested) => writeAttribute(nested.text(1, name), attribute));
  }
  if (node.domain.length > 0) to.text(7, node.domain);
}

function writeAttribute(to: ProtobufWriter, attribute: Attribute): void {
  if ('float' in attribute) to.float(2, attribute.float).integer(20, ATTRIBUTE.float);
  else if ('int' in attribute) to.integer(3, attribute.int).integer(20, ATTRIBUTE.int);
  else if ('string' in attribute) to.text(4, attribute.string).integer(20, ATTRIBUTE.string);
  else if ('floats' in attribute) to.packedFloats(7, attribute.floats).integer(20, ATTRIBUTE.floats);
  else if ('ints' in attribute) to.packedIntegers(8, attribute.ints).integer(20, ATTRIBUTE.ints);
  else {
    for (const text of attribute.strings) to.text(9, text);
    to.integer(20, ATTRIBUTE.strings);
  }
}

function writeTensor(to: ProtobufWriter, tensor: Constant): void {
  to.packedIntegers(1, tensor.dims).text(8, tensor.name);
  if (tensor.floats !== undefined) to.integer(2, ELEMENT.float).packedFloats(4, tensor.floats);
  else if (tensor.doubles !== undefined) to.integer(2, ELEMENT.double).packedDoubles(10, tensor.doubles);
  else if (tensor.ints !== undefined) to.integer(2, ELEMENT.int64).packedIntegers(7, tensor.ints);
  else {
    to.integer(2, ELEMENT.string);
    for (const text of tensor.texts ?? []) to.text(6, text);
  }
}

function writeValueInfo(to: ProtobufWriter, value: ValueInfo): void {
  to.text(1, value.name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.integer(1, ELEMENT[value.type]).message(2, (shape) => {
        for (const dim of value.shape) {
          shape.message(1, (to) => (typeof dim === 'number' ? to.integer(1, dim) : to.text(2, dim)));
        }
      }),
    ),
  );
}
