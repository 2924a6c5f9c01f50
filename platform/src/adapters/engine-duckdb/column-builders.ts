import type { DuckDBDataChunk } from '@duckdb/node-api';
import { assert } from '../../kernel/assert.ts';
import type { Column, NumericColumn } from '../../tables/table.ts';

/**
 * From DuckDB's chunks (at most 2,048 rows) to typed columns. The vectors' own accessors cost some hundred nanoseconds a value (BigInt
 * arithmetic for each validity bit, a decoded text for each cell), so the builders read the memory behind them. The package is pinned,
 * and the shapes are asserted: another version fails loudly, not wrongly.
 */
export interface ColumnBuilder {
  /** Columns of the chunk that it reads, from `index` on. */
  readonly width: number;
  append(chunk: DuckDBDataChunk, index: number): void;
  build(name: string): Column;
}

const ROWS_FIRST = 4096;
const LARGEST_EXACT = 9007199254740992;

interface Validity {
  readonly data: BigUint64Array | null;
  readonly offset: number;
}

/** One bit a row, 1 = valid; undefined when all are. */
function validBits(validity: Validity): Uint8Array | undefined {
  const { data, offset } = validity;
  assert(offset === 0, 'a fetched chunk begins at its vector');
  return data === null ? undefined : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export class NumberBuilder implements ColumnBuilder {
  readonly width = 1;
  private values = new Float64Array(ROWS_FIRST);
  private rows = 0;
  private readonly type: NumericColumn['type'];

  constructor(type: NumericColumn['type']) {
    this.type = type;
  }

  append(chunk: DuckDBDataChunk, index: number): void {
    const vector = chunk.getColumnVector(index) as unknown as { items: Float64Array; validity: Validity };
    assert(vector.items instanceof Float64Array, 'the projection made a DOUBLE');
    const count = chunk.rowCount;
    this.values = room(this.values, this.rows, count);
    this.values.set(vector.items.subarray(0, count), this.rows);
    const bits = validBits(vector.validity);
    if (bits !== undefined) clearInvalid(this.values, this.rows, count, bits);
    this.rows += count;
  }

  build(name: string): Column {
    return { name, type: this.type, values: this.values.slice(0, this.rows) };
  }
}

function clearInvalid(values: Float64Array, from: number, count: number, bits: Uint8Array): void {
  for (let row = 0; row < count; row++) {
    if ((bits[row >> 3]! & (1 << (row & 7))) === 0) values[from + row] = Number.NaN;
  }
}

/** 64-bit integers: numbers as long as all of them are exact as float64, else texts (numbers before the first long one included). */
export class LongBuilder implements ColumnBuilder {
  readonly width = 1;
  private values = new Float64Array(ROWS_FIRST);
  private rows = 0;
  private texts: TextBuilder | undefined;

  append(chunk: DuckDBDataChunk, index: number): void {
    const { items, validity } = chunk.getColumnVector(index) as unknown as {
      items: BigInt64Array;
      validity: Validity;
    };
    assert(items instanceof BigInt64Array, 'the projection made a BIGINT');
    const count = chunk.rowCount;
    const bits = validBits(validity);
    this.values = room(this.values, this.rows, count);
    const exact = this.texts === undefined && copyLongs({ items, bits }, this.values, this.rows, count);
    if (exact) {
      if (bits !== undefined) clearInvalid(this.values, this.rows, count, bits);
      this.rows += count;
      return;
    }
    this.texts ??= this.asTexts();
    for (let row = 0; row < count; row++) {
      const valid = bits === undefined || (bits[row >> 3]! & (1 << (row & 7))) !== 0;
      this.texts.add(valid ? String(items[row]) : undefined);
    }
  }

  build(name: string): Column {
    return this.texts?.build(name) ?? { name, type: 'integer', values: this.values.slice(0, this.rows) };
  }

  private asTexts(): TextBuilder {
    const texts = new TextBuilder();
    for (let row = 0; row < this.rows; row++) {
      const value = this.values[row]!;
      texts.add(Number.isNaN(value) ? undefined : String(value));
    }
    return texts;
  }
}

/** @returns whether every valid value is exact as float64; the memory behind an invalid one is arbitrary and says nothing */
function copyLongs(
  { items, bits }: { items: BigInt64Array; bits: Uint8Array | undefined },
  values: Float64Array,
  from: number,
  count: number,
): boolean {
  const low = new Uint32Array(items.buffer, items.byteOffset, count * 2);
  const high = new Int32Array(items.buffer, items.byteOffset, count * 2);
  let largest = 0;
  for (let row = 0; row < count; row++) {
    const value = high[2 * row + 1]! * 4294967296 + low[2 * row]!;
    values[from + row] = value;
    const size = value < 0 ? -value : value;
    if (size > largest && (bits === undefined || (bits[row >> 3]! & (1 << (row & 7))) !== 0)) largest = size;
  }
  // At the limit itself float64 cannot tell 2^53 from 2^53 + 1: only then the integers are looked at.
  return largest < LARGEST_EXACT || (largest === LARGEST_EXACT && items.subarray(0, count).every(isExact));
}

function isExact(item: bigint): boolean {
  return item <= 9007199254740992n && item >= -9007199254740992n;
}

interface TextVector {
  readonly dataView: DataView;
  readonly itemOffset: number;
  readonly validity: Validity;
  getItem(row: number): string | null;
}

/**
 * Texts as dictionary codes, from two columns: the text and DuckDB's 64-bit hash of it. A text is 16 bytes: its length, then the text
 * itself (up to 12 bytes, padded with zeros) or four bytes of it and a pointer. A table on these words, the hash in place of the
 * pointer, finds the code without decoding; each distinct text is decoded once. Two long texts are taken for one only if length, first
 * four bytes and hash agree: for a million distinct texts a chance below 10^-8.
 */
export class TextBuilder implements ColumnBuilder {
  readonly width = 2;
  private codes = new Int32Array(ROWS_FIRST);
  private rows = 0;
  private readonly index = new Map<string, number>();
  private readonly dictionary: string[] = [];
  private readonly table = new WordTable();
  private readonly key = new Int32Array(4);

  append(chunk: DuckDBDataChunk, index: number): void {
    const vector = chunk.getColumnVector(index) as unknown as TextVector;
    assert(vector.dataView instanceof DataView && vector.itemOffset === 0, 'the projection made a VARCHAR');
    const count = chunk.rowCount;
    this.codes = room(this.codes, this.rows, count);
    const { buffer, byteOffset } = vector.dataView;
    const words = new Int32Array(buffer, byteOffset, count * 4);
    const hash = chunk.getColumnVector(index + 1) as unknown as { items: BigUint64Array };
    const hashes = new Int32Array(hash.items.buffer, hash.items.byteOffset, count * 2);
    const bits = validBits(vector.validity);
    for (let row = 0; row < count; row++) {
      const valid = bits === undefined || (bits[row >> 3]! & (1 << (row & 7))) !== 0;
      this.codes[this.rows + row] = valid ? this.codeAt(words, hashes, row, vector) : -1;
    }
    this.rows += count;
  }

  /** One text, or undefined for a missing value. */
  add(text: string | undefined): void {
    this.codes = room(this.codes, this.rows, 1);
    this.codes[this.rows++] = text === undefined ? -1 : this.codeOf(text);
  }

  build(name: string): Column {
    return { name, type: 'string', codes: this.codes.slice(0, this.rows), dictionary: this.dictionary };
  }

  private codeAt(words: Int32Array, hashes: Int32Array, row: number, vector: TextVector): number {
    const { table, key } = this;
    const at = 4 * row;
    const short = words[at]! <= 12;
    key[0] = words[at]!;
    key[1] = words[at + 1]!;
    key[2] = short ? words[at + 2]! : hashes[2 * row]!;
    key[3] = short ? words[at + 3]! : hashes[2 * row + 1]!;
    const slot = table.find(key, 0);
    const known = table.codes[slot]!;
    if (known !== -1) return known;
    const code = this.codeOf(vector.getItem(row)!);
    table.insert(slot, key, 0, code);
    return code;
  }

  private codeOf(text: string): number {
    let code = this.index.get(text);
    if (code === undefined) {
      code = this.dictionary.length;
      this.index.set(text, code);
      this.dictionary.push(text);
    }
    return code;
  }
}

/** Open addressing from four 32-bit words to a code; linear probing, at most half full. */
class WordTable {
  /** -1 = free. */
  codes = new Int32Array(64).fill(-1);
  private keys = new Int32Array(64 * 4);
  private used = 0;

  /** The slot that holds the key, or the free one where it belongs. */
  find(words: Int32Array, at: number): number {
    const { codes, keys } = this;
    const mask = codes.length - 1;
    const [a, b, c, d] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
    let hash =
      Math.imul(a, 0x9e3779b1) ^
      Math.imul(b, 0x85ebca6b) ^
      Math.imul(c, 0xc2b2ae35) ^
      Math.imul(d, 0x27d4eb2f);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      if (codes[slot] === -1) return slot;
      const key = slot * 4;
      if (keys[key] === a && keys[key + 1] === b && keys[key + 2] === c && keys[key + 3] === d) return slot;
    }
  }

  insert(slot: number, words: Int32Array, at: number, code: number): void {
    this.codes[slot] = code;
    for (let i = 0; i < 4; i++) this.keys[slot * 4 + i] = words[at + i]!;
    this.used++;
    if (this.used * 2 > this.codes.length) this.grow();
  }

  private grow(): void {
    const { codes, keys } = this;
    this.codes = new Int32Array(codes.length * 2).fill(-1);
    this.keys = new Int32Array(keys.length * 2);
    for (let slot = 0; slot < codes.length; slot++) {
      if (codes[slot] === -1) continue;
      const free = this.find(keys, slot * 4);
      this.codes[free] = codes[slot]!;
      for (let i = 0; i < 4; i++) this.keys[free * 4 + i] = keys[slot * 4 + i]!;
    }
  }
}

function room<T extends Float64Array | Int32Array>(array: T, rows: number, more: number): T {
  if (rows + more <= array.length) return array;
  const Same = array.constructor as new (length: number) => T;
  const grown = new Same(Math.max(rows + more, array.length * 2));
  grown.set(array.subarray(0, rows));
  return grown;
}
