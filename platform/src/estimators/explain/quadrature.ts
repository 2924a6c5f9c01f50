/** Nodes and weights of a rule on [0, 1]. */
export interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

const known = new Map<number, Quadrature>();

/**
 * Gauss–Legendre on [0, 1]: exact for polynomials of degree 2·points − 1, all weights positive, which keeps sums of
 * products free of cancellation. Nodes by Newton's method on the three-term recurrence (Press et al., Numerical Recipes, §4.6).
 *
 * @param points ≥ 1
 */
export function gaussLegendre(points: number): Quadrature {
  const before = known.get(points);
  if (before !== undefined) return before;
  const nodes = new Float64Array(points);
  const weights = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    let z = Math.cos((Math.PI * (i + 0.75)) / (points + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      const [value, derivative] = legendre(points, z);
      slope = derivative;
      const next = z - value / derivative;
      const moved = Math.abs(next - z);
      z = next;
      if (moved < 1e-16) break;
    }
    nodes[i] = (1 - z) / 2;
    weights[i] = 1 / ((1 - z * z) * slope * slope);
  }
  const rule = { nodes, weights };
  known.set(points, rule);
  return rule;
}

/** P_n(z) and its derivative. */
function legendre(n: number, z: number): [number, number] {
  let before = 0;
  let value = 1;
  for (let k = 0; k < n; k++) {
    const next = ((2 * k + 1) * z * value - k * before) / (k + 1);
    before = value;
    value = next;
  }
  return [value, (n * (z * value - before)) / (z * z - 1)];
}
