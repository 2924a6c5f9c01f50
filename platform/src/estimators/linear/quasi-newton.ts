/** A convex, differentiable function of a vector whose first `penalised` entries carry an L1 penalty, too. */
export interface SmoothFunction {
  readonly size: number;
  readonly penalised: number;
  /** Returns the value and writes the gradient. */
  evaluate(point: Float64Array, gradient: Float64Array): number;
}

export interface MinimiseOptions {
  readonly lambda1: number;
  readonly iterationsMax: number;
  /** Stops when no entry of the (pseudo-)gradient exceeds this. */
  readonly gradientTolerance: number;
  /** Stops when three iterations running lower the value by less than this share of it. */
  readonly valueTolerance: number;
  readonly mayContinue: (fraction: number) => boolean;
}

const MEMORY = 10;
const HALVINGS_MAX = 40;
const ARMIJO = 1e-4;
const STALLS_MAX = 3;

/**
 * OWL-QN (Andrew and Gao 2007): limited-memory BFGS in the orthant of the current point; without an L1 penalty it is plain
 * L-BFGS with backtracking. Deterministic. Moves `point` to the minimum; returns the iterations used.
 */
export function minimise(f: SmoothFunction, point: Float64Array, options: MinimiseOptions): number {
  const { lambda1, iterationsMax } = options;
  const history = new History(f.size);
  const gradient = new Float64Array(f.size);
  const pseudo = new Float64Array(f.size);
  const direction = new Float64Array(f.size);
  const next = new Float64Array(f.size);
  const nextGradient = new Float64Array(f.size);
  let value = f.evaluate(point, gradient) + l1Norm(f, point, lambda1);
  let stalls = 0;
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    pseudoGradient(f, point, gradient, lambda1, pseudo);
    if (maxNorm(pseudo) <= options.gradientTolerance) return iteration;
    history.direction(pseudo, direction);
    if (lambda1 > 0) keepSigns(f, direction, pseudo);
    const first = iteration === 0 ? Math.min(1, 1 / Math.sqrt(dot(pseudo, pseudo))) : 1;
    let step = first;
    let lowered = value;
    let halvings = 0;
    for (; halvings < HALVINGS_MAX; halvings++, step /= 2) {
      moveInOrthant(f, { point, pseudo, direction, step, lambda1 }, next);
      lowered = f.evaluate(next, nextGradient) + l1Norm(f, next, lambda1);
      if (lowered <= value + ARMIJO * projectedSlope(pseudo, point, next)) break;
    }
    if (halvings === HALVINGS_MAX) return iteration;
    history.push(point, next, gradient, nextGradient);
    stalls = value - lowered <= options.valueTolerance * Math.abs(value) ? stalls + 1 : 0;
    value = lowered;
    point.set(next);
    gradient.set(nextGradient);
    if (stalls === STALLS_MAX || !options.mayContinue((iteration + 1) / iterationsMax)) return iteration + 1;
  }
  return iterationsMax;
}

/** The last steps and gradient changes, and the inverse Hessian they stand for. */
class History {
  readonly #steps: Float64Array[] = [];
  readonly #changes: Float64Array[] = [];
  readonly #products: number[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  push(from: Float64Array, to: Float64Array, gradient: Float64Array, nextGradient: Float64Array): void {
    const step = new Float64Array(this.#size);
    const change = new Float64Array(this.#size);
    for (let j = 0; j < step.length; j++) {
      step[j] = to[j]! - from[j]!;
      change[j] = nextGradient[j]! - gradient[j]!;
    }
    const product = dot(step, change);
    // Rounding can hide the curvature of a convex function; such a pair would spoil the inverse.
    if (!(product > 1e-14 * Math.sqrt(dot(step, step) * dot(change, change)))) return;
    this.#steps.push(step);
    this.#changes.push(change);
    this.#products.push(product);
    if (this.#steps.length <= MEMORY) return;
    this.#steps.shift();
    this.#changes.shift();
    this.#products.shift();
  }

  /** The two-loop recursion (Nocedal and Wright, algorithm 7.4): direction = -H · gradient. */
  direction(gradient: Float64Array, direction: Float64Array): void {
    for (let j = 0; j < direction.length; j++) direction[j] = -gradient[j]!;
    const count = this.#steps.length;
    const alphas = new Array<number>(count).fill(0);
    for (let i = count - 1; i >= 0; i--) {
      alphas[i] = dot(this.#steps[i]!, direction) / this.#products[i]!;
      addScaled(direction, this.#changes[i]!, -alphas[i]!);
    }
    if (count > 0) {
      const last = this.#changes[count - 1]!;
      const scale = this.#products[count - 1]! / dot(last, last);
      for (let j = 0; j < direction.length; j++) direction[j]! *= scale;
    }
    for (let i = 0; i < count; i++) {
      const beta = dot(this.#changes[i]!, direction) / this.#products[i]!;
      addScaled(direction, this.#steps[i]!, alphas[i]! - beta);
    }
  }
}

/** The steepest one-sided derivative's gradient where |x| has a kink. */
function pseudoGradient(
  f: SmoothFunction,
  point: Float64Array,
  gradient: Float64Array,
  lambda1: number,
  out: Float64Array,
): void {
  out.set(gradient);
  if (lambda1 === 0) return;
  for (let j = 0; j < f.penalised; j++) {
    const g = gradient[j]!;
    const x = point[j]!;
    if (x !== 0) out[j] = g + Math.sign(x) * lambda1;
    else out[j] = g + lambda1 < 0 ? g + lambda1 : g - lambda1 > 0 ? g - lambda1 : 0;
  }
}

function keepSigns(f: SmoothFunction, direction: Float64Array, pseudo: Float64Array): void {
  for (let j = 0; j < f.penalised; j++) if (direction[j]! * pseudo[j]! >= 0) direction[j] = 0;
}

/** next = point + step · direction; penalised entries that would leave their orthant become 0. */
function moveInOrthant(
  f: SmoothFunction,
  move: {
    readonly point: Float64Array;
    readonly pseudo: Float64Array;
    readonly direction: Float64Array;
    readonly step: number;
    readonly lambda1: number;
  },
  next: Float64Array,
): void {
  const { point, pseudo, direction, step } = move;
  for (let j = 0; j < next.length; j++) next[j] = point[j]! + step * direction[j]!;
  if (move.lambda1 === 0) return;
  for (let j = 0; j < f.penalised; j++) {
    const sign = point[j] === 0 ? -Math.sign(pseudo[j]!) : Math.sign(point[j]!);
    if (next[j]! * sign <= 0) next[j] = 0;
  }
}

function projectedSlope(pseudo: Float64Array, from: Float64Array, to: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < pseudo.length; j++) sum += pseudo[j]! * (to[j]! - from[j]!);
  return sum;
}

function l1Norm(f: SmoothFunction, point: Float64Array, lambda1: number): number {
  if (lambda1 === 0) return 0;
  let sum = 0;
  for (let j = 0; j < f.penalised; j++) sum += Math.abs(point[j]!);
  return lambda1 * sum;
}

function maxNorm(vector: Float64Array): number {
  let max = 0;
  for (const value of vector) max = Math.max(max, Math.abs(value));
  return max;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

function addScaled(to: Float64Array, from: Float64Array, factor: number): void {
  for (let j = 0; j < to.length; j++) to[j]! += factor * from[j]!;
}
