import type { BinLayout } from './binning.ts';
import type { GrownTree } from './grown-tree.ts';
import type { Arena, Pointer } from './kernels.ts';

const NODE_BYTES = 32;

/** Room in the arena for one tree in the shape the `addTree` kernel walks. */
export interface PlacedTree {
  readonly nodes: Pointer;
  write(tree: GrownTree, layout: BinLayout): void;
}

export function placeTree(arena: Arena, leaves: number): PlacedTree {
  const nodes = arena.take((2 * leaves - 1) * NODE_BYTES);
  return {
    nodes,
    write(tree, layout) {
      const count = tree.column.length;
      const words = arena.int32(nodes, count * 8);
      const values = arena.float64(nodes, count * 4);
      for (let i = 0; i < count; i++) {
        const column = tree.column[i]!;
        const at = 8 * i;
        words[at] = column;
        values[4 * i + 3] = tree.value[i]!;
        if (column < 0) continue;
        words[at + 1] = tree.bin[i]!;
        words[at + 2] = tree.missingLeft[i] === 1 ? layout.columns[column]!.thresholds.length + 1 : -1;
        words[at + 3] = tree.left[i]!;
        words[at + 4] = tree.right[i]!;
      }
    },
  };
}
