import { createRng, type Rng } from '../../kernel/rng.ts';
import { createProgressGate } from '../progress.ts';
import { checkTrainingSet } from '../training-set.ts';
import type { BoosterModel, BoosterParams, FitOptions, FitResult, TrainingSet, Tree } from '../types.ts';
import { type BinnedTraining, binTraining, featureValues } from './binning.ts';
import { categoryRowsMin, orderCategories } from './category-order.ts';
import { exportTree } from './export-tree.ts';
import type { GrownTree, Quantised } from './grown-tree.ts';
import { HeldOut } from './held-out.ts';
import { type Arena, type Pointer, withArena } from './kernels.ts';
import { createObjective, type Objective, type RowArrays } from './objective.ts';
import { completeBoosterParams } from './params.ts';
import { fillRowArrays, takeRowArrays } from './row-arrays.ts';
import { TreeGrower } from './tree-grower.ts';
import { type PlacedTree, placeTree } from './tree-placer.ts';

/** Quantisation levels of a gradient. More levels would not change a tree, and sums must stay below 2^31. */
const LEVELS_MAX = 32_767;
/**
 * Histogram gradient boosting: logistic loss for two classes, softmax with one tree per class and round for more, squared
 * error for regression. Missing values are sent to the side that gains more, at every split. Categorical features enter
 * in an order chosen here (see `category-order.ts`). The same set, params and seed give the same model, byte for byte.
 *
 * With `options.valid`, stops when its loss has not improved for `earlyStoppingRounds`, and keeps the best round.
 *
 * @throws FIT_PARAM_INVALID, FIT_INPUT_INVALID, FIT_TOO_LARGE, KERNELS_MISSING
 */
export function fitBooster(
  training: TrainingSet,
  params: BoosterParams,
  options: FitOptions,
): FitResult<BoosterModel> {
  checkTrainingSet(training);
  if (options.valid !== undefined) checkTrainingSet(options.valid);
  const complete = completeBoosterParams(params);
  return withArena((arena) => new BoosterFit(arena, training, complete, options).run());
}

class BoosterFit {
  readonly #arena: Arena;
  readonly #training: TrainingSet;
  readonly #params: Required<BoosterParams>;
  readonly #options: FitOptions;
  readonly #rng: Rng;
  readonly #orders: readonly (readonly string[] | undefined)[];
  readonly #binned: BinnedTraining;
  readonly #rows: RowArrays;
  readonly #packed: Pointer;
  readonly #index: Pointer;
  readonly #objective: Objective;
  readonly #grower: TreeGrower;
  readonly #placed: PlacedTree;
  readonly #held: HeldOut | undefined;
  readonly #trees: Tree[] = [];

  constructor(arena: Arena, training: TrainingSet, params: Required<BoosterParams>, options: FitOptions) {
    this.#arena = arena;
    this.#training = training;
    this.#params = params;
    this.#options = options;
    this.#rng = createRng(options.seed);
    const rows = training.features.rows;
    const { features } = training.features;
    const rare = categoryRowsMin(training, params.leafRowsMin);
    this.#orders = features.map((f) =>
      f.kind === 'categorical' ? orderCategories(f, training, rare) : undefined,
    );
    const columns = features.map((feature, i) => featureValues(feature, this.#orders[i]));
    const seed = this.#rng.uint32();
    this.#binned = binTraining(arena, columns, { rows, binsMax: params.binsMax, seed });
    this.#rows = takeRowArrays(arena, training);
    this.#packed = arena.take(this.#rows.rows4 * 8);
    // Two lists end to end: the sampled rows, and the others.
    this.#index = arena.take(rows * 4);
    this.#objective = createObjective(arena, training, this.#rows);
    this.#grower = new TreeGrower(arena, this.#binned, rows, this.#index, params);
    this.#placed = placeTree(arena, params.leaves);
    if (options.valid !== undefined) {
      this.#held = new HeldOut(arena, options.valid, {
        training,
        layout: this.#binned.layout,
        orders: this.#orders,
        base: this.#objective.base,
      });
    }
    fillRowArrays(arena, training, this.#rows, this.#objective.base);
  }

  run(): FitResult<BoosterModel> {
    const { rounds, earlyStoppingRounds } = this.#params;
    const mayContinue = createProgressGate(this.#options.onProgress);
    let bestLoss = Number.POSITIVE_INFINITY;
    let bestRound = 0;
    let round = 0;
    while (round < rounds) {
      if (!this.#boost()) break;
      round++;
      const loss = this.#held?.loss() ?? -round;
      if (loss < bestLoss) {
        bestLoss = loss;
        bestRound = round;
      }
      if (round - bestRound >= earlyStoppingRounds) break;
      if (!mayContinue(round / rounds)) break;
    }
    return { model: this.#model(bestRound), rounds: bestRound };
  }

  /** One round. Returns false, adding nothing, when no tree can split any more. */
  #boost(): boolean {
    const { outputs } = this.#objective;
    const whole = this.#params.rowFraction === 1;
    const sampled = whole ? this.#training.features.rows : this.#sampleRows();
    this.#sampleColumns();
    this.#objective.beginRound();
    const start = this.#trees.length;
    let splits = 0;
    for (let output = 0; output < outputs; output++) {
      const grown = this.#growOne(output, sampled, whole);
      splits += grown.column.length - 1;
      this.#trees.push(exportTree(grown, this.#binned.layout));
    }
    const exhausted = splits === 0 && whole && this.#params.featureFraction === 1;
    if (exhausted) this.#trees.length = start;
    return !exhausted;
  }

  #growOne(output: number, sampled: number, whole: boolean): GrownTree {
    const { kernels } = this.#arena;
    const rows = this.#training.features.rows;
    if (whole) kernels.fillIndex(this.#index, rows);
    const quantised = this.#quantise(output, sampled, whole);
    // The rest of the list is not touched by growing, which permutes the sampled part only.
    const grown = this.#grower.grow(quantised, sampled, whole);
    const score = this.#rows.score + output * this.#rows.scoreBytes;
    if (grown.column.length === 1 && grown.value[0] === 0) return grown;
    for (const { node, start, end } of grown.leaves) {
      kernels.addToLeaf(this.#index, start, end, score, grown.value[node]!);
    }
    if (whole && this.#held === undefined) return grown;
    this.#placed.write(grown, this.#binned.layout);
    if (!whole) {
      const rest = this.#index + sampled * 4;
      const { rowMajor, stride } = this.#binned;
      kernels.addTree(rowMajor, stride, this.#placed.nodes, rest, rows - sampled, score);
    }
    this.#held?.add(this.#placed.nodes, output);
    return grown;
  }

  #quantise(output: number, sampled: number, whole: boolean): Quantised {
    const { kernels } = this.#arena;
    const { gradient, hessian, rows4, out } = this.#rows;
    const { gMax, hMax } = this.#objective.gradients(output);
    const levels = Math.min(LEVELS_MAX, Math.floor((2 ** 31 - 1) / sampled) - 1);
    const gScale = gMax > 0 ? levels / gMax : 0;
    const hScale = hMax > 0 ? (this.#objective.flatHessian ? 1 : levels) / hMax : 0;
    kernels.quantise(gradient, hessian, rows4, gScale, hScale, this.#rng.uint32(), this.#packed);
    kernels.sumPacked(this.#packed, whole ? 0 : this.#index, sampled, out);
    const [G, H] = this.#arena.float64(out, 2);
    return { packed: this.#packed, gradient, hessian, hScale, G: G!, H: H! };
  }

  /** Selection sampling (Knuth, algorithm S): sampled rows first, then the others, each ascending. */
  #sampleRows(): number {
    const rows = this.#training.features.rows;
    const count = Math.max(1, Math.round(rows * this.#params.rowFraction));
    const index = this.#arena.int32(this.#index, rows);
    let taken = 0;
    let left = count;
    for (let row = 0; row < rows; row++) {
      if (this.#rng.next() * (rows - row) < count - taken) index[taken++] = row;
      else index[left++] = row;
    }
    return count;
  }

  #sampleColumns(): void {
    const total = this.#binned.layout.columns.length;
    if (this.#params.featureFraction === 1 || total === 0) return;
    const count = Math.max(1, Math.round(total * this.#params.featureFraction));
    const chosen: number[] = [];
    for (let c = 0; c < total; c++) {
      if (this.#rng.next() * (total - c) < count - chosen.length) chosen.push(c);
    }
    this.#grower.useColumns(chosen);
  }

  #model(rounds: number): BoosterModel {
    return {
      family: 'booster',
      task: this.#training.task,
      features: this.#training.features.features.map(({ name, kind }, i) =>
        kind === 'numeric' ? { name, kind } : { name, kind, categories: this.#orders[i]! },
      ),
      base: this.#objective.base,
      trees: this.#trees.slice(0, rounds * this.#objective.outputs),
    };
  }
}
