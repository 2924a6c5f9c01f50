import type { FeatureMatrix } from '../tables/features.ts';

/**
 * Estimators are pure: a fit is a function of (data, params, seed) and nothing else, so that a replay and any number of
 * workers give the same bytes. A fitted `Model` is plain JSON-able data: it is predicted by `predict.ts` (the reference)
 * and exported by `onnx/` (what is served); the parity gate compares the two.
 */
export type Task = 'binary' | 'multiclass' | 'regression';

export type Family = 'constant' | 'linear' | 'booster' | 'forest';

export interface TrainingSet {
  readonly features: FeatureMatrix;
  /** Per row: class index in [0, classes) for classification, the value for regression. Never NaN. */
  readonly target: Float64Array;
  readonly task: Task;
  /** Number of classes; 1 for regression. */
  readonly classes: number;
  /** Optional row weights, positive. Default: all 1. */
  readonly weights?: Float64Array;
}

export interface FitOptions {
  /** 32-bit seed; the same seed gives the same model. */
  readonly seed: number;
  /** Rows held out for early stopping. Default: none, and the full number of rounds is fitted. */
  readonly valid?: TrainingSet;
  /** Called a few times a second at most. `fraction` in [0, 1]. Returning false stops the fit with the best model so far. */
  readonly onProgress?: (fraction: number) => boolean;
}

export interface FitResult<M extends Model = Model> {
  readonly model: M;
  /** Rounds that were kept (boosting), iterations used (linear), 0 for constant. */
  readonly rounds: number;
}

/** Predicts the same thing for every row: the class frequencies, or the mean. */
export interface ConstantModel {
  readonly family: 'constant';
  readonly task: Task;
  /** Probabilities per class, or one value. */
  readonly output: readonly number[];
}

/** How one feature enters a linear model. */
export type LinearEncoder =
  | {
      readonly kind: 'numeric';
      readonly feature: string;
      readonly mean: number;
      readonly scale: number;
      readonly fill: number;
      readonly missingIndicator: boolean;
    }
  | {
      readonly kind: 'categorical';
      readonly feature: string /** One-hot levels in order; anything else (rare, unseen) maps to no level. */;
      readonly levels: readonly string[];
      readonly missingIndicator: boolean;
    };

export interface LinearModel {
  readonly family: 'linear';
  readonly task: Task;
  readonly encoders: readonly LinearEncoder[];
  /** Row-major outputs × terms (terms in encoder order: value, [indicator] or levels…, [indicator]); 1 output for binary and regression. */
  readonly coefficients: readonly number[];
  /** One per output. */
  readonly intercepts: readonly number[];
}

/**
 * One regression tree in arrays; node 0 is the root. `feature[i] === -1` marks a leaf.
 * A row goes left when value ≤ threshold (float32 compare), or when it is missing and `missingLeft[i] === 1`.
 * Categorical features enter as the float index of their category in the model's `categories` (unseen = missing),
 * in an order chosen at fit time, so a threshold splits a set of categories.
 */
export interface Tree {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly missingLeft: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** Leaf values, learning rate applied. */
  readonly value: readonly number[];
}

export interface BoosterModel {
  readonly family: 'booster';
  readonly task: Task;
  /** Graph inputs in the order the trees number them. `categories` gives the ordinal order of a categorical feature. */
  readonly features: readonly (
    | { readonly name: string; readonly kind: 'numeric' }
    | { readonly name: string; readonly kind: 'categorical'; readonly categories: readonly string[] }
  )[];
  /** Raw score before any tree, one per output (1 for binary and regression, else one per class). */
  readonly base: readonly number[];
  /** Round-major: round r, output k is `trees[r * outputs + k]`. */
  readonly trees: readonly Tree[];
}

/**
 * Mean of trees that were each grown on rows drawn anew: base + Σ of the leaves' values, which are divided by the number of trees
 * already. Classification: shares of the classes, to be clipped to [0, 1] and to sum to 1.
 */
export interface ForestModel extends Omit<BoosterModel, 'family'> {
  readonly family: 'forest';
}

export type Model = ConstantModel | LinearModel | BoosterModel | ForestModel;

export interface ForestParams {
  /** Trees per output. Default 200. */
  readonly rounds?: number;
  /** Least rows in a leaf. Default 1 for classes, 5 for numbers. */
  readonly leafRowsMin?: number;
  /** Leaves per tree at most. Default 2048. */
  readonly leaves?: number;
  /** Share of the features tried at each node, in (0, 1]. Default √features for classes, a third for numbers. */
  readonly nodeFraction?: number;
  /** 1: thresholds are drawn at random and rows are not (extra trees, Geurts 2006); 0: best thresholds on a bootstrap (Breiman 2001). Default 0. */
  readonly randomThresholds?: number;
  /** Bins per feature, 2…255 beside the missing bin. Default 255. */
  readonly binsMax?: number;
}

export interface LinearParams {
  /** Total penalty strength λ ≥ 0, on standardised terms, per row (glmnet's scale). Default 1e-3. */
  readonly lambda?: number;
  /** Share of L1 in the penalty, in [0, 1]. Default 0. */
  readonly l1Ratio?: number;
  /** Categories with fewer training rows than this share no level. Default 10. */
  readonly rareRowsMin?: number;
  readonly iterationsMax?: number;
}

export interface BoosterParams {
  /** Boosting rounds. Default 100. */
  readonly rounds?: number;
  /** Leaves per tree. Default 31. */
  readonly leaves?: number;
  /** Shrinkage in (0, 1]. Default 0.1. */
  readonly learningRate?: number;
  /** Least rows in a leaf. Default 20. */
  readonly leafRowsMin?: number;
  /** L2 on leaf values. Default 0. */
  readonly lambda?: number;
  /** Share of features tried per tree, in (0, 1]. Default 1. */
  readonly featureFraction?: number;
  /** Share of rows per tree, in (0, 1]. Default 1. */
  readonly rowFraction?: number;
  /** Bins per feature, 2…255 beside the missing bin. Default 255 (254 thresholds). */
  readonly binsMax?: number;
  /** With `valid`: stop when the loss has not improved for this many rounds. Default 50. */
  readonly earlyStoppingRounds?: number;
}

/** What a family dictates before anything runs: shown by plans, cards and `doctor`. */
export interface FamilyRequirements {
  readonly family: Family;
  readonly tasks: readonly Task[];
  readonly inputs: {
    readonly missing: boolean;
    readonly categorical: boolean;
    readonly cardinalityMax: number;
  };
  readonly runtime: { readonly kind: 'node' };
  /** Bytes of working memory for a fit of n rows × d features × k outputs. */
  readonly memoryBytes: (n: number, d: number, k: number) => number;
  readonly licence: string;
}
