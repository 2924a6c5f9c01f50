/** Kernel that shares the answer of a tree among the features of a row; see `estimators/explain/tree-paths.ts` for the method. */

/** Bytes of a split: feature i32, threshold f32, missingLeft i32, slot i32, left i32, right i32, ancestor i32, spare. */
const SPLIT_BYTES: usize = 32;

/**
 * Adds the Shapley values of one tree for some rows.
 *
 * Nodes are numbered with the splits first, each before its children, the root being 0. A node's six vectors hold, for
 * the three states of the edge into it (0: the feature left the row's path already, 1: it leaves here, 2: the row follows),
 * what the product at each quadrature point is multiplied by on the way down, and what the sum coming up is weighed with.
 *
 * @param splits `count` records, count ≥ 1
 * @param pairs pairs of quadrature points
 * @param vectors 6 · pairs · 16 bytes for each of the 2 · count + 1 nodes
 * @param weights quadrature weights, pairs · 16 bytes
 * @param x row-major float32 features, `stride` of them a row
 * @param scratch (2 · count + 1) · (pairs · 16 + 4 + 8) bytes
 * @param phi float64, `slots` of them a row; split i adds to its slot
 */
export function explainTree(
  splits: usize,
  count: u32,
  vectors: usize,
  pairs: u32,
  weights: usize,
  x: usize,
  stride: u32,
  rows: u32,
  scratch: usize,
  phi: usize,
  slots: u32,
): void {
  const bytes = <usize>pairs << 4;
  const nodes = 2 * <usize>count + 1;
  const chosen = scratch + nodes * bytes;
  const follows = chosen + (nodes << 3);
  memory.copy(scratch, weights, bytes);
  store<u32>(follows, 1);
  for (let row: u32 = 0; row < rows; row++) {
    descend(splits, count, vectors, bytes, x, scratch, chosen, follows);
    ascend(splits, count, bytes, scratch, chosen, phi);
    // The way up left the sum of all leaves at the root.
    memory.copy(scratch, weights, bytes);
    x += <usize>stride << 2;
    phi += <usize>slots << 3;
  }
}

/** Products at the quadrature points of every node, and which vector weighs what comes up from it. */
@inline
function descend(
  splits: usize,
  count: u32,
  vectors: usize,
  bytes: usize,
  x: usize,
  scratch: usize,
  chosen: usize,
  follows: usize,
): void {
  const states = 3 * bytes;
  for (let i: usize = 0; i < <usize>count; i++) {
    const split = splits + i * SPLIT_BYTES;
    const value = load<f32>(x + (<usize>load<u32>(split) << 2));
    const missing = <u32>(value != value);
    const goesLeft = <u32>(value <= load<f32>(split, 4)) | (missing & load<u32>(split, 8));
    const before = load<u32>(follows + (<usize>load<u32>(split, 24) << 2));
    const from = scratch + i * bytes;
    const left = <usize>load<u32>(split, 16);
    const right = <usize>load<u32>(split, 20);
    const followsLeft = before & goesLeft;
    const followsRight = before & (goesLeft ^ 1);
    store<u32>(follows + (left << 2), followsLeft);
    store<u32>(follows + (right << 2), followsRight);
    const downLeft = vectors + left * 2 * states + <usize>(before + followsLeft) * bytes;
    const downRight = vectors + right * 2 * states + <usize>(before + followsRight) * bytes;
    store<usize>(chosen + (left << 3), downLeft + states);
    store<usize>(chosen + (right << 3), downRight + states);
    const toLeft = scratch + left * bytes;
    const toRight = scratch + right * bytes;
    for (let q: usize = 0; q < bytes; q += 16) {
      const product = v128.load(from + q);
      v128.store(toLeft + q, f64x2.mul(product, v128.load(downLeft + q)));
      v128.store(toRight + q, f64x2.mul(product, v128.load(downRight + q)));
    }
  }
}

/** Sums of the leaves below every node, last split first, each weighed on the edges it comes up through. */
@inline
function ascend(splits: usize, count: u32, bytes: usize, scratch: usize, chosen: usize, phi: usize): void {
  for (let i: usize = <usize>count; i > 0; i--) {
    const split = splits + (i - 1) * SPLIT_BYTES;
    const left = <usize>load<u32>(split, 16);
    const right = <usize>load<u32>(split, 20);
    const weighLeft = load<usize>(chosen + (left << 3));
    const weighRight = load<usize>(chosen + (right << 3));
    const fromLeft = scratch + left * bytes;
    const fromRight = scratch + right * bytes;
    const to = scratch + (i - 1) * bytes;
    let sum = f64x2.splat(0);
    for (let q: usize = 0; q < bytes; q += 16) {
      const a = v128.load(fromLeft + q);
      const b = v128.load(fromRight + q);
      v128.store(to + q, f64x2.add(a, b));
      sum = f64x2.add(sum, f64x2.mul(a, v128.load(weighLeft + q)));
      sum = f64x2.add(sum, f64x2.mul(b, v128.load(weighRight + q)));
    }
    const at = phi + (<usize>load<u32>(split, 12) << 3);
    store<f64>(at, load<f64>(at) + f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}
