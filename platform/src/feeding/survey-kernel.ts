import { type WasmMemory, WebAssembly } from '../estimators/booster/webassembly.ts';
import { builtModule } from '../kernel/module-path.ts';
import type { Dialect } from './dialect.ts';
import { KINDS, MISSING_TOKENS } from './field-kind.ts';
import { compiledModule } from './kernel-module.ts';

const SURVEY = builtModule(import.meta.url, './survey.wasm');

type Pointer = number;

/** Documented in `platform/assembly/survey.ts`. */
interface Kernels {
  surveyRecords(
    at: Pointer,
    limit: Pointer,
    delimiter: number,
    columns: number,
    counts: Pointer,
    fit: Pointer,
    cells: Pointer,
    tables: Pointer,
    tokens: number,
    out: Pointer,
  ): Pointer;
}

const PAGE_BYTES = 65_536;
const PAGES_MAX = 65_536;
/** Offset 0 means "none" to the kernels. */
const BASE = 1024;
/** The kernels load 16 bytes at a time: this much may be read behind the last byte. */
const SLACK_BYTES = 64;

/**
 * The compiled survey over a buffer of its own, into which the source is read: nothing is copied. Growing replaces the buffer.
 * Counts what `field-kind.ts` and `record-parser.ts` would count, record by record, and stops where a record is not plain.
 *
 * @throws KERNELS_MISSING
 */
export class SurveyKernel {
  /** The text; replaced by `grow`. */
  buffer: Buffer;
  private readonly memory: WasmMemory;
  private readonly kernels: Kernels;
  private readonly dialect: Dialect;
  private readonly counts: Pointer;
  private readonly fit: Pointer;
  private readonly cells: Pointer;
  private readonly tables: Pointer;
  private readonly text: Pointer;
  private fitted = false;

  constructor(dialect: Dialect, bytes: number) {
    this.dialect = dialect;
    const columns = dialect.columnNames.length;
    this.counts = BASE;
    this.cells = this.counts + 8 * columns * KINDS;
    this.tables = this.cells + 4 * columns;
    this.fit = this.tables + 256 + 4 * MISSING_TOKENS.length;
    this.text = Math.ceil((this.fit + columns * KINDS) / 64) * 64;
    const pages = Math.ceil((this.text + bytes + SLACK_BYTES) / PAGE_BYTES);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: PAGES_MAX });
    const instance = new WebAssembly.Instance(compiledModule(SURVEY), { env: { memory: this.memory } });
    this.kernels = instance.exports as unknown as Kernels;
    this.buffer = Buffer.from(this.memory.buffer, this.text, bytes);
    this.writeTables();
  }

  /** A longer buffer with the same bytes at its front. */
  grow(bytes: number): void {
    const have = this.memory.buffer.byteLength;
    const pages = Math.ceil((this.text + bytes + SLACK_BYTES - have) / PAGE_BYTES);
    if (pages > 0) this.memory.grow(pages);
    this.buffer = Buffer.from(this.memory.buffer, this.text, bytes);
  }

  /** From here on stops also in front of records with a field that does not fit; undefined: no longer. */
  expect(columns: readonly { readonly fit: Uint8Array }[] | undefined): void {
    this.fitted = columns !== undefined;
    columns?.forEach(({ fit }, column) => {
      new Uint8Array(this.memory.buffer, this.fit + column * KINDS, KINDS).set(fit);
    });
  }

  /**
   * Surveys records in [at, limit) of the buffer; the byte before `limit` must be a line feed, the bytes UTF-8 without NUL.
   *
   * @returns where it stopped, and the records before it
   */
  survey(at: number, limit: number): { at: number; records: number } {
    const { text, dialect } = this;
    const out = new Uint32Array(this.memory.buffer, 16, 1);
    out[0] = 0;
    const stopped = this.kernels.surveyRecords(
      text + at,
      text + limit,
      dialect.delimiter,
      dialect.columnNames.length,
      this.counts,
      this.fitted ? this.fit : 0,
      this.cells,
      this.tables,
      MISSING_TOKENS.length,
      16,
    );
    return { at: stopped - text, records: out[0]! };
  }

  /** Adds what was counted to `counts` (see `CsvFacts`). */
  addCounts(counts: Float64Array): void {
    const found = new BigUint64Array(this.memory.buffer, this.counts, counts.length);
    for (let i = 0; i < counts.length; i++) counts[i]! += Number(found[i]);
  }

  private writeTables(): void {
    const starts = new Uint8Array(this.memory.buffer, this.tables, 256);
    const keys = new Uint8Array(this.memory.buffer, this.tables + 256, 4 * MISSING_TOKENS.length);
    for (const [i, token] of MISSING_TOKENS.entries()) {
      starts[token.charCodeAt(0)] = 1;
      // The last byte is the lowest.
      for (let at = 0; at < token.length; at++) keys[4 * i + at] = token.charCodeAt(token.length - 1 - at);
    }
  }
}
