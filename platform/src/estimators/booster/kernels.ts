import { existsSync, readFileSync } from 'node:fs';
import { SlipwayError } from '../../kernel/errors.ts';
import { builtModule } from '../../kernel/module-path.ts';
import '../errors.ts';
import { type WasmMemory, WebAssembly } from './webassembly.ts';

/** A byte offset into the kernels' memory. */
export type Pointer = number;

/** The compiled kernels; each is documented in `platform/assembly`. */
export interface Kernels {
  buildHistogram(
    bins: Pointer,
    stride: number,
    words16: number,
    words64: number,
    words256: number,
    tail: number,
    index: Pointer,
    start: number,
    end: number,
    packed: Pointer,
    hist: Pointer,
    histBytes: number,
    touched: Pointer,
  ): void;
  buildHistogramOf(
    bins: Pointer,
    stride: number,
    columns: Pointer,
    count: number,
    index: Pointer,
    start: number,
    end: number,
    packed: Pointer,
    hist: Pointer,
    histBytes: number,
  ): void;
  subtractHistogram(parent: Pointer, child: Pointer, bytes: number): void;
  findSplit(
    hist: Pointer,
    columns: Pointer,
    count: number,
    G: number,
    H: number,
    hMin: number,
    lambda: number,
    out: Pointer,
  ): void;
  drawSplit(
    hist: Pointer,
    columns: Pointer,
    count: number,
    G: number,
    H: number,
    hMin: number,
    lambda: number,
    seed: number,
    out: Pointer,
  ): void;
  partition(
    column: Pointer,
    index: Pointer,
    start: number,
    end: number,
    bin: number,
    leftBin: number,
    spare: Pointer,
  ): number;
  fillIndex(index: Pointer, rows: number): void;
  sumLeaf(
    index: Pointer,
    start: number,
    end: number,
    gradient: Pointer,
    hessian: Pointer,
    out: Pointer,
  ): void;
  addToLeaf(index: Pointer, start: number, end: number, score: Pointer, value: number): void;
  addTree(bins: Pointer, stride: number, nodes: Pointer, index: Pointer, count: number, score: Pointer): void;
  logisticGradients(
    score: Pointer,
    target: Pointer,
    weight: Pointer,
    rows4: number,
    gradient: Pointer,
    hessian: Pointer,
    out: Pointer,
  ): void;
  squaredGradients(
    score: Pointer,
    target: Pointer,
    weight: Pointer,
    rows4: number,
    gradient: Pointer,
    hessian: Pointer,
    out: Pointer,
  ): void;
  softmaxPeaks(score: Pointer, scoreBytes: number, outputs: number, rows4: number, peak: Pointer): void;
  softmaxSums(
    score: Pointer,
    scoreBytes: number,
    outputs: number,
    rows4: number,
    peak: Pointer,
    sum: Pointer,
  ): void;
  softmaxGradients(
    score: Pointer,
    peak: Pointer,
    sum: Pointer,
    target: Pointer,
    ofClass: number,
    factor: number,
    weight: Pointer,
    rows4: number,
    gradient: Pointer,
    hessian: Pointer,
    out: Pointer,
  ): void;
  quantise(
    gradient: Pointer,
    hessian: Pointer,
    rows4: number,
    gScale: number,
    hScale: number,
    seed: number,
    packed: Pointer,
  ): void;
  sumPacked(packed: Pointer, index: Pointer, count: number, out: Pointer): void;
  sortFloats(values: Pointer, spare: Pointer, count: number, counters: Pointer): void;
  gatherPresent(column: Pointer, index: Pointer, count: number, to: Pointer): number;
  binColumn(
    column: Pointer,
    rows: number,
    thresholds: Pointer,
    half: number,
    missingBin: number,
    bins: Pointer,
  ): number;
  packWord(columns: Pointer, rows: number, columnBytes: number, to: Pointer, stride: number): void;
  packByte(column: Pointer, rows: number, to: Pointer, stride: number): void;
}

const PAGE_BYTES = 65_536;
/** All a 32-bit WebAssembly memory can have. */
const PAGES_MAX = 65_536;
/** A bigger memory is given back after the fit instead of being kept for the next one. */
const KEEP_BYTES_MAX = 256 * 1024 * 1024;

let compiled: object | undefined;
let kept: { readonly memory: WasmMemory; readonly kernels: Kernels } | undefined;

/**
 * The kernels and their memory, handed out upwards from an offset and never freed before the end of the fit.
 * Growing replaces the buffer: a view is only good until the next `take`.
 */
export class Arena {
  readonly kernels: Kernels;
  readonly #memory: WasmMemory;
  #top = 1024;

  constructor(memory: WasmMemory, kernels: Kernels) {
    this.#memory = memory;
    this.kernels = kernels;
  }

  /** Room for `bytes`, aligned to a cache line; what it holds is left over from earlier work. @throws FIT_TOO_LARGE */
  take(bytes: number): Pointer {
    const pointer = this.#top;
    this.#top = Math.ceil((pointer + bytes) / 64) * 64;
    const have = this.#memory.buffer.byteLength;
    if (this.#top > have) this.#grow(Math.ceil((this.#top - have) / PAGE_BYTES));
    return pointer;
  }

  #grow(pages: number): void {
    if (this.#memory.buffer.byteLength / PAGE_BYTES + pages > PAGES_MAX) {
      throw tooLarge(this.#top, 'one fit can have 4 GiB at most');
    }
    try {
      this.#memory.grow(pages);
    } catch (cause) {
      throw tooLarge(this.#top, 'the operating system refused the memory', cause);
    }
  }

  bytes(pointer: Pointer, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, pointer, length);
  }

  int32(pointer: Pointer, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, pointer, length);
  }

  float32(pointer: Pointer, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, pointer, length);
  }

  float64(pointer: Pointer, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, pointer, length);
  }
}

/**
 * Runs `work` with an arena. The memory is reused between fits, because engines limit how many WebAssembly memories a
 * process may have open.
 *
 * @throws KERNELS_MISSING
 */
export function withArena<T>(work: (arena: Arena) => T): T {
  const held = kept ?? openKernels();
  // Taken out while in use, so that a fit started inside another's callback gets a memory of its own.
  kept = undefined;
  try {
    return work(new Arena(held.memory, held.kernels));
  } finally {
    if (held.memory.buffer.byteLength <= KEEP_BYTES_MAX) kept = held;
  }
}

function tooLarge(bytes: number, reason: string, cause?: unknown): SlipwayError {
  return new SlipwayError('FIT_TOO_LARGE', {
    message: `this fit needs at least ${(bytes / 2 ** 30).toFixed(2)} GiB of working memory, and ${reason}`,
    fix: 'Fit on a sample of the rows, leave out columns, or ask for fewer leaves.',
    details: { bytes },
    cause,
  });
}

function openKernels(): { memory: WasmMemory; kernels: Kernels } {
  compiled ??= new WebAssembly.Module(readKernels());
  const memory = new WebAssembly.Memory({ initial: 16, maximum: PAGES_MAX });
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  return { memory, kernels: instance.exports as unknown as Kernels };
}

function readKernels(): Uint8Array<ArrayBuffer> {
  const url = builtModule(import.meta.url, './kernels.wasm');
  if (!existsSync(url)) {
    throw new SlipwayError('KERNELS_MISSING', {
      message: `there is no ${url.pathname}`,
      fix: 'Build the program: npm run build.',
    });
  }
  return new Uint8Array(readFileSync(url));
}
