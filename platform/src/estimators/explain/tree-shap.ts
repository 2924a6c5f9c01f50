import { existsSync, readFileSync } from 'node:fs';
import { SlipwayError } from '../../kernel/errors.ts';
import { builtModule } from '../../kernel/module-path.ts';
import { type WasmMemory, WebAssembly } from '../booster/webassembly.ts';
import type { Tree } from '../types.ts';
import { gaussLegendre } from './quadrature.ts';
import { layOutPaths, type TreePaths } from './tree-paths.ts';
import '../errors.ts';

/** Trees whose sum is a model's raw score, whatever family grew them, with the rows that come to each node. */
export interface TreeEnsemble {
  /** Round-major: tree r · outputs + k adds to output k. */
  readonly trees: readonly Tree[];
  /** Per tree and node: background rows that come there (see `coverTrees`). */
  readonly covers: readonly ArrayLike<number>[];
  /** Raw score before any tree, one per output. */
  readonly base: readonly number[];
}

/** What each column did to the raw scores: base + the sum of a row's contributions is its score. */
export interface Contributions {
  readonly rows: number;
  readonly outputs: number;
  readonly columns: number;
  /** One per output: the mean raw score of the background rows. */
  readonly base: Float64Array;
  /** Row-major rows × outputs × columns. */
  readonly values: Float64Array;
}

/** Rows explained together, so that the vectors of a tree are read once for them. */
const BLOCK_ROWS = 256;
const PAGE_BYTES = 65_536;

interface Kernel {
  explainTree(
    splits: number,
    count: number,
    vectors: number,
    pairs: number,
    weights: number,
    x: number,
    stride: number,
    rows: number,
    scratch: number,
    phi: number,
    slots: number,
  ): void;
}

interface PlacedPaths extends Pick<TreePaths, 'output' | 'count' | 'pairs'> {
  readonly splits: number;
  readonly vectors: number;
  readonly weights: number;
}

/**
 * Exact Shapley values of a tree ensemble (TreeSHAP, path-dependent; the method is in `tree-paths.ts`). Laid out once, then
 * any number of rows; holds a WebAssembly memory of its own of about 200 bytes · leaves · depth a tree.
 */
export class TreeExplainer {
  readonly base: Float64Array;
  readonly #memory: WasmMemory;
  readonly #kernel: Kernel;
  readonly #placed: readonly PlacedPaths[];
  readonly #columns: number;
  readonly #features: number;
  readonly #x: number;
  readonly #phi: number;
  readonly #scratch: number;

  /**
   * @param columnOf per feature of the trees: index of the column its contribution is added to
   * @param columns default: as many as `columnOf` names
   * @throws KERNELS_MISSING
   */
  constructor(
    ensemble: TreeEnsemble,
    columnOf: readonly number[],
    columns = columnOf.reduce((most, column) => Math.max(most, column + 1), 0),
  ) {
    const outputs = ensemble.base.length;
    this.base = Float64Array.from(ensemble.base);
    this.#features = columnOf.length;
    this.#columns = columns;
    const all = ensemble.trees.map((tree, t) =>
      layOutPaths(tree, ensemble.covers[t]!, t % outputs, columnOf),
    );
    for (const { output, mean } of all) this.base[output]! += mean;
    const paths = all.filter(({ count }) => count > 0);
    const layout = new Layout();
    this.#placed = paths.map((tree) => layout.place(tree));
    this.#x = layout.take(BLOCK_ROWS * this.#features * 4);
    this.#phi = layout.take(BLOCK_ROWS * outputs * this.#columns * 8);
    this.#scratch = layout.take(
      paths.reduce((most, { count, pairs }) => Math.max(most, (2 * count + 1) * (pairs * 16 + 12)), 0),
    );
    const { memory, kernel } = openKernel(layout.bytes);
    this.#memory = memory;
    this.#kernel = kernel;
    layout.write(memory);
  }

  /** @param features the trees' features in their order, as float32 (see `featureValues`) */
  explain(features: readonly Float32Array[], rows: number): Contributions {
    const outputs = this.base.length;
    const columns = this.#columns;
    const width = outputs * columns;
    const values = new Float64Array(rows * width);
    for (let start = 0; start < rows; start += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - start);
      const x = new Float32Array(this.#memory.buffer, this.#x, count * this.#features);
      features.forEach((feature, f) => {
        for (let i = 0; i < count; i++) x[i * this.#features + f] = feature[start + i]!;
      });
      const phi = new Float64Array(this.#memory.buffer, this.#phi, count * width);
      phi.fill(0);
      for (const tree of this.#placed) this.#explainTree(tree, count, width);
      values.set(phi, start * width);
    }
    return { rows, outputs, columns, base: this.base, values };
  }

  #explainTree(tree: PlacedPaths, rows: number, width: number): void {
    this.#kernel.explainTree(
      tree.splits,
      tree.count,
      tree.vectors,
      tree.pairs,
      tree.weights,
      this.#x,
      this.#features,
      rows,
      this.#scratch,
      this.#phi + tree.output * this.#columns * 8,
      width,
    );
  }
}

/** Chooses addresses first, so that the memory is made in the size it needs. */
class Layout {
  bytes = 1024;
  readonly #parts: { readonly at: number; readonly data: Int32Array | Float64Array }[] = [];
  readonly #rules = new Map<number, number>();

  take(bytes: number): number {
    const at = this.bytes;
    this.bytes = Math.ceil((at + bytes) / 64) * 64;
    return at;
  }

  place(tree: TreePaths): PlacedPaths {
    const { output, count, pairs } = tree;
    let weights = this.#rules.get(pairs);
    if (weights === undefined) {
      weights = this.#put(gaussLegendre(2 * pairs).weights);
      this.#rules.set(pairs, weights);
    }
    return {
      output,
      count,
      pairs,
      weights,
      splits: this.#put(tree.splits),
      vectors: this.#put(tree.vectors),
    };
  }

  write(memory: WasmMemory): void {
    for (const { at, data } of this.#parts) {
      const from = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      new Uint8Array(memory.buffer, at, data.byteLength).set(from);
    }
  }

  #put(data: Int32Array | Float64Array): number {
    const at = this.take(data.byteLength);
    this.#parts.push({ at, data });
    return at;
  }
}

let compiled: object | undefined;

function openKernel(bytes: number): { memory: WasmMemory; kernel: Kernel } {
  compiled ??= new WebAssembly.Module(readKernel());
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (pages > 65_536) {
    throw new SlipwayError('FIT_TOO_LARGE', {
      message: `explaining this model needs ${(bytes / 2 ** 30).toFixed(2)} GiB, and one memory can have 4 GiB at most`,
      fix: 'Launch with a smaller budget, so that a model of fewer trees is chosen.',
      details: { bytes },
    });
  }
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  return { memory, kernel: instance.exports as unknown as Kernel };
}

function readKernel(): Uint8Array<ArrayBuffer> {
  const url = builtModule(import.meta.url, './treeshap.wasm');
  if (!existsSync(url)) {
    throw new SlipwayError('KERNELS_MISSING', {
      message: `there is no ${url.pathname}`,
      fix: 'Build the program: npm run build.',
    });
  }
  return new Uint8Array(readFileSync(url));
}
