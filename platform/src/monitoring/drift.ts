import type { FeatureDrift } from '../contracts/monitors.ts';
import { chiSquareUpperQuantile } from '../estimators/statistics/distributions.ts';
import type { WindowCounts } from './ports.ts';
import type { BaselineFeature, DriftBaseline } from './types.ts';

/** Windows with fewer rows are not judged: "waiting". */
export const ROWS_MIN = 50;
/** A population stability index below this does not matter in practice, however certain it is. */
const PSI_MARGIN = 0.1;
/** Chance of a false alarm per look at a window, over all features together (Bonferroni). */
const FALSE_ALARMS = 0.01;
/** Least rows a bin should expect in the smaller sample: below that, bins are joined before the test. */
const BIN_ROWS_MIN = 10;
/**
 * Pseudo-rows per degree of freedom, given to both samples in their common shares. Without them the index has a heavier tail than
 * χ² at ten rows a bin (2 % instead of 1 %), and an empty bin would make it infinite. See bench/drift.mjs.
 */
const SMOOTHING = 0.75;

export interface Psi {
  readonly psi: number;
  /** Drift is called above it. */
  readonly bound: number;
}

/**
 * Population stability index Σ (p - q) ln(p / q) of a window against the baseline, and the bound it is judged by: the larger of a
 * practical margin and what both samples' noise explains. Without drift psi ÷ (1/n + 1/m) is χ² distributed with bins − 1 degrees
 * of freedom, for the baseline is a sample, too.
 *
 * @param features number of features judged together
 * @returns undefined where nothing can be said: too few rows, or a single bin
 */
export function stabilityIndex(
  baseline: readonly number[],
  window: readonly number[],
  features: number,
): Psi | undefined {
  const m = sum(baseline);
  const n = sum(window);
  if (n < ROWS_MIN || m < ROWS_MIN) return undefined;
  const bins = joinedBins(baseline, window);
  const degrees = bins.baseline.length - 1;
  if (degrees === 0) return undefined;
  const added = SMOOTHING * degrees;
  let psi = 0;
  for (let i = 0; i <= degrees; i++) {
    const common = (bins.baseline[i]! + bins.window[i]!) / (m + n);
    const p = (bins.window[i]! + added * common) / (n + added);
    const q = (bins.baseline[i]! + added * common) / (m + added);
    psi += (p - q) * Math.log(p / q);
  }
  const noise = chiSquareBound(degrees, FALSE_ALARMS / features) * (1 / n + 1 / m);
  return { psi, bound: Math.max(PSI_MARGIN, noise) };
}

const bounds = new Map<string, number>();

function chiSquareBound(degrees: number, chance: number): number {
  const key = `${degrees}/${chance}`;
  let bound = bounds.get(key);
  if (bound === undefined) {
    bound = chiSquareUpperQuantile(chance, degrees);
    bounds.set(key, bound);
  }
  return bound;
}

/**
 * Joins each bin in which the smaller sample expects too few rows with its smaller neighbour, until none is left. What the
 * samples expect comes from both together, so the joining does not depend on which of them moved.
 */
function joinedBins(
  baseline: readonly number[],
  window: readonly number[],
): { baseline: number[]; window: number[] } {
  const q = [...baseline];
  const p = [...window];
  const [m, n] = [sum(q), sum(p)];
  const share = Math.min(m, n) / (m + n);
  for (;;) {
    let least = 0;
    for (let i = 1; i < q.length; i++) if (q[i]! + p[i]! < q[least]! + p[least]!) least = i;
    if (q.length === 1 || (q[least]! + p[least]!) * share >= BIN_ROWS_MIN) return { baseline: q, window: p };
    const left = least === 0 ? Number.POSITIVE_INFINITY : q[least - 1]! + p[least - 1]!;
    const right = least === q.length - 1 ? Number.POSITIVE_INFINITY : q[least + 1]! + p[least + 1]!;
    const into = left <= right ? least - 1 : least + 1;
    q[into]! += q[least]!;
    p[into]! += p[least]!;
    q.splice(least, 1);
    p.splice(least, 1);
  }
}

/** Every feature and the prediction of a window against the baseline, in baseline order. */
export function driftOf(baseline: DriftBaseline, window: WindowCounts): FeatureDrift[] {
  const features = [...baseline.features, baseline.prediction];
  return features.map((feature, f) =>
    featureDrift(feature, window.features[f]!, {
      kind: f === baseline.features.length ? 'prediction' : feature.kind,
      features: features.length,
    }),
  );
}

/** psi ÷ bound per feature, null where not judged: what a heat-map shows. */
export function driftRatios(baseline: DriftBaseline, window: WindowCounts): (number | null)[] {
  const features = [...baseline.features, baseline.prediction];
  return features.map((feature, f) => {
    const found = psiOf(feature, window.features[f]!, features.length);
    return found === undefined ? null : found.psi / found.bound;
  });
}

function psiOf(
  feature: BaselineFeature,
  counts: WindowCounts['features'][number],
  features: number,
): Psi | undefined {
  const missing = counts.missing + counts.invalid;
  return stabilityIndex([...feature.counts, feature.missing], [...counts.counts, missing], features);
}

function featureDrift(
  feature: BaselineFeature,
  counts: WindowCounts['features'][number],
  as: { readonly kind: FeatureDrift['kind']; readonly features: number },
): FeatureDrift {
  const missing = counts.missing + counts.invalid;
  const rows = sum(counts.counts) + missing;
  const baselineRows = sum(feature.counts) + feature.missing;
  const share = (count: number, of: number) => (of === 0 ? 0 : count / of);
  const found = psiOf(feature, counts, as.features);
  const labels = binLabels(feature);
  const bins = labels.map((label, bin) => ({
    label,
    baseline: share(feature.counts[bin]!, baselineRows),
    current: share(counts.counts[bin]!, rows),
  }));
  const unfilled = {
    label: 'missing',
    baseline: share(feature.missing, baselineRows),
    current: share(missing, rows),
  };
  return {
    feature: feature.name,
    kind: as.kind,
    rows,
    psi: found?.psi ?? null,
    bound: found?.bound ?? null,
    drifted: found !== undefined && found.psi > found.bound,
    missing: share(counts.missing, rows),
    missingBaseline: unfilled.baseline,
    unseen: share(counts.unseen, rows),
    invalid: share(counts.invalid, rows),
    bins: unfilled.baseline + unfilled.current > 0 ? [...bins, unfilled] : bins,
  };
}

function binLabels(feature: BaselineFeature): string[] {
  if (feature.kind === 'categorical') return [...feature.categories, 'other'];
  const { edges } = feature;
  if (edges.length === 0) return ['all'];
  const shown = edges.map(shortNumber);
  return [`≤ ${shown[0]}`, ...shown.slice(1).map((edge, i) => `${shown[i]} – ${edge}`), `> ${shown.at(-1)}`];
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(5)));
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
