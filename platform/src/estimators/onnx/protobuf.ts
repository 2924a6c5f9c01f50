const INITIAL_BYTES = 1024;

// The format is little-endian, as is every platform Node runs on, so arrays are written as they lie in memory.

/**
 * Writes Protocol Buffers wire format: just what an ONNX file needs. A nested message is written by a callback into a writer
 * of its own, because its length comes before its bytes.
 */
export class ProtobufWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #length = 0;

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** A varint field; negative values take ten bytes, as the format has it. */
  integer(field: number, value: number): this {
    this.#varint(field << 3);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint((field << 3) | 5);
    this.#float32(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.blob(field, new TextEncoder().encode(value));
  }

  blob(field: number, bytes: Uint8Array): this {
    this.#varint((field << 3) | 2);
    this.#varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  message(field: number, write: (nested: ProtobufWriter) => void): this {
    const nested = new ProtobufWriter();
    write(nested);
    return this.blob(field, nested.#bytes.subarray(0, nested.#length));
  }

  packedIntegers(field: number, values: readonly number[]): this {
    return this.message(field, (nested) => {
      for (const value of values) nested.#varint(value);
    });
  }

  packedFloats(field: number, values: readonly number[]): this {
    return this.blob(field, new Uint8Array(Float32Array.from(values).buffer));
  }

  packedDoubles(field: number, values: readonly number[]): this {
    return this.blob(field, new Uint8Array(Float64Array.from(values).buffer));
  }

  #varint(value: number): void {
    this.#reserve(10);
    if (value >= 0 && value < 128) {
      // Nearly all: tags, and the small numbers of trees.
      this.#bytes[this.#length++] = value;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #float32(value: number): void {
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
