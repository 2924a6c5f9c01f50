/**
 * Benjamini and Hochberg (1995): q such that rejecting all tests with q ≤ α keeps the expected share of false discoveries at α;
 * when every null hypothesis is true, the chance of any discovery is α at most (independence or positive dependence).
 *
 * @param p one p value per test
 * @returns adjusted values in the same order, each ≥ its p and ≤ 1
 */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]! || a - b);
  const q = new Array<number>(p.length);
  let least = 1;
  for (let rank = order.length; rank >= 1; rank--) {
    const test = order[rank - 1]!;
    least = Math.min(least, (p[test]! * p.length) / rank);
    q[test] = least;
  }
  return q;
}
