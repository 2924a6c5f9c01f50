import type { Rng } from '../../kernel/rng.ts';
import type { Pointer } from './kernels.ts';

export interface GrowOptions {
  readonly leaves: number;
  readonly leafRowsMin: number;
  readonly lambda: number;
  readonly learningRate: number;
  /** Forests: so many columns are tried at a node, drawn by `rng`; and thresholds are drawn instead of searched. Default: all, searched. */
  readonly nodes?: { readonly columns: number; readonly randomThresholds: boolean; readonly rng: Rng };
}

/** Sums and scales of one tree's quantised gradients. */
export interface Quantised {
  readonly packed: Pointer;
  readonly gradient: Pointer;
  readonly hessian: Pointer;
  /** Levels per unit. */
  readonly hScale: number;
  readonly G: number;
  readonly H: number;
}

/** A grown tree in storage columns and bins; node 0 is the root, column -1 marks a leaf. */
export interface GrownTree {
  readonly column: number[];
  readonly bin: number[];
  readonly missingLeft: number[];
  readonly left: number[];
  readonly right: number[];
  readonly value: number[];
  /** Rows index[start..end) of the leaf at `node`. */
  readonly leaves: readonly { readonly node: number; readonly start: number; readonly end: number }[];
}
