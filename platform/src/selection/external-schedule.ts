import type { Task } from '../estimators/types.ts';
import { isExternal } from './external-fits.ts';
import type { ExternalFamily } from './ports.ts';
import type { ScheduleEntry } from './schedule.ts';

const SMALL_ROWS = 2_000;
const MANY_CLASSES = 6;
/** External families come after this many boosters of ours: early enough for a budget to reach them. */
const OWN_BOOSTERS_BEFORE = 2;

interface Size {
  readonly rows: number;
  readonly classes: number;
}

/**
 * The schedule with one entry for each external family that is there and can do the task. It depends on nothing but the schedule, the
 * families, task and size.
 */
export function withExternal(
  schedule: readonly ScheduleEntry[],
  families: readonly ExternalFamily[],
  { task, ...size }: Size & { readonly task: Task },
): ScheduleEntry[] {
  const added = families.flatMap((family) => entryOf(family, task, size));
  const boosters = schedule.flatMap(({ candidate }, i) => (/^booster-\d+$/.test(candidate) ? [i] : []));
  const at = (boosters[OWN_BOOSTERS_BEFORE - 1] ?? schedule.length - 1) + 1;
  return [...schedule.slice(0, at), ...added, ...schedule.slice(at)];
}

/** Whether a family's trees add up to raw scores, as our booster's do. */
export function isBoosted(family: string): boolean {
  return family === 'booster' || (isExternal(family) && !isForest(family));
}

function isForest(family: ExternalFamily): boolean {
  return family === 'sklearn-forest' || family === 'sklearn-extra';
}

function entryOf(family: ExternalFamily, task: Task, { rows, classes }: Size): ScheduleEntry[] {
  const candidate = `${family}-01`;
  const categoryRowsMin = Math.max(1, Math.min(20, Math.floor(rows / 50)));
  if (isForest(family)) {
    // A mean of class shares is not a sum of raw scores.
    if (task !== 'regression') return [];
    // Leaves grow with the rows: a forest of single rows is a hundred times the table.
    const leafRowsMin = Math.max(2, Math.ceil(rows / 1_000));
    const params = { rounds: 100, leafRowsMin, featureFraction: 0.5, categoryRowsMin };
    return [{ candidate, family, params, earlyStopping: false }];
  }
  const small = rows < SMALL_ROWS;
  const manyClasses = task === 'multiclass' && classes >= MANY_CLASSES;
  const pace = manyClasses
    ? { rounds: 120, learningRate: 0.2, earlyStoppingRounds: 10 }
    : small
      ? { rounds: 300, learningRate: 0.08, earlyStoppingRounds: 25 }
      : { rounds: 1_000, learningRate: 0.07, earlyStoppingRounds: 40 };
  const params = { ...pace, ...shapeOf(family, small), categoryRowsMin };
  return [{ candidate, family, params: withLeaves(params, family, categoryRowsMin), earlyStopping: true }];
}

type Params = Readonly<Record<string, number>>;

/** Tree sizes as far from each library's defaults as small tables ask for. */
function shapeOf(family: ExternalFamily, small: boolean): Params {
  switch (family) {
    case 'lightgbm':
      return { leaves: small ? 7 : 31, featureFraction: 0.7, rowFraction: 0.9, lambda: 1 };
    case 'xgboost':
      return { depth: small ? 3 : 6, featureFraction: 0.7, rowFraction: 0.9, lambda: small ? 3 : 1 };
    case 'catboost':
      return { depth: small ? 4 : 6, lambda: 3 };
    default:
      return { leaves: small ? 7 : 31, featureFraction: 0.7, lambda: 1 };
  }
}

function withLeaves(params: Params, family: ExternalFamily, leafRowsMin: number): Params {
  return family === 'lightgbm' || family === 'sklearn-hgb' ? { ...params, leafRowsMin } : params;
}
