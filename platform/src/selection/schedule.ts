import type { FamilyParams } from '../estimators/families.ts';
import type { BoosterParams, ForestParams, LinearParams, Task } from '../estimators/types.ts';
import type { ExternalFamily } from './ports.ts';

/** One line of the schedule: what to fit, under the name it has on the leaderboard. */
export type ScheduleEntry =
  | { readonly candidate: string; readonly family: 'constant'; readonly params: FamilyParams['constant'] }
  | { readonly candidate: string; readonly family: 'linear'; readonly params: LinearParams }
  | { readonly candidate: string; readonly family: 'forest'; readonly params: ForestParams }
  | {
      readonly candidate: string;
      readonly family: 'booster';
      readonly params: BoosterParams;
      /** Rounds are found on each fold's held-out rows; `params.rounds` is the most. */
      readonly earlyStopping: boolean;
    }
  | {
      readonly candidate: string;
      readonly family: ExternalFamily;
      readonly params: Readonly<Record<string, number>>;
      readonly earlyStopping: boolean;
    };

/** Entries that run whatever the budget, so that there is always something to serve and to compare with. */
export const ENTRIES_MIN = 2;

/** Below this many rows leaves and rates are chosen against overfitting. */
const SMALL_ROWS = 2_000;
/** From this many classes on a round costs so much that the rate must be higher. */
const MANY_CLASSES = 6;
const COLUMNS_PER_TREE_MIN = 3;

/**
 * The search, as a list that depends on nothing but task and size: constant, a quick booster, a linear model, forests, then boosters from
 * the most to the least promising, chosen to differ in rate, tree size, regularisation and sampling. A budget decides how far
 * the list is followed, never what is on it, so a position replays exactly.
 */
export function scheduleFor(
  task: Task,
  size: { readonly rows: number; readonly classes: number; readonly features: number },
): ScheduleEntry[] {
  const small = size.rows < SMALL_ROWS;
  const manyClasses = task === 'multiclass' && size.classes >= MANY_CLASSES;
  const boosters = small ? smallBoosters() : manyClasses ? boostersForManyClasses() : largeBoosters();
  const leafRowsMin = leafRowsMinOf(size.rows);
  const quick = { ...quickBooster(small, manyClasses), leafRowsMin };
  // A round of a linear fit costs as much as there are classes.
  const linear = manyClasses ? { iterationsMax: 40 } : {};
  // On few rows a strongly shrunk linear model often wins; on many it hardly ever does, and is tried last.
  const strongLinear: ScheduleEntry = {
    candidate: 'linear-02',
    family: 'linear',
    params: { lambda: small ? 5e-2 : 1e-2, ...linear },
  };
  return [
    { candidate: 'constant', family: 'constant', params: {} },
    {
      candidate: 'booster-quick',
      family: 'booster',
      params: { ...quick, leafRowsMin },
      earlyStopping: true,
    },
    { candidate: 'linear-01', family: 'linear', params: { lambda: small ? 1e-2 : 1e-3, ...linear } },
    ...(small ? [strongLinear] : []),
    ...boosters
      .slice(0, BOOSTERS_BEFORE_FORESTS)
      .map((params, i) => boosterEntry(i, { leafRowsMin, ...params }, size.features)),
    ...forests(size),
    ...boosters
      .slice(BOOSTERS_BEFORE_FORESTS)
      .map((params, i) =>
        boosterEntry(i + BOOSTERS_BEFORE_FORESTS, { leafRowsMin, ...params }, size.features),
      ),
    ...(small ? [] : [strongLinear]),
  ];
}

/**
 * Forests win on small noisy tables (kc1, phoneme: bench/tables.mjs) and hardly ever on large ones, where their graphs also become
 * large: so only up to here.
 */
const FOREST_ROWS_MAX = 20_000;
const FOREST_CLASSES_MAX = 10;
const BOOSTERS_BEFORE_FORESTS = 2;

function forests({ rows, classes }: { readonly rows: number; readonly classes: number }): ScheduleEntry[] {
  if (rows > FOREST_ROWS_MAX || classes > FOREST_CLASSES_MAX) return [];
  const common = { leaves: 512, leafRowsMin: rows < SMALL_ROWS ? 2 : 1 };
  return [
    { candidate: 'forest-01', family: 'forest', params: { ...common, rounds: 200 } },
    {
      candidate: 'extra-trees-01',
      family: 'forest',
      params: { ...common, rounds: 150, randomThresholds: 1 },
    },
  ];
}

/** Good within a moment: few rounds at a high rate, and early stopping, because a first model must not be worse than none. */
function quickBooster(small: boolean, manyClasses: boolean): BoosterParams {
  if (manyClasses) return { rounds: 12, leaves: 15, learningRate: 0.3, lambda: 1, earlyStoppingRounds: 5 };
  if (small) return { rounds: 60, leaves: 7, learningRate: 0.1, lambda: 1, earlyStoppingRounds: 15 };
  return { rounds: 60, leaves: 31, learningRate: 0.15, lambda: 1, earlyStoppingRounds: 10 };
}

/** One leaf size for all, so that every booster orders categories alike and their trees can stand in one model. */
function leafRowsMinOf(rows: number): number {
  return Math.max(1, Math.min(20, Math.floor(rows / 50)));
}

/** Trees need some columns to choose from, so of few columns a greater share is offered. */
function boosterEntry(index: number, params: BoosterParams, features: number): ScheduleEntry {
  const candidate = `booster-${String(index + 1).padStart(2, '0')}`;
  const featureFraction = Math.min(1, Math.max(params.featureFraction ?? 1, COLUMNS_PER_TREE_MIN / features));
  return { candidate, family: 'booster', params: { ...params, featureFraction }, earlyStopping: true };
}

function largeBoosters(): BoosterParams[] {
  const common = { rounds: 1500, earlyStoppingRounds: 40 };
  return [
    { ...common, leaves: 31, learningRate: 0.08, featureFraction: 0.8, lambda: 1 },
    { ...common, leaves: 16, learningRate: 0.07, featureFraction: 0.5, lambda: 1 },
    { ...common, leaves: 63, learningRate: 0.05, featureFraction: 0.6, lambda: 5 },
    { ...common, leaves: 24, learningRate: 0.05, featureFraction: 0.4, rowFraction: 0.8, lambda: 3 },
    { ...common, leaves: 8, learningRate: 0.1, featureFraction: 0.7, lambda: 1 },
    { ...common, leaves: 31, learningRate: 0.04, featureFraction: 0.5, rowFraction: 0.8, lambda: 10 },
    { ...common, leaves: 127, learningRate: 0.04, featureFraction: 0.5, rowFraction: 0.8, lambda: 10 },
    { ...common, leaves: 12, learningRate: 0.05, featureFraction: 0.3, lambda: 0 },
    { ...common, leaves: 48, learningRate: 0.03, featureFraction: 0.3, rowFraction: 0.7, lambda: 20 },
    { ...common, leaves: 20, learningRate: 0.03, featureFraction: 0.6, rowFraction: 0.6, lambda: 1 },
    { ...common, leaves: 5, learningRate: 0.12, featureFraction: 0.5, lambda: 1 },
    { ...common, leaves: 31, learningRate: 0.02, featureFraction: 0.4, rowFraction: 0.8, lambda: 5 },
    { ...common, leaves: 255, learningRate: 0.03, featureFraction: 0.4, rowFraction: 0.7, lambda: 30 },
    { ...common, leaves: 16, learningRate: 0.02, featureFraction: 0.3, rowFraction: 0.7, lambda: 3 },
  ];
}

/** Every round grows a tree for each class: few rounds at a high rate first. */
function boostersForManyClasses(): BoosterParams[] {
  const common = { earlyStoppingRounds: 10 };
  return [
    { ...common, rounds: 50, leaves: 31, learningRate: 0.3, featureFraction: 0.5, lambda: 1 },
    { ...common, rounds: 80, leaves: 63, learningRate: 0.25, featureFraction: 0.4, lambda: 3 },
    { ...common, rounds: 120, leaves: 24, learningRate: 0.2, featureFraction: 0.4, lambda: 1 },
    { ...common, rounds: 150, leaves: 63, learningRate: 0.15, featureFraction: 0.3, lambda: 5 },
    {
      ...common,
      rounds: 300,
      leaves: 31,
      learningRate: 0.1,
      featureFraction: 0.4,
      rowFraction: 0.8,
      lambda: 1,
    },
    {
      ...common,
      rounds: 300,
      leaves: 127,
      learningRate: 0.1,
      featureFraction: 0.3,
      rowFraction: 0.8,
      lambda: 10,
    },
    { ...common, rounds: 500, leaves: 16, learningRate: 0.1, featureFraction: 0.5, lambda: 1 },
    {
      ...common,
      rounds: 600,
      leaves: 48,
      learningRate: 0.05,
      featureFraction: 0.3,
      rowFraction: 0.7,
      lambda: 3,
    },
  ];
}

function smallBoosters(): BoosterParams[] {
  const common = { rounds: 600, earlyStoppingRounds: 40 };
  return [
    { ...common, leaves: 6, learningRate: 0.05, featureFraction: 0.6, lambda: 3 },
    { ...common, leaves: 3, learningRate: 0.08, featureFraction: 0.7, lambda: 1 },
    { ...common, leaves: 12, learningRate: 0.04, featureFraction: 0.5, rowFraction: 0.8, lambda: 5 },
    { ...common, leaves: 2, learningRate: 0.1, featureFraction: 1, lambda: 0 },
    { ...common, leaves: 4, learningRate: 0.03, featureFraction: 0.4, rowFraction: 0.7, lambda: 1 },
    { ...common, leaves: 20, learningRate: 0.03, featureFraction: 0.4, rowFraction: 0.6, lambda: 10 },
    { ...common, leaves: 8, learningRate: 0.03, featureFraction: 0.3, rowFraction: 0.8, lambda: 20 },
    { ...common, leaves: 5, learningRate: 0.02, featureFraction: 0.8, rowFraction: 0.5, lambda: 5 },
    { ...common, leaves: 31, learningRate: 0.02, featureFraction: 0.3, rowFraction: 0.5, lambda: 30 },
    { ...common, leaves: 3, learningRate: 0.04, featureFraction: 0.3, rowFraction: 0.8, lambda: 0 },
  ];
}
