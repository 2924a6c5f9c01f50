import { unreadableInput } from './inputs.ts';

/** A tensor as the Open Inference Protocol writes it in JSON. */
export interface WireTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: { readonly binary_data_size?: unknown };
}

interface Codec {
  readonly bytes: number;
  readonly read: (buffer: Buffer, offset: number) => unknown;
  readonly write: (buffer: Buffer, value: number, offset: number) => unknown;
}

/** Little-endian element codecs of the binary extension. */
const CODECS: Record<string, Codec> = {
  BOOL: {
    bytes: 1,
    read: (b, o) => b.readUInt8(o) !== 0,
    write: (b, v, o) => b.writeUInt8(v === 0 ? 0 : 1, o),
  },
  UINT8: { bytes: 1, read: (b, o) => b.readUInt8(o), write: (b, v, o) => b.writeUInt8(v, o) },
  UINT16: { bytes: 2, read: (b, o) => b.readUInt16LE(o), write: (b, v, o) => b.writeUInt16LE(v, o) },
  UINT32: { bytes: 4, read: (b, o) => b.readUInt32LE(o), write: (b, v, o) => b.writeUInt32LE(v, o) },
  UINT64: {
    bytes: 8,
    read: (b, o) => b.readBigUInt64LE(o),
    write: (b, v, o) => b.writeBigUInt64LE(BigInt(v), o),
  },
  INT8: { bytes: 1, read: (b, o) => b.readInt8(o), write: (b, v, o) => b.writeInt8(v, o) },
  INT16: { bytes: 2, read: (b, o) => b.readInt16LE(o), write: (b, v, o) => b.writeInt16LE(v, o) },
  INT32: { bytes: 4, read: (b, o) => b.readInt32LE(o), write: (b, v, o) => b.writeInt32LE(v, o) },
  INT64: {
    bytes: 8,
    read: (b, o) => b.readBigInt64LE(o),
    write: (b, v, o) => b.writeBigInt64LE(BigInt(v), o),
  },
  FP32: { bytes: 4, read: (b, o) => b.readFloatLE(o), write: (b, v, o) => b.writeFloatLE(v, o) },
  FP64: { bytes: 8, read: (b, o) => b.readDoubleLE(o), write: (b, v, o) => b.writeDoubleLE(v, o) },
};

const LENGTH_BYTES = 4;

/** Elements of a binary tensor. NaN is how a missing number is sent; it becomes null here. */
export function readBinaryTensor(tensor: WireTensor, bytes: Buffer, size: number): unknown[] {
  if (bytes.length !== size)
    throw unreadableInput(
      `input '${tensor.name}' announces ${size} bytes, ${bytes.length} came`,
      'Send all bytes of every binary tensor.',
    );
  if (tensor.datatype === 'BYTES') return readByteStrings(tensor.name, bytes);
  const codec = CODECS[tensor.datatype];
  if (codec === undefined || bytes.length % codec.bytes !== 0) {
    throw unreadableInput(
      `input '${tensor.name}' has ${bytes.length} bytes of ${tensor.datatype}`,
      `Known datatypes: BYTES, ${Object.keys(CODECS).join(', ')}.`,
    );
  }
  return Array.from({ length: bytes.length / codec.bytes }, (_, i) => {
    const value = codec.read(bytes, i * codec.bytes);
    return typeof value === 'number' && Number.isNaN(value) ? null : value;
  });
}

function readByteStrings(name: string, bytes: Buffer): string[] {
  const values: string[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const end =
      offset + LENGTH_BYTES <= bytes.length
        ? offset + LENGTH_BYTES + bytes.readUInt32LE(offset)
        : Number.POSITIVE_INFINITY;
    if (end > bytes.length)
      throw unreadableInput(
        `input '${name}' ends inside an element`,
        'Prefix each BYTES element with its length as a 32-bit little-endian number.',
      );
    values.push(bytes.toString('utf8', offset + LENGTH_BYTES, end));
    offset = end;
  }
  return values;
}

export function writeBinaryTensor(tensor: {
  readonly datatype: string;
  readonly data: readonly unknown[];
}): Buffer {
  if (tensor.datatype === 'BYTES') {
    return Buffer.concat(
      tensor.data.map((value) => {
        const text = Buffer.from(String(value));
        const length = Buffer.alloc(LENGTH_BYTES);
        length.writeUInt32LE(text.length);
        return Buffer.concat([length, text]);
      }),
    );
  }
  const codec = CODECS[tensor.datatype]!;
  const bytes = Buffer.alloc(tensor.data.length * codec.bytes);
  tensor.data.forEach((value, i) => {
    codec.write(bytes, Number(value), i * codec.bytes);
  });
  return bytes;
}
