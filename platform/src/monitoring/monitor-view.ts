import type { FeatureDrift, MonitorDetail, MonitorSummary } from '../contracts/monitors.ts';
import { labelledOf, WINDOW_MS } from './catch-up.ts';
import { driftOf, driftRatios, ROWS_MIN } from './drift.ts';
import { type LabelledCounts, mergeLabelled, NO_LABELS, realisedPerformance } from './performance.ts';
import type { MonitorRow, WindowCounts } from './ports.ts';
import type { DriftBaseline } from './types.ts';
import { mergeWindows } from './window-counts.ts';

/** A monitor's last day, judged. */
export interface MonitorState {
  readonly baseline: DriftBaseline;
  /** The last day's windows as one; undefined without traffic. */
  readonly window: WindowCounts | undefined;
  readonly drift: readonly FeatureDrift[];
  /** Enough rows to say something. */
  readonly judged: boolean;
}

export function stateOf(baseline: DriftBaseline, windows: readonly WindowCounts[]): MonitorState {
  const window = mergeWindows(windows);
  const judged = window !== undefined && window.rows >= ROWS_MIN;
  return { baseline, window, judged, drift: window === undefined ? [] : driftOf(baseline, window) };
}

/** @param shown windows of the whole time that is looked back upon, oldest first */
export function summaryOf(
  monitor: MonitorRow,
  state: MonitorState,
  shown: readonly WindowCounts[],
): MonitorSummary {
  const { name, deployment, version, createdAt } = monitor;
  const drifted = state.drift.filter((feature) => feature.drifted).length;
  const lastSeenAt = Math.max(0, ...shown.map((window) => window.lastSeenAt));
  return {
    ...{ name, deployment, version, createdAt },
    status: !state.judged ? 'waiting' : drifted > 0 ? 'drifting' : 'healthy',
    rows: shown.reduce((sum, window) => sum + window.rows, 0),
    drifted,
    features: state.baseline.features.length + 1,
    lastSeenAt: lastSeenAt === 0 ? null : lastSeenAt,
  };
}

/** @param shown the windows of the heat-map, oldest first; labels count over all of them */
export function detailOf(
  monitor: MonitorRow,
  state: MonitorState,
  shown: { readonly windows: readonly WindowCounts[]; readonly alerts: MonitorDetail['alerts'] },
): MonitorDetail {
  const { baseline } = state;
  const labelled = shown.windows.reduce<LabelledCounts>(
    (sum, window) => mergeLabelled(sum, labelledOf(window)),
    NO_LABELS,
  );
  return {
    ...summaryOf(monitor, state, shown.windows),
    rowsMin: ROWS_MIN,
    featureNames: [...baseline.features, baseline.prediction].map((feature) => feature.name),
    current: [...state.drift],
    windows: shown.windows.map((window) => {
      const ratios = driftRatios(baseline, window);
      const { start, end, rows } = window;
      return {
        start,
        end,
        rows,
        drifted: ratios.filter((ratio) => ratio !== null && ratio > 1).length,
        ratios,
      };
    }),
    windowMs: WINDOW_MS,
    performance:
      baseline.reference === null || labelled.rows === 0
        ? null
        : realisedPerformance(labelled, baseline.reference),
    alerts: shown.alerts,
  };
}
