import type { Clock } from '../kernel/clock.ts';
import { killPoint } from '../kernel/kill-points.ts';
import type { Tx } from '../ports/transaction.ts';
import { countLabelled, type LabelledCounts, mergeLabelled, NO_LABELS } from './performance.ts';
import type { MonitorRow, MonitorStore, PredictionSource, WindowCounts } from './ports.ts';
import type { DriftBaseline } from './types.ts';
import { createWindowCounter, mergeWindows } from './window-counts.ts';

/** One hour, UTC. */
export const WINDOW_MS = 3_600_000;
const READ_ROWS_MAX = 20_000;
const LABELS_MAX = 5_000;
/** Predictions of a revision that is not watched yet are waited for this long: the monitor is created just after the revision. */
const NEWER_REVISION_WAIT_MS = 10 * 60_000;

export interface Reading {
  readonly windows: readonly WindowCounts[];
  readonly position: string;
  readonly feedbackSequence: number;
  /** False when the log and the feedback had nothing new. */
  readonly moved: boolean;
}

/**
 * Reads on in the prediction log and in the feedback, and gives the windows as they are with what was read. Nothing is written:
 * the caller saves windows and positions in one transaction, so that each prediction counts exactly once, whatever dies when.
 *
 * @returns undefined while the log holds fresh predictions of a revision that is about to be watched
 */
export async function readOn(
  monitor: MonitorRow,
  baseline: DriftBaseline,
  from: { readonly store: MonitorStore; readonly source: PredictionSource; readonly clock: Clock },
): Promise<Reading | undefined> {
  const { store, source, clock } = from;
  const read = await source.read(monitor.deployment, monitor.position ?? undefined, READ_ROWS_MAX);
  const newer = read.batches.find((batch) => batch.revision > monitor.revision);
  if (newer !== undefined && (newer.times[0] ?? 0) > clock.now() - NEWER_REVISION_WAIT_MS) return undefined;
  const counter = createWindowCounter(baseline, WINDOW_MS);
  for (const batch of read.batches) if (batch.revision === monitor.revision) counter.add(batch);
  const counted = counter.windows();
  const feedback = await source.labelled(monitor.deployment, monitor.feedbackSequence, LABELS_MAX);
  const labelled = labelledWindows(
    feedback.items.filter((item) => item.revision === monitor.revision),
    baseline.model,
  );
  return {
    windows: await addToStored(monitor, store, { counted, labelled, baseline, now: clock.now() }),
    position: read.next,
    feedbackSequence: feedback.next,
    moved: read.next !== monitor.position || feedback.next !== monitor.feedbackSequence,
  };
}

/** Windows and positions, in the caller's transaction. */
export async function saveReading(
  tx: Tx,
  store: MonitorStore,
  monitor: MonitorRow,
  reading: Reading,
): Promise<void> {
  const { windows, position, feedbackSequence } = reading;
  killPoint('monitor.save');
  await store.save(tx, monitor.name, { revision: monitor.revision, windows, position, feedbackSequence });
}

function labelledWindows(
  items: Awaited<ReturnType<PredictionSource['labelled']>>['items'],
  model: DriftBaseline['model'],
): Map<number, LabelledCounts> {
  const windows = new Map<number, LabelledCounts>();
  for (const item of items) {
    const start = Math.floor(item.time / WINDOW_MS) * WINDOW_MS;
    windows.set(start, mergeLabelled(windows.get(start) ?? NO_LABELS, countLabelled(item, model)));
  }
  return windows;
}

async function addToStored(
  monitor: MonitorRow,
  store: MonitorStore,
  added: {
    readonly counted: readonly WindowCounts[];
    readonly labelled: ReadonlyMap<number, LabelledCounts>;
    readonly baseline: DriftBaseline;
    readonly now: number;
  },
): Promise<WindowCounts[]> {
  const starts = [...new Set([...added.counted.map(({ start }) => start), ...added.labelled.keys()])].sort(
    (a, b) => a - b,
  );
  if (starts.length === 0) return [];
  const since = starts[0]!;
  // Late labels may reach far back. The store prefers the newest windows, so the limit spans everything from there to now.
  const limit = Math.ceil((Math.max(added.now, starts.at(-1)!) - since) / WINDOW_MS) + 2;
  const stored = await store.windows(monitor.name, { revision: monitor.revision, since, limit });
  const known = new Map(stored.map((window) => [window.start, window]));
  const fresh = new Map(added.counted.map((window) => [window.start, window]));
  return starts.map((start) => {
    const before = known.get(start);
    const merged =
      mergeWindows([before, fresh.get(start)].filter((window) => window !== undefined)) ??
      emptyWindow(start, added.baseline);
    const labels = added.labelled.get(start);
    const labelled = mergeLabelled(labelledOf(before), labels ?? NO_LABELS);
    return labelled.rows === 0 ? merged : { ...merged, labelled: { ...labelled } };
  });
}

export function labelledOf(window: WindowCounts | undefined): LabelledCounts {
  return (window?.labelled as LabelledCounts | undefined) ?? NO_LABELS;
}

function emptyWindow(start: number, baseline: DriftBaseline): WindowCounts {
  return {
    start,
    end: start + WINDOW_MS,
    rows: 0,
    lastSeenAt: 0,
    features: [...baseline.features, baseline.prediction].map(({ counts }) => ({
      counts: counts.map(() => 0),
      missing: 0,
      unseen: 0,
      invalid: 0,
    })),
  };
}
