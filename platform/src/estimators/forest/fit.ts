import { createRng, type Rng } from '../../kernel/rng.ts';
import { type BinnedTraining, binTraining, featureValues } from '../booster/binning.ts';
import { categoryRowsMin, orderCategories } from '../booster/category-order.ts';
import { exportTree } from '../booster/export-tree.ts';
import { type Arena, type Pointer, withArena } from '../booster/kernels.ts';
import { boosterMemoryBytes } from '../booster/memory.ts';
import type { RowArrays } from '../booster/objective.ts';
import { fillRowArrays, takeRowArrays } from '../booster/row-arrays.ts';
import { TreeGrower } from '../booster/tree-grower.ts';
import { checkParam, type ParamRange } from '../check-param.ts';
import { createProgressGate } from '../progress.ts';
import { checkTrainingSet } from '../training-set.ts';
import type { FitOptions, FitResult, ForestModel, ForestParams, TrainingSet, Tree } from '../types.ts';

/** Quantisation levels of a gradient; sums must stay below 2^31. */
const LEVELS_MAX = 32_767;
/** Bytes that histograms of one tree's leaves may take: more leaves than fit are not grown. */
const HISTOGRAM_BYTES_MAX = 256 * 1024 * 1024;
const LEAVES_DEFAULT = 2048;
const LEAVES_MIN = 16;

const RANGES: Record<keyof ForestParams, ParamRange> = {
  rounds: { low: 1, high: 10_000, whole: true },
  leaves: { low: 2, high: 65_536, whole: true },
  leafRowsMin: { low: 1, high: 2 ** 31, whole: true },
  nodeFraction: { low: 1e-6, high: 1, whole: false },
  randomThresholds: { low: 0, high: 1, whole: true },
  binsMax: { low: 2, high: 255, whole: true },
};

/**
 * Random forest (Breiman 2001) or, with `randomThresholds`, extremely randomised trees (Geurts, Ernst and Wehenkel 2006), on the
 * booster's bins and histograms: a tree of squared error on the class's indicator (or the number) has the class's share (or the mean) in
 * its leaves. For more than two classes each class has trees of its own, on the same rows. Missing values go to the side that
 * scores better. The same set, params and seed give the same model, byte for byte.
 *
 * @throws FIT_PARAM_INVALID, FIT_INPUT_INVALID, FIT_TOO_LARGE, KERNELS_MISSING
 */
export function fitForest(
  training: TrainingSet,
  params: ForestParams,
  options: FitOptions,
): FitResult<ForestModel> {
  checkTrainingSet(training);
  const complete = completeParams(params, training);
  return withArena((arena) => new ForestFit(arena, training, complete, options).run());
}

/** Bytes of WebAssembly memory a fit takes at most, as for a booster with as many leaves as a tree can have. */
export function forestMemoryBytes(rows: number, features: number, outputs: number): number {
  const leaves = Math.max(LEAVES_MIN, Math.min(LEAVES_DEFAULT, rows));
  const histograms = leaves * features * 2048;
  const least = boosterMemoryBytes({ rows, features, outputs, leaves: 0 });
  return least + Math.min(histograms, HISTOGRAM_BYTES_MAX);
}

function completeParams(params: ForestParams, training: TrainingSet): Required<ForestParams> {
  const features = Math.max(1, training.features.features.length);
  const classes = training.task !== 'regression';
  const complete: Required<ForestParams> = {
    rounds: params.rounds ?? 200,
    leaves: params.leaves ?? LEAVES_DEFAULT,
    leafRowsMin: params.leafRowsMin ?? (classes ? 1 : 5),
    nodeFraction: params.nodeFraction ?? (classes ? 1 / Math.sqrt(features) : 1 / 3),
    randomThresholds: params.randomThresholds ?? 0,
    binsMax: params.binsMax ?? 255,
  };
  for (const name of Object.keys(RANGES) as (keyof ForestParams)[])
    checkParam(name, complete[name], RANGES[name]);
  return complete;
}

class ForestFit {
  readonly #arena: Arena;
  readonly #training: TrainingSet;
  readonly #params: Required<ForestParams>;
  readonly #options: FitOptions;
  readonly #rng: Rng;
  readonly #orders: readonly (readonly string[] | undefined)[];
  readonly #binned: BinnedTraining;
  readonly #rows: RowArrays;
  readonly #packed: Pointer;
  readonly #index: Pointer;
  readonly #grower: TreeGrower;
  readonly #base: number[];

  constructor(arena: Arena, training: TrainingSet, params: Required<ForestParams>, options: FitOptions) {
    this.#arena = arena;
    this.#training = training;
    this.#params = params;
    this.#options = options;
    this.#rng = createRng(options.seed);
    const { rows, features } = training.features;
    const rare = categoryRowsMin(training, 10);
    this.#orders = features.map((f) =>
      f.kind === 'categorical' ? orderCategories(f, training, rare) : undefined,
    );
    const columns = features.map((feature, i) => featureValues(feature, this.#orders[i]));
    const { binsMax } = params;
    this.#binned = binTraining(arena, columns, { rows, binsMax, seed: this.#rng.uint32() });
    this.#rows = takeRowArrays(arena, { ...training, task: 'regression', classes: 1 });
    this.#packed = arena.take(this.#rows.rows4 * 8);
    this.#index = arena.take(rows * 4);
    this.#base = sharesOf(training);
    fillRowArrays(arena, training, this.#rows, [0]);
    const { columns: stored, histBytes } = this.#binned.layout;
    const leaves = Math.max(
      2,
      Math.min(params.leaves, rows, Math.floor(HISTOGRAM_BYTES_MAX / Math.max(1, histBytes))),
    );
    this.#grower = new TreeGrower(arena, this.#binned, rows, this.#index, {
      ...{ leaves, leafRowsMin: params.leafRowsMin, lambda: 0, learningRate: 1 },
      nodes: {
        columns: Math.max(1, Math.round(stored.length * params.nodeFraction)),
        randomThresholds: params.randomThresholds === 1,
        rng: this.#rng,
      },
    });
  }

  run(): FitResult<ForestModel> {
    const { rounds } = this.#params;
    const mayContinue = createProgressGate(this.#options.onProgress);
    const trees: Tree[] = [];
    const outputs = this.#base.length;
    let round = 0;
    while (round < rounds) {
      const sampled = this.#drawRows();
      for (let output = 0; output < outputs; output++) trees.push(this.#growOne(output, sampled, 1 / rounds));
      round++;
      if (!mayContinue(round / rounds)) break;
    }
    const { task, features } = this.#training;
    const model: ForestModel = {
      family: 'forest',
      task,
      features: features.features.map(({ name, kind }, i) =>
        kind === 'numeric' ? { name, kind } : { name, kind, categories: this.#orders[i]! },
      ),
      base: this.#base,
      // Stopped early, the trees that were grown share the whole.
      trees: round === rounds ? trees : trees.map((tree) => scaled(tree, rounds / round)),
    };
    return { model, rounds: round };
  }

  /** A bootstrap in the order of rows; every row once for extra trees. */
  #drawRows(): Int32Array {
    const { rows } = this.#training.features;
    if (this.#params.randomThresholds === 1) return Int32Array.from({ length: rows }, (_, row) => row);
    const times = new Int32Array(rows);
    for (let i = 0; i < rows; i++) times[this.#rng.int(rows)]!++;
    const drawn = new Int32Array(rows);
    let at = 0;
    for (let row = 0; row < rows; row++) for (let t = times[row]!; t > 0; t--) drawn[at++] = row;
    return drawn;
  }

  #growOne(output: number, sampled: Int32Array, share: number): Tree {
    const { kernels } = this.#arena;
    const { rows4, target, weight, gradient, hessian, score, out } = this.#rows;
    const { task, target: given } = this.#training;
    const rows = given.length;
    const values = this.#arena.float64(target, rows4);
    if (task === 'multiclass') for (let i = 0; i < rows; i++) values[i] = given[i] === output ? 1 : 0;
    this.#arena.float64(score, rows4).fill(this.#base[output]!);
    kernels.squaredGradients(score, target, weight, rows4, gradient, hessian, out);
    const [gMax, hMax] = this.#arena.float64(out, 2);
    const levels = Math.min(LEVELS_MAX, Math.floor((2 ** 31 - 1) / sampled.length) - 1);
    const flat = this.#training.weights === undefined;
    const gScale = gMax! > 0 ? levels / gMax! : 0;
    const hScale = hMax! > 0 ? (flat ? 1 : levels) / hMax! : 0;
    kernels.quantise(gradient, hessian, rows4, gScale, hScale, this.#rng.uint32(), this.#packed);
    this.#arena.int32(this.#index, sampled.length).set(sampled);
    kernels.sumPacked(this.#packed, this.#index, sampled.length, out);
    const [G, H] = this.#arena.float64(out, 2);
    const quantised = { packed: this.#packed, gradient, hessian, hScale, G: G!, H: H! };
    const grown = this.#grower.grow(quantised, sampled.length, false);
    return exportTree(grown, this.#binned.layout, share);
  }
}

function scaled(tree: Tree, factor: number): Tree {
  return { ...tree, value: tree.value.map((value) => Math.fround(value * factor)) };
}

/** Weighted mean of the target, or share of each class. */
function sharesOf({ target, weights, task, classes }: TrainingSet): number[] {
  const sums = new Float64Array(task === 'multiclass' ? classes : 1);
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    total += weight;
    if (task === 'multiclass') sums[target[i]!]! += weight;
    else sums[0]! += weight * target[i]!;
  }
  return Array.from(sums, (sum) => Math.fround(sum / total));
}
