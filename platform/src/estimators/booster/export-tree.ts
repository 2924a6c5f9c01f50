import type { Tree } from '../types.ts';
import type { BinLayout } from './binning.ts';
import type { GrownTree } from './grown-tree.ts';

/** A threshold every value but +Infinity is below: "left unless missing". */
const THRESHOLD_OF_ALL = 3.4028234663852886e38;

/** A grown tree in the model's own terms: features and thresholds instead of storage columns and bins. */
export function exportTree(grown: GrownTree, { columns }: BinLayout, scale = 1): Tree {
  const { column, missingLeft, left, right, value } = grown;
  return {
    feature: column.map((c) => (c < 0 ? -1 : columns[c]!.feature)),
    threshold: column.map((c, i) =>
      c < 0 ? 0 : (columns[c]!.thresholds[grown.bin[i]!] ?? THRESHOLD_OF_ALL),
    ),
    missingLeft,
    left,
    right,
    value: scale === 1 ? value : value.map((one) => Math.fround(one * scale)),
  };
}
