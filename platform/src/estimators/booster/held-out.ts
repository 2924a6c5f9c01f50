import { alignFeatures } from '../align.ts';
import type { TrainingSet } from '../types.ts';
import { type BinLayout, type BinnedRows, binHeldOut, featureValues } from './binning.ts';
import type { Arena, Pointer } from './kernels.ts';
import { heldOutLoss } from './objective.ts';

/** Rows whose loss decides when to stop: binned with the training thresholds, scored tree by tree. */
export class HeldOut {
  readonly #arena: Arena;
  readonly #set: TrainingSet;
  readonly #binned: BinnedRows;
  readonly #score: Pointer;
  readonly #outputs: number;

  constructor(
    arena: Arena,
    set: TrainingSet,
    fit: {
      readonly training: TrainingSet;
      readonly layout: BinLayout;
      readonly orders: readonly (readonly string[] | undefined)[];
      readonly base: readonly number[];
    },
  ) {
    const rows = set.features.rows;
    const features = alignFeatures(set.features, fit.training.features.features);
    const columns = features.map((feature, i) => featureValues(feature, fit.orders[i]));
    this.#arena = arena;
    this.#set = set;
    this.#binned = binHeldOut(arena, columns, fit.layout, rows);
    this.#outputs = fit.base.length;
    this.#score = arena.take(rows * 8 * this.#outputs);
    fit.base.forEach((value, k) => {
      arena.float64(this.#score + k * rows * 8, rows).fill(value);
    });
  }

  add(nodes: Pointer, output: number): void {
    const rows = this.#set.features.rows;
    const { rowMajor, stride } = this.#binned;
    this.#arena.kernels.addTree(rowMajor, stride, nodes, 0, rows, this.#score + output * rows * 8);
  }

  loss(): number {
    const rows = this.#set.features.rows;
    return heldOutLoss(this.#set, this.#arena.float64(this.#score, rows * this.#outputs), rows);
  }
}
