import { type WasmMemory, WebAssembly } from '../estimators/booster/webassembly.ts';
import { builtModule } from '../kernel/module-path.ts';
import type { ColumnType } from '../tables/table.ts';
import { KINDS, MISSING_TOKENS } from './field-kind.ts';
import type { PlannedColumn } from './infer-types.ts';
import { compiledModule } from './kernel-module.ts';
import { EXACT_TENS, powersOfFive } from './number-powers.ts';
import { type Cell, encodedCell, type SpoolColumn } from './parquet-spool.ts';

const LINES = builtModule(import.meta.url, './lines.wasm');

type Pointer = number;

/** Documented in `platform/assembly/lines-*.ts`. */
interface Kernels {
  useTokens(at: Pointer, count: number): void;
  usePowers(tens: Pointer, powers: Pointer): void;
  useEnds(at: Pointer): void;
  useColumns(
    at: Pointer,
    count: number,
    cells: Pointer,
    kinds: Pointer,
    scratch: Pointer,
    rowsMax: number,
    kindCount: number,
  ): void;
  loadJson(at: Pointer, limit: Pointer): Pointer;
  loadCsv(at: Pointer, limit: Pointer, delimiter: number): Pointer;
  stopped(): number;
  rowsWritten(): number;
  setRows(rows: number): void;
  packBits(at: Pointer, count: number): void;
}

/** Why the kernel stopped: all is read; in front of a record that is not plain; the columns are full. */
export const STOP_LIMIT = 0;
export const STOP_RECORD = 1;
export const STOP_FULL = 2;

export interface LineKernelOptions {
  readonly columns: readonly PlannedColumn[];
  /** Delimited text; undefined: NDJSON. */
  readonly delimiter?: number;
  /** By column; NDJSON only. */
  readonly keys?: readonly string[];
  /** Digits of timestamps beyond milliseconds are dropped. */
  readonly coarse: boolean;
  /** Bytes of the text buffer to begin with. */
  readonly bytes: number;
  /** A value as text: nested JSON, or a number in an unusual form; undefined when it is not JSON. */
  readonly textOf: (text: string) => string | undefined;
  /** Epoch milliseconds, or NaN. */
  readonly dateOf: (text: string, column: PlannedColumn) => number;
}

const PAGE_BYTES = 65_536;
const PAGES_MAX = 65_536;
/** Offset 0 means "none" to the kernels. */
const BASE = 1024;
const SLACK_BYTES = 64;
const BATCH = 128;
const SCRATCH_BYTES = 1 << 19;
const CELLS_MAX = 1 << 22;
const TEXT_BYTES_MIN = 192 << 10;
const TEXT_BYTES_MAX = 1 << 20;
const TEXT_BYTES_ALL = 32 << 20;

const TYPE_CODES: Record<ColumnType, number> = {
  string: 0,
  integer: 1,
  number: 2,
  boolean: 3,
  date: 4,
  timestamp: 5,
};
const COUNT_ONLY = 6;
/** u32 of a column, see `lines-columns.ts`. */
const [TYPE, VALUES, END, LIMIT, BITS, FIT, COUNTS, KEY, KEY_BYTES, KEY_MASK, PRESENT, FLAGS] = [
  0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13,
];
const WORDS = 16;
/** Flags of dates: digits beyond milliseconds were seen; a parser was asked; the kernel may read; such digits are dropped. */
export const FINE = 1;
export const ASKED = 2;
const ISO = 4;
const COARSE = 8;

/** Records become columns: the compiled kernel with its memory. Growing replaces the buffer. */
export class LineKernel {
  buffer: Buffer;
  readonly rowsMax: number;
  private readonly memory: WasmMemory;
  private readonly kernels: Kernels;
  private readonly options: LineKernelOptions;
  private readonly structs: Pointer;
  private readonly counts: Pointer;
  private readonly text: Pointer;
  private free: Pointer;

  constructor(options: LineKernelOptions) {
    const { columns } = options;
    this.options = options;
    this.rowsMax = Math.max(2048, Math.min(65_536, Math.floor(CELLS_MAX / columns.length / 2048) * 2048));
    this.free = BASE;
    const tables = this.take(256 + 4 * MISSING_TOKENS.length);
    const tens = this.take(8 * EXACT_TENS.length);
    const powers = this.take(8 * powersTable().length);
    this.structs = this.take(64 * columns.length);
    this.counts = this.take(8 * KINDS * columns.length);
    const [cells, kinds] = [this.take(8 * BATCH * columns.length), this.take(BATCH * columns.length)];
    const [ends, scratch] = [this.take(4 * BATCH), this.take(SCRATCH_BYTES)];
    const placed = columns.map((column, i) => this.place(column, options.keys?.[i] ?? ''));
    this.text = this.take(options.bytes);
    const pages = Math.ceil((this.free + SLACK_BYTES) / PAGE_BYTES);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: PAGES_MAX });
    const env = {
      memory: this.memory,
      textOf: (at: Pointer, bytes: number, to: Pointer) => this.writeText(at, bytes, to),
      dateOf: (column: number, at: Pointer, bytes: number) =>
        options.dateOf(this.textAt(at, bytes), columns[column]!),
    };
    this.kernels = new WebAssembly.Instance(compiledModule(LINES), { env }).exports as unknown as Kernels;
    this.buffer = Buffer.from(this.memory.buffer, this.text, options.bytes);
    this.writeTables(tables, tens, powers);
    columns.forEach((column, i) => void this.describe(column, i, placed[i]!));
    this.kernels.useTokens(tables, MISSING_TOKENS.length);
    this.kernels.usePowers(tens, powers);
    this.kernels.useEnds(ends);
    this.kernels.useColumns(this.structs, columns.length, cells, kinds, scratch, this.rowsMax, KINDS);
    this.restart();
  }

  get rows(): number {
    return this.kernels.rowsWritten();
  }

  /** A longer buffer with the same bytes at its front. */
  grow(bytes: number): void {
    const pages = Math.ceil((this.text + bytes + SLACK_BYTES - this.memory.buffer.byteLength) / PAGE_BYTES);
    if (pages > 0) this.memory.grow(pages);
    this.buffer = Buffer.from(this.memory.buffer, this.text, bytes);
  }

  /** Takes records in [at, limit) of the buffer; the byte before `limit` is a line feed, the bytes are UTF-8. */
  load(at: number, limit: number): { at: number; stop: number } {
    const { text, kernels } = this;
    const { delimiter } = this.options;
    const stopped =
      delimiter === undefined
        ? kernels.loadJson(text + at, text + limit)
        : kernels.loadCsv(text + at, text + limit, delimiter);
    return { at: stopped - this.text, stop: this.kernels.stopped() };
  }

  /** One row from outside. @returns whether there was room: if not, empty the columns with `drain` first */
  append(cells: readonly Cell[]): boolean {
    const { rows } = this;
    const encoded = cells.map((cell, i) => encodedCell(cell, this.options.columns[i]!.type));
    if (rows >= this.rowsMax) return false;
    const fits = encoded.every((bytes, i) => {
      const struct = this.struct(i);
      return struct[END]! + bytes.length + SLACK_BYTES <= struct[LIMIT]!;
    });
    if (!fits) return false;
    const all = new Uint8Array(this.memory.buffer);
    encoded.forEach((bytes, i) => {
      const struct = this.struct(i);
      if (cells[i] === undefined) all[struct[BITS]! + (rows >> 3)]! &= ~(1 << (rows & 7));
      else struct[PRESENT]!++;
      all.set(bytes, struct[END]!);
      struct[END]! += bytes.length;
    });
    this.kernels.setRows(rows + 1);
    return true;
  }

  /** Hands out the rows written so far, valid only during the call, and begins anew. */
  drain(take: (rows: number, columns: readonly SpoolColumn[], present: readonly number[]) => void): void {
    const { rows } = this;
    const present = this.options.columns.map((_, i) => this.struct(i)[PRESENT]!);
    const columns = this.options.columns.map(({ type }, i): SpoolColumn => {
      const struct = this.struct(i);
      const [values, end, bits] = [struct[VALUES]!, struct[END]!, struct[BITS]!];
      if (type === 'boolean') this.kernels.packBits(values, end - values);
      const bytes = type === 'boolean' ? Math.ceil((end - values) / 8) : end - values;
      return {
        bits: present[i] === rows ? undefined : new Uint8Array(this.memory.buffer, bits, this.rowsMax / 8),
        values: new Uint8Array(this.memory.buffer, values, bytes),
      };
    });
    if (rows > 0) take(rows, columns, present);
    this.restart();
  }

  /** From here on kinds are counted and nothing else. */
  countOnly(): void {
    this.restart();
    this.options.columns.forEach((_, i) => {
      const struct = this.struct(i);
      struct[TYPE] = COUNT_ONLY;
      new Uint8Array(this.memory.buffer, struct[FIT]!, KINDS).fill(1);
    });
  }

  /** Rows that were counted, in memory or handed out, are in these: see `JsonFacts`. */
  addCounts(column: number, counts: Float64Array): void {
    const found = new BigUint64Array(this.memory.buffer, this.counts + 8 * KINDS * column, KINDS);
    for (let i = 0; i < KINDS; i++) counts[i]! += Number(found[i]);
  }

  flags(column: number): number {
    return this.struct(column)[FLAGS]!;
  }

  private restart(): void {
    this.kernels.setRows(0);
    this.options.columns.forEach((_, i) => {
      const struct = this.struct(i);
      struct[END] = struct[VALUES]!;
      struct[PRESENT] = 0;
      new Uint8Array(this.memory.buffer, struct[BITS]!, this.rowsMax / 8).fill(255);
    });
  }

  private struct(column: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, this.structs + 64 * column, WORDS);
  }

  private take(bytes: number): Pointer {
    const at = this.free;
    this.free = Math.ceil((at + bytes + SLACK_BYTES) / 64) * 64;
    return at;
  }

  private place({ type }: PlannedColumn, key: string) {
    const bytes = Buffer.from(JSON.stringify(key));
    const texts = Math.min(TEXT_BYTES_MAX, Math.floor(TEXT_BYTES_ALL / this.options.columns.length));
    const room = type === 'string' ? Math.max(TEXT_BYTES_MIN, texts) : 8 * this.rowsMax;
    return {
      bytes,
      fit: this.take(KINDS),
      key: this.take(bytes.length),
      mask: this.take(16),
      bits: this.take(this.rowsMax / 8),
      values: this.take(room),
      room,
    };
  }

  private describe(column: PlannedColumn, i: number, placed: ReturnType<LineKernel['place']>): void {
    const struct = this.struct(i);
    const { type, dateFormat, fit } = column;
    struct[TYPE] = TYPE_CODES[type];
    struct[VALUES] = placed.values;
    // Others have room for all rows.
    struct[LIMIT] = type === 'string' ? placed.values + placed.room : 0x7fffffff;
    struct[BITS] = placed.bits;
    struct[FIT] = placed.fit;
    struct[COUNTS] = this.counts + 8 * KINDS * i;
    struct[KEY] = placed.key;
    struct[KEY_BYTES] = placed.bytes.length;
    struct[KEY_MASK] = placed.mask;
    struct[FLAGS] = (dateFormat === 'iso' ? ISO : 0) | (this.options.coarse ? COARSE : 0);
    const all = new Uint8Array(this.memory.buffer);
    all.set(fit, placed.fit);
    all.set(placed.bytes, placed.key);
    all.fill(255, placed.mask, placed.mask + (((placed.bytes.length - 1) % 16) + 1));
  }

  private writeTables(tables: Pointer, tens: Pointer, powers: Pointer): void {
    const { buffer } = this.memory;
    const starts = new Uint8Array(buffer, tables, 256);
    const keys = new Uint8Array(buffer, tables + 256, 4 * MISSING_TOKENS.length);
    for (const [i, token] of MISSING_TOKENS.entries()) {
      starts[token.charCodeAt(0)] = 1;
      // The last byte is the lowest.
      for (let at = 0; at < token.length; at++) keys[4 * i + at] = token.charCodeAt(token.length - 1 - at);
    }
    new Float64Array(buffer, tens, EXACT_TENS.length).set(EXACT_TENS);
    new BigUint64Array(buffer, powers, powersTable().length).set(powersTable());
  }

  private textAt(at: Pointer, bytes: number): string {
    return Buffer.from(this.memory.buffer, at, bytes).toString('utf8');
  }

  private writeText(at: Pointer, bytes: number, to: Pointer): number {
    const text = this.options.textOf(this.textAt(at, bytes));
    if (text === undefined || 3 * text.length > SCRATCH_BYTES) return -1;
    return Buffer.from(this.memory.buffer, to, SCRATCH_BYTES).write(text);
  }
}

let powersOnce: BigUint64Array | undefined;

function powersTable(): BigUint64Array {
  powersOnce ??= powersOfFive();
  return powersOnce;
}
