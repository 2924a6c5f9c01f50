/**
 * A header and named arrays in one file, as `frames.py` reads and writes it: "SLF1", uint32 length of the JSON header, the header,
 * arrays each from a multiple of 8. All little-endian.
 */
const MAGIC = 0x31464c53;
const PREFIX_BYTES = 8;

const TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const;
type ArrayType = keyof typeof TYPES;
export type FrameArray = Float32Array | Float64Array | Int32Array | Uint8Array;

interface Entry {
  readonly name: string;
  readonly type: ArrayType;
  readonly length: number;
  /** Bytes from the first one after the padded header. */
  readonly offset: number;
}

export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, FrameArray>>;
}

export function encodeFrame({ header, arrays }: Frame): Uint8Array {
  let offset = 0;
  const entries = Object.entries(arrays).map(([name, array]): Entry => {
    const entry = { name, type: typeOf(array), length: array.length, offset };
    offset += padded(array.byteLength);
    return entry;
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: entries }));
  const start = padded(PREFIX_BYTES + text.length);
  const bytes = new Uint8Array(start + offset);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, text.length, true);
  bytes.set(text, PREFIX_BYTES);
  for (const entry of entries) {
    const array = arrays[entry.name]!;
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), start + entry.offset);
  }
  return bytes;
}

/** @throws RangeError or SyntaxError when the bytes are not a whole frame */
export function decodeFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('the file is not a frame');
  const length = view.getUint32(4, true);
  const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
  const { arrays: entries, ...header } = JSON.parse(text) as { arrays: readonly Entry[] };
  const start = padded(PREFIX_BYTES + length);
  const arrays: Record<string, FrameArray> = {};
  for (const { name, type, length: items, offset } of entries) {
    const kind = TYPES[type];
    const from = start + offset;
    const size = items * kind.BYTES_PER_ELEMENT;
    if (kind === undefined || from + size > bytes.length) throw new RangeError('the frame is not whole');
    // A copy: typed arrays must start at a multiple of their size, and a buffer read from a file need not.
    const own = new Uint8Array(size);
    own.set(bytes.subarray(from, from + size));
    arrays[name] = new kind(own.buffer);
  }
  return { header, arrays };
}

function typeOf(array: FrameArray): ArrayType {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  return array instanceof Int32Array ? 'int32' : 'uint8';
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
