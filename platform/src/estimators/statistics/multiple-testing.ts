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

/**
 * Holm (1979): adjusted p values that bound the chance of any false rejection, whatever the dependence between the tests.
 *
 * @param p one p value per test
 * @returns adjusted values in the same order, each ≥ its p and ≤ 1
 */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]! || a - b);
  const adjusted = new Array<number>(p.length);
  let most = 0;
  for (const [rank, test] of order.entries()) {
    most = Math.min(1, Math.max(most, p[test]! * (p.length - rank)));
    adjusted[test] = most;
  }
  return adjusted;
}
