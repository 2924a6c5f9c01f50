import type { RowReasons } from '../../contracts/deployments.ts';
import type { SignatureInput } from '../../contracts/models.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import type { DecodedRequest, PredictionBatch, ServableModel } from '../types.ts';
import { decodeColumns, labelsOf, type ProtocolModel, readReasons, unreadableInput } from './inputs.ts';
import { readBinaryTensor, type WireTensor, writeBinaryTensor } from './tensors.ts';

/**
 * Open Inference Protocol v2 over REST, with the binary tensor extension.
 * https://github.com/open-inference/open-inference-protocol
 */
export interface InferRequest {
  readonly id: string | undefined;
  readonly request: DecodedRequest;
  /** Names asked for, and whether each is wanted binary; undefined: all, as JSON unless `binaryDefault`. */
  readonly outputs: readonly { readonly name: string; readonly binary: boolean }[] | undefined;
  readonly binaryDefault: boolean;
  /** Columns told per row as reasons, asked by the parameter `reasons`; 0: none. */
  readonly reasons: number;
}

interface RequestJson {
  readonly id?: unknown;
  readonly parameters?: { readonly binary_data_output?: unknown; readonly reasons?: unknown };
  readonly inputs?: unknown;
  readonly outputs?: unknown;
}

/** @param headerLength value of Inference-Header-Content-Length, when sent: binary tensors follow the JSON */
export function readInfer(
  body: Buffer,
  headerLength: number | undefined,
  model: ProtocolModel,
): InferRequest {
  const json = readHeader(body, headerLength);
  if (!Array.isArray(json.inputs) || json.inputs.length === 0) {
    throw unreadableInput(
      'the request has no inputs',
      'Send {"inputs": [{"name": …, "shape": [rows, 1], "datatype": …, "data": […]}]}.',
    );
  }
  const tensors = readTensors(json.inputs, body, headerLength ?? body.length);
  const rows = rowsOf(tensors);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor.values]));
  return {
    id: json.id === undefined ? undefined : String(json.id),
    request: decodeColumns(model, rows, (name) => byName.get(name)),
    outputs: readOutputs(json.outputs),
    binaryDefault: json.parameters?.binary_data_output === true,
    reasons: readReasons(json.parameters?.reasons, rows),
  };
}

function readHeader(body: Buffer, headerLength: number | undefined): RequestJson {
  if (
    headerLength !== undefined &&
    (!Number.isInteger(headerLength) || headerLength < 0 || headerLength > body.length)
  ) {
    throw unreadableInput(
      'Inference-Header-Content-Length is not a length within the body',
      'Send the number of bytes of the JSON part.',
    );
  }
  try {
    const json: unknown = JSON.parse(body.toString('utf8', 0, headerLength ?? body.length));
    if (json !== null && typeof json === 'object' && !Array.isArray(json)) return json as RequestJson;
  } catch (error) {
    throw unreadableInput(
      `the body is not JSON: ${(error as Error).message.slice(0, 200)}`,
      'Send an inference request of the Open Inference Protocol v2.',
    );
  }
  throw unreadableInput(
    'the body is not a JSON object',
    'Send an inference request of the Open Inference Protocol v2.',
  );
}

interface Tensor {
  readonly name: string;
  readonly rows: number;
  readonly values: readonly unknown[];
}

function readTensors(inputs: readonly unknown[], body: Buffer, binaryFrom: number): Tensor[] {
  let offset = binaryFrom;
  return inputs.map((input) => {
    const tensor = (input ?? {}) as Partial<WireTensor>;
    if (
      typeof tensor.name !== 'string' ||
      typeof tensor.datatype !== 'string' ||
      !Array.isArray(tensor.shape)
    ) {
      throw unreadableInput(
        'an input lacks name, shape or datatype',
        'Give every input name, shape, datatype and data.',
      );
    }
    const size = tensor.parameters?.binary_data_size;
    let values: readonly unknown[];
    if (typeof size === 'number') {
      values = readBinaryTensor(tensor as WireTensor, body.subarray(offset, offset + size), size);
      offset += size;
    } else values = flatten(tensor.data);
    const elements = tensor.shape.reduce((product: number, side) => product * Number(side), 1);
    if (elements !== values.length) throw wrongShape(tensor.name, tensor.shape, values.length);
    return { name: tensor.name, rows: Number(tensor.shape[0] ?? 1), values };
  });
}

function flatten(data: unknown): readonly unknown[] {
  if (!Array.isArray(data)) return [];
  return data.some(Array.isArray) ? data.flat(8) : data;
}

/** One tensor per column: all have as many elements as rows. */
function rowsOf(tensors: readonly Tensor[]): number {
  const { rows } = tensors[0]!;
  for (const tensor of tensors) {
    if (tensor.rows !== rows) throw wrongShape(tensor.name, [tensor.rows], rows);
    if (tensor.values.length !== rows)
      throw wrongShape(tensor.name, [rows, tensor.values.length / Math.max(1, rows)], rows);
  }
  return rows;
}

function wrongShape(name: string, shape: readonly unknown[], values: number): SlipwayError {
  return new SlipwayError('INPUT_WRONG_SHAPE', {
    message: `input '${name}' has shape [${shape.join(', ')}], which does not fit ${values} values`,
    fix: 'Send one tensor per column, of shape [rows] or [rows, 1], with one value per row.',
    details: { name },
  });
}

function readOutputs(outputs: unknown): InferRequest['outputs'] {
  if (!Array.isArray(outputs)) return undefined;
  return outputs.map((output: { name?: unknown; parameters?: { binary_data?: unknown } }) => ({
    name: String(output?.name),
    binary: output?.parameters?.binary_data === true,
  }));
}

export interface InferReply {
  readonly body: Buffer | string;
  /** Set when binary tensors follow the JSON. */
  readonly headerLength: number | undefined;
}

/** @throws INPUT_UNREADABLE when an output is asked for that the model does not have */
export function writeInfer(
  asked: InferRequest,
  batch: PredictionBatch,
  reasons?: readonly RowReasons[],
): InferReply {
  const available = outputTensors(batch);
  if (reasons !== undefined) available.push(reasonsTensor(reasons));
  const wanted =
    asked.outputs ?? available.map((tensor) => ({ name: tensor.name, binary: asked.binaryDefault }));
  const binary: Buffer[] = [];
  const outputs = wanted.map(({ name, binary: asBinary }) => {
    const tensor = available.find((candidate) => candidate.name === name);
    if (tensor === undefined) {
      throw unreadableInput(
        `the model has no output '${name}'`,
        `It has ${available.map((candidate) => candidate.name).join(', ')}.`,
      );
    }
    const { datatype, shape } = tensor;
    if (!asBinary) return { name, datatype, shape, data: tensor.data };
    const bytes = writeBinaryTensor(tensor);
    binary.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  });
  const { model, version } = batch.model;
  const json = JSON.stringify({
    model_name: model,
    model_version: String(version),
    ...(asked.id === undefined ? {} : { id: asked.id }),
    parameters: { prediction_ids: batch.ids.join(',') },
    outputs,
  });
  if (binary.length === 0) return { body: json, headerLength: undefined };
  const header = Buffer.from(json);
  return { body: Buffer.concat([header, ...binary]), headerLength: header.length };
}

function outputTensors({
  model,
  outputs,
  outputsPerRow,
  ids,
}: PredictionBatch): Required<Omit<WireTensor, 'parameters'>>[] {
  const { signature } = model;
  const rows = ids.length;
  if (signature.labels.length === 0)
    return [{ name: 'prediction', datatype: 'FP32', shape: [rows], data: Array.from(outputs) }];
  const datatype = signature.numericLabels ? 'FP64' : 'BYTES';
  return [
    { name: 'label', datatype, shape: [rows], data: labelsOf(signature, outputs) },
    { name: 'probabilities', datatype: 'FP32', shape: [rows, outputsPerRow], data: Array.from(outputs) },
  ];
}

/** One JSON text per row: the protocol has no tensor of records. */
function reasonsTensor(reasons: readonly RowReasons[]): Required<Omit<WireTensor, 'parameters'>> {
  const data = reasons.map((row) => JSON.stringify(row));
  return { name: 'reasons', datatype: 'BYTES', shape: [reasons.length], data };
}

const DATATYPES: Record<SignatureInput['type'], string> = {
  string: 'BYTES',
  number: 'FP64',
  integer: 'INT64',
  boolean: 'BOOL',
  date: 'BYTES',
  timestamp: 'BYTES',
};

export function modelMetadata({ model, version, signature }: ServableModel) {
  const outputs =
    signature.labels.length === 0
      ? [{ name: 'prediction', datatype: 'FP32', shape: [-1] }]
      : [
          { name: 'label', datatype: signature.numericLabels ? 'FP64' : 'BYTES', shape: [-1] },
          { name: 'probabilities', datatype: 'FP32', shape: [-1, signature.labels.length] },
        ];
  return {
    name: model,
    versions: [String(version)],
    platform: 'onnx_onnxv1',
    inputs: signature.inputs.map(({ name, type }) => ({ name, datatype: DATATYPES[type], shape: [-1, 1] })),
    outputs,
  };
}
