import type { Tree } from '../types.ts';
import { gaussLegendre } from './quadrature.ts';

/** A share below this is taken as this: rows the background lacks must not divide by 0. */
const SHARE_MIN = 1e-9;
const SPLIT_WORDS = 8;

/** One tree as the `explainTree` kernel walks it. */
export interface TreePaths {
  /** Output the tree adds to. */
  readonly output: number;
  /** Mean of the leaves over the background rows. */
  readonly mean: number;
  /** Splits; 0 for a tree that is one leaf. */
  readonly count: number;
  /** Pairs of quadrature points. */
  readonly pairs: number;
  /** Records of 32 bytes, see the kernel. */
  readonly splits: Int32Array;
  /** 6 · 2 · pairs numbers for each of the 2 · count + 1 nodes. */
  readonly vectors: Float64Array;
}

/** A node while the paths are laid out. */
interface Place {
  /** Index in the tree. */
  readonly node: number;
  /** Per feature split above: number of the last node reached through such a split, and the share of rows its splits let through. */
  readonly seen: ReadonlyMap<number, { readonly at: number; readonly share: number }>;
  /** Share of the background rows that come here. */
  readonly weight: number;
}

/**
 * Lays a tree out for exact path-dependent Shapley values (TreeSHAP, Lundberg, Erion and Lee 2018).
 *
 * Missing features follow the shares of the background rows, so a leaf of value v is worth v ∏ (o_j if j is known, z_j if
 * not) over the features of its path: o_j is 1 when the row agrees with all of its splits on j, z_j is the share of rows that do.
 * The Shapley value of feature i is then v (o_i − z_i) ∫₀¹ ∏_{j≠i} (t o_j + (1 − t) z_j) dt, because the integral of
 * t^s (1−t)^(d−1−s) is the Shapley weight s! (d−1−s)! / d!. The integrand is a polynomial, so Gauss–Legendre with d/2 points
 * is exact; and because it is a product along the path, one walk down and one up a tree does all leaves and features
 * (the idea of Linear TreeSHAP, Yu et al. 2022, with positive weights instead of interpolation): time leaves × points a row,
 * where Algorithm 2 needs leaves × depth². The values are the same.
 *
 * @param cover background rows that come to each node of the tree
 * @param slotOf column that a feature's value is added to
 */
export function layOutPaths(
  tree: Tree,
  cover: ArrayLike<number>,
  output: number,
  slotOf: ArrayLike<number>,
): TreePaths {
  const order = splitsFirst(tree);
  const count = (order.length - 1) / 2;
  const numberOf = new Int32Array(tree.feature.length);
  order.forEach((node, number) => {
    numberOf[node] = number;
  });
  const places = placesOf(tree, cover, order, numberOf);
  const distinct = Math.max(...places.map(({ seen }) => seen.size));
  const pairs = Math.max(1, Math.ceil(distinct / 4));
  const splits = new Int32Array(count * SPLIT_WORDS);
  const thresholds = new Float32Array(splits.buffer);
  const vectors = new Float64Array(order.length * 12 * pairs);
  for (let i = 0; i < count; i++) {
    const { node, seen } = places[i]!;
    const feature = tree.feature[node]!;
    const left = numberOf[tree.left[node]!]!;
    const right = numberOf[tree.right[node]!]!;
    const before = seen.get(feature);
    splits.set(
      [feature, 0, tree.missingLeft[node]!, slotOf[feature]!, left, right, before?.at ?? 0],
      i * SPLIT_WORDS,
    );
    thresholds[i * SPLIT_WORDS + 1] = tree.threshold[node]!;
    for (const child of [left, right]) {
      const factor = child < count ? 1 : tree.value[order[child]!]!;
      const share = places[child]!.seen.get(feature)!.share;
      writeVectors(vectors, { child, pairs, factor, share, before: before?.share });
    }
  }
  let mean = 0;
  for (const { node, weight } of places.slice(count)) mean += weight * tree.value[node]!;
  return { output, mean, count, pairs, splits, vectors };
}

/** Nodes that can be reached: splits before their children, then the leaves. */
function splitsFirst(tree: Tree): number[] {
  const splits: number[] = [];
  const leaves: number[] = [];
  const waiting = [0];
  while (waiting.length > 0) {
    const node = waiting.pop()!;
    if (tree.feature[node]! < 0) {
      leaves.push(node);
      continue;
    }
    splits.push(node);
    waiting.push(tree.right[node]!, tree.left[node]!);
  }
  return [...splits, ...leaves];
}

function placesOf(
  tree: Tree,
  cover: ArrayLike<number>,
  order: readonly number[],
  numberOf: Int32Array,
): Place[] {
  const places = new Array<Place>(order.length);
  places[0] = { node: 0, seen: new Map(), weight: 1 };
  for (const [number, node] of order.entries()) {
    if (tree.feature[node]! < 0) break;
    const { seen, weight } = places[number]!;
    const feature = tree.feature[node]!;
    const children = [tree.left[node]!, tree.right[node]!];
    const total = cover[children[0]!]! + cover[children[1]!]!;
    for (const child of children) {
      const share = Math.max(SHARE_MIN, total > 0 ? cover[child]! / total : 0.5);
      const at = numberOf[child]!;
      const product = (seen.get(feature)?.share ?? 1) * share;
      places[at] = {
        node: child,
        seen: new Map(seen).set(feature, { at, share: product }),
        weight: weight * share,
      };
    }
  }
  return places;
}

/** The three states of an edge: see the kernel. */
function writeVectors(
  vectors: Float64Array,
  edge: {
    readonly child: number;
    readonly pairs: number;
    readonly factor: number;
    readonly share: number;
    readonly before: number | undefined;
  },
): void {
  const points = 2 * edge.pairs;
  const { nodes } = gaussLegendre(points);
  const start = edge.child * 6 * points;
  for (let state = 0; state < 3; state++) {
    const known = state === 2 ? 1 : 0;
    const knownBefore = state === 0 ? 0 : 1;
    for (let q = 0; q < points; q++) {
      const t = nodes[q]!;
      const now = t * known + (1 - t) * edge.share;
      const earlier = edge.before === undefined ? 1 : t * knownBefore + (1 - t) * edge.before;
      const weighedBefore = edge.before === undefined ? 0 : (knownBefore - edge.before) / earlier;
      vectors[start + state * points + q] = (edge.factor * now) / earlier;
      vectors[start + (3 + state) * points + q] = (known - edge.share) / now - weighedBefore;
    }
  }
}
