import type { FeatureDrift } from '../contracts/monitors.ts';
import { shareDifference, wilsonInterval } from '../estimators/statistics/proportions.ts';
import { ROWS_MIN } from './drift.ts';
import type { WindowCounts } from './ports.ts';
import type { BaselineFeature, DriftBaseline } from './types.ts';

/**
 * What is wrong with live traffic now. A condition has a key; it is announced once when it begins (monitor.alert) and once when it
 * is over (monitor.recovered). Which keys are open is read from the event log itself, so that a restart neither forgets nor repeats.
 */
export interface Condition {
  /** `<kind>:<feature>` */
  readonly key: string;
  readonly feature: string;
  readonly severity: 'warning';
  readonly summary: string;
  readonly data: Readonly<Record<string, number>>;
}

/** Shares of rows by which missing, unseen or unreadable values must exceed the baseline, at the interval's lower end. */
const QUALITY_MARGIN = 0.05;

export function conditionsOf(
  baseline: DriftBaseline,
  window: WindowCounts,
  drift: readonly FeatureDrift[],
): Condition[] {
  if (window.rows < ROWS_MIN) return [];
  const features = [...baseline.features, baseline.prediction];
  return drift.flatMap((found, f) => [
    ...driftCondition(found),
    ...qualityConditions(features[f]!, window.features[f]!, found),
  ]);
}

/** Keys that begin and keys that are over. Nothing is over while there are too few rows to judge. */
export function changesOf(
  open: ReadonlySet<string>,
  now: readonly Condition[],
  judged: boolean,
): { begun: Condition[]; over: string[] } {
  if (!judged) return { begun: [], over: [] };
  const keys = new Set(now.map((condition) => condition.key));
  return {
    begun: now.filter((condition) => !open.has(condition.key)),
    over: [...open].filter((key) => !keys.has(key)),
  };
}

function driftCondition({ feature, kind, psi, bound, drifted, rows }: FeatureDrift): Condition[] {
  if (!drifted || psi === null || bound === null) return [];
  const what = kind === 'prediction' ? 'the predictions' : `'${feature}'`;
  return [
    {
      key: `drift:${kind === 'prediction' ? 'prediction' : feature}`,
      feature,
      severity: 'warning',
      summary: `${what} drifted: stability index ${psi.toFixed(3)}, bound ${bound.toFixed(3)}, ${rows} rows`,
      data: { psi, bound, rows },
    },
  ];
}

function qualityConditions(
  feature: BaselineFeature,
  counts: WindowCounts['features'][number],
  { rows }: FeatureDrift,
): Condition[] {
  const known = feature.counts.reduce((sum, count) => sum + count, 0);
  const missing = shareDifference(
    { hits: counts.missing, rows },
    { hits: feature.missing, rows: known + feature.missing },
  );
  const found = (kind: string, low: number, share: number, words: string): Condition[] =>
    low <= QUALITY_MARGIN
      ? []
      : [
          {
            key: `${kind}:${feature.name}`,
            feature: feature.name,
            severity: 'warning',
            summary: `'${feature.name}': ${(100 * share).toFixed(1)} % of ${rows} rows ${words}`,
            data: { share, rows },
          },
        ];
  const own = (hits: number) => wilsonInterval({ hits, rows });
  const unseen = own(counts.unseen);
  const invalid = own(counts.invalid);
  return [
    ...found('missing', missing.low, counts.missing / rows, 'are missing, far more than in training'),
    ...found('unseen', unseen.low, unseen.value, 'were never seen in training'),
    ...found('invalid', invalid.low, invalid.value, 'cannot be read'),
  ];
}
