import type { Rng } from '../../kernel/rng.ts';
import type { BinnedTraining } from './binning.ts';
import type { GrownTree, GrowOptions, Quantised } from './grown-tree.ts';
import type { Arena, Pointer } from './kernels.ts';

/** Least sum of hessians in a leaf: below it a leaf value would be an extrapolation. */
const LEAF_HESSIAN_MIN = 1e-3;
const FIND_RECORD_BYTES = 16;
const PAIR_BYTES = 8;
const OUT_VALUES = 6;

interface Leaf {
  node: number;
  start: number;
  end: number;
  G: number;
  H: number;
  slot: number;
  split: Split | undefined;
}

interface Split {
  readonly gain: number;
  readonly column: number;
  readonly bin: number;
  readonly missingLeft: number;
  readonly GL: number;
  readonly HL: number;
}

/**
 * Grows trees leaf by leaf, always splitting the leaf that gains most (Shi 2007), on histograms: the smaller child's is
 * built, the greater child's is the parent's minus it. Reused for all trees of a fit.
 *
 * The least rows of a leaf are checked during the search through the hessian, in proportion to the leaf's rows (as
 * LightGBM does): exact for squared error, approximate where hessians differ between rows.
 */
export class TreeGrower {
  readonly #arena: Arena;
  readonly #binned: BinnedTraining;
  readonly #options: GrowOptions;
  readonly #index: Pointer;
  readonly #spare: Pointer;
  readonly #hist: Pointer;
  readonly #find: Pointer;
  readonly #drawn: Pointer;
  readonly #pairs: Pointer;
  readonly #out: Pointer;
  #active = 0;
  #fresh = 0;

  /** @param index room for the sampled rows, filled before each `grow` */
  constructor(arena: Arena, binned: BinnedTraining, rows: number, index: Pointer, options: GrowOptions) {
    const { columns, histBytes } = binned.layout;
    this.#arena = arena;
    this.#binned = binned;
    this.#options = options;
    this.#index = index;
    this.#spare = arena.take(rows * 4 + 4);
    this.#hist = arena.take(options.leaves * histBytes);
    this.#find = arena.take(columns.length * FIND_RECORD_BYTES);
    this.#drawn = arena.take(options.nodes === undefined ? 0 : columns.length * FIND_RECORD_BYTES);
    this.#pairs = arena.take(columns.length * PAIR_BYTES);
    this.#out = arena.take(OUT_VALUES * 8);
    this.useColumns(columns.map((_, c) => c));
  }

  /** Limits the search to some storage columns, ascending. */
  useColumns(chosen: readonly number[]): void {
    const { columns } = this.#binned.layout;
    const find = this.#arena.int32(this.#find, chosen.length * 4);
    const pairs = this.#arena.int32(this.#pairs, chosen.length * 2);
    chosen.forEach((c, i) => {
      const column = columns[c]!;
      find.set([c, column.histOffset, column.thresholds.length, column.hasMissing ? 1 : 0], 4 * i);
      pairs.set([c, column.histOffset], 2 * i);
    });
    this.#active = chosen.length;
  }

  /**
   * @param count rows in the index
   * @param everyRow the index holds rows 0…count in order, so that it need not be read at the root
   */
  grow(quantised: Quantised, count: number, everyRow: boolean): GrownTree {
    const tree = { column: [-1], bin: [0], missingLeft: [0], left: [-1], right: [-1], value: [0] };
    const { G, H } = quantised;
    const root: Leaf = { node: 0, start: 0, end: count, G, H, slot: 0, split: undefined };
    const leaves = [root];
    this.#fresh = 1;
    if (this.#mayGrow(root)) {
      this.#buildHistogram(quantised, root, everyRow);
      this.#search(quantised, root);
    }
    while (leaves.length < this.#options.leaves) {
      const at = bestLeaf(leaves);
      if (at < 0) break;
      const [left, right] = this.#split(tree, leaves[at]!);
      const parentSlot = leaves[at]!.slot;
      leaves[at] = left;
      leaves.push(right);
      if (leaves.length < this.#options.leaves) this.#searchChildren(quantised, left, right, parentSlot);
    }
    for (const leaf of leaves) tree.value[leaf.node] = this.#leafValue(quantised, leaf);
    return { ...tree, leaves };
  }

  #mayGrow(leaf: Leaf): boolean {
    return leaf.end - leaf.start >= 2 * this.#options.leafRowsMin && this.#active > 0;
  }

  #searchChildren(quantised: Quantised, left: Leaf, right: Leaf, parentSlot: number): void {
    const leftIsSmaller = left.end - left.start <= right.end - right.start;
    const smaller = leftIsSmaller ? left : right;
    const greater = leftIsSmaller ? right : left;
    if (!this.#mayGrow(greater)) return;
    greater.slot = parentSlot;
    smaller.slot = this.#fresh++;
    this.#buildHistogram(quantised, smaller, false);
    this.#arena.kernels.subtractHistogram(
      this.#slot(greater.slot),
      this.#slot(smaller.slot),
      this.#binned.layout.histBytes,
    );
    this.#search(quantised, greater);
    if (this.#mayGrow(smaller)) this.#search(quantised, smaller);
  }

  #slot(slot: number): Pointer {
    return this.#hist + slot * this.#binned.layout.histBytes;
  }

  #buildHistogram(quantised: Quantised, leaf: Leaf, everyRow: boolean): void {
    const { layout, rowMajor, stride } = this.#binned;
    const { kernels } = this.#arena;
    const index = everyRow ? 0 : this.#index;
    const hist = this.#slot(leaf.slot);
    const { start, end } = leaf;
    const { packed } = quantised;
    if (this.#active < layout.columns.length) {
      kernels.buildHistogramOf(
        rowMajor,
        stride,
        this.#pairs,
        this.#active,
        index,
        start,
        end,
        packed,
        hist,
        layout.histBytes,
      );
      return;
    }
    const { words16, words64, words256, tail, histBytes } = layout;
    kernels.buildHistogram(
      rowMajor,
      stride,
      words16,
      words64,
      words256,
      tail,
      index,
      start,
      end,
      packed,
      hist,
      histBytes,
      this.#out,
    );
  }

  #search(quantised: Quantised, leaf: Leaf): void {
    const { nodes } = this.#options;
    if (nodes !== undefined && nodes.columns < this.#active) {
      leaf.split = this.#findSplit(
        quantised,
        leaf,
        this.#drawColumns(nodes.columns, nodes.rng),
        nodes.columns,
      );
      if (leaf.split !== undefined) return;
      // None of the drawn columns splits this leaf; another one may.
    }
    leaf.split = this.#findSplit(quantised, leaf, this.#find, this.#active);
  }

  #findSplit(quantised: Quantised, leaf: Leaf, records: Pointer, count: number): Split | undefined {
    const { hScale } = quantised;
    const { leafRowsMin, lambda, nodes } = this.#options;
    const { kernels } = this.#arena;
    const hMin = Math.max(
      1,
      LEAF_HESSIAN_MIN * hScale,
      (leafRowsMin * leaf.H * (1 - 1e-12)) / (leaf.end - leaf.start),
    );
    const hist = this.#slot(leaf.slot);
    const { G, H } = leaf;
    const scaled = lambda * hScale;
    if (nodes?.randomThresholds)
      kernels.drawSplit(hist, records, count, G, H, hMin, scaled, nodes.rng.uint32(), this.#out);
    else kernels.findSplit(hist, records, count, G, H, hMin, scaled, this.#out);
    const [gain, column, bin, missingLeft, GL, HL] = this.#arena.float64(this.#out, OUT_VALUES);
    if (!(gain! > 0)) return undefined;
    return { gain: gain!, column: column!, bin: bin!, missingLeft: missingLeft!, GL: GL!, HL: HL! };
  }

  /** Selection sampling of column records. */
  #drawColumns(count: number, rng: Rng): Pointer {
    const from = this.#arena.int32(this.#find, this.#active * 4);
    const to = this.#arena.int32(this.#drawn, count * 4);
    let taken = 0;
    for (let i = 0; i < this.#active && taken < count; i++) {
      if (rng.next() * (this.#active - i) >= count - taken) continue;
      to.set(from.subarray(4 * i, 4 * i + 4), 4 * taken++);
    }
    return this.#drawn;
  }

  #split(tree: Omit<GrownTree, 'leaves'>, leaf: Leaf): [Leaf, Leaf] {
    const split = leaf.split!;
    const { columnMajor, columnBytes, layout } = this.#binned;
    const missingBin = layout.columns[split.column]!.thresholds.length + 1;
    const middle =
      this.#arena.kernels.partition(
        columnMajor + split.column * columnBytes,
        this.#index,
        leaf.start,
        leaf.end,
        split.bin,
        split.missingLeft === 1 ? missingBin : -1,
        this.#spare,
      ) >>> 0;
    const node = tree.column.length;
    for (let i = 0; i < 2; i++) {
      tree.column.push(-1);
      tree.bin.push(0);
      tree.missingLeft.push(0);
      tree.left.push(-1);
      tree.right.push(-1);
      tree.value.push(0);
    }
    tree.column[leaf.node] = split.column;
    tree.bin[leaf.node] = split.bin;
    tree.missingLeft[leaf.node] = split.missingLeft;
    tree.left[leaf.node] = node;
    tree.right[leaf.node] = node + 1;
    const rest = { slot: -1, split: undefined };
    const G = leaf.G - split.GL;
    const H = leaf.H - split.HL;
    return [
      { node, start: leaf.start, end: middle, G: split.GL, H: split.HL, ...rest },
      { node: node + 1, start: middle, end: leaf.end, G, H, ...rest },
    ];
  }

  /** The Newton step from exact sums, as float32 because that is what the graph holds. */
  #leafValue(quantised: Quantised, leaf: Leaf): number {
    const { kernels } = this.#arena;
    kernels.sumLeaf(this.#index, leaf.start, leaf.end, quantised.gradient, quantised.hessian, this.#out);
    const [G, H] = this.#arena.float64(this.#out, 2);
    const { lambda, learningRate } = this.#options;
    const divisor = H! + lambda;
    return divisor > 0 ? Math.fround((-G! / divisor) * learningRate) : 0;
  }
}

function bestLeaf(leaves: readonly Leaf[]): number {
  let best = -1;
  let gain = 0;
  for (let i = 0; i < leaves.length; i++) {
    const split = leaves[i]!.split;
    if (split === undefined || split.gain <= gain) continue;
    best = i;
    gain = split.gain;
  }
  return best;
}
