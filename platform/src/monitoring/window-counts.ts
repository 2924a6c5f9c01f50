import type { DecodedColumn } from '../tables/coercion.ts';
import { argmaxAt, scoresOf } from './baseline.ts';
import type { WindowCounts } from './ports.ts';
import type { BaselineFeature, DriftBaseline } from './types.ts';

/** One feature's counts while they grow. */
interface FeatureCounter {
  readonly counts: Float64Array;
  missing: number;
  unseen: number;
  invalid: number;
}

/** A batch of predictions as the log gives it. */
export interface CountedBatch {
  readonly times: Float64Array;
  readonly columns: readonly DecodedColumn[];
  readonly outputs: Float32Array;
  readonly outputsPerRow: number;
}

/** Counts batches into windows of `windowMs`, aligned to the epoch (UTC hours for one hour). Mergeable: see `mergeWindows`. */
export interface WindowCounter {
  add(batch: CountedBatch): void;
  /** Windows that got rows, oldest first. */
  windows(): WindowCounts[];
}

/**
 * @param baseline whose bins are counted; columns of a batch come in the order of its features
 */
export function createWindowCounter(baseline: DriftBaseline, windowMs: number): WindowCounter {
  const features = [...baseline.features, baseline.prediction];
  const codebooks = features.map(codebookOf);
  const open = new Map<number, { rows: number; lastSeenAt: number; counters: FeatureCounter[] }>();
  const windowOf = (start: number) => {
    let window = open.get(start);
    if (window === undefined) {
      window = { rows: 0, lastSeenAt: 0, counters: features.map(emptyCounter) };
      open.set(start, window);
    }
    return window;
  };
  return {
    add: (batch) => {
      const columns = [...batch.columns, predictionColumn(batch, baseline.model.labels)];
      for (const { from, to, start } of runsOfWindows(batch.times, windowMs)) {
        const window = windowOf(start);
        window.rows += to - from;
        for (let i = from; i < to; i++) window.lastSeenAt = Math.max(window.lastSeenAt, batch.times[i]!);
        for (let f = 0; f < features.length; f++) {
          countColumn(features[f]!, columns[f]!, {
            from,
            to,
            codebook: codebooks[f],
            counter: window.counters[f]!,
          });
        }
      }
    },
    windows: () =>
      [...open]
        .sort(([a], [b]) => a - b)
        .map(([start, { rows, lastSeenAt, counters }]) => ({
          start,
          end: start + windowMs,
          rows,
          lastSeenAt,
          features: counters.map((counter) => ({ ...counter, counts: Array.from(counter.counts) })),
        })),
  };
}

/**
 * Sums windows of one monitor: associative and independent of order, so that hours make days. The labelled part is merged by
 * `performance.ts`, which owns it.
 */
export function mergeWindows(windows: readonly WindowCounts[]): WindowCounts | undefined {
  const [first, ...rest] = windows;
  return first === undefined ? undefined : rest.reduce(mergeTwo, first);
}

function mergeTwo(a: WindowCounts, b: WindowCounts): WindowCounts {
  return {
    start: Math.min(a.start, b.start),
    end: Math.max(a.end, b.end),
    rows: a.rows + b.rows,
    lastSeenAt: Math.max(a.lastSeenAt, b.lastSeenAt),
    features: a.features.map((feature, f) => {
      const other = b.features[f]!;
      return {
        counts: feature.counts.map((count, bin) => count + other.counts[bin]!),
        missing: feature.missing + other.missing,
        unseen: feature.unseen + other.unseen,
        invalid: feature.invalid + other.invalid,
      };
    }),
  };
}

function emptyCounter(feature: BaselineFeature): FeatureCounter {
  return { counts: new Float64Array(feature.counts.length), missing: 0, unseen: 0, invalid: 0 };
}

/** Bin of each known category; −1 stands for 'other'. */
function codebookOf(feature: BaselineFeature): Map<string, number> | undefined {
  if (feature.kind === 'numeric') return undefined;
  const other = feature.categories.length;
  return new Map([
    ...feature.others.map((text): [string, number] => [text, other]),
    ...feature.categories.map((text, bin): [string, number] => [text, bin]),
  ]);
}

function predictionColumn(batch: CountedBatch, labels: readonly string[]): DecodedColumn {
  const { outputs, outputsPerRow } = batch;
  if (outputsPerRow <= 2) return scoresOf(outputs, outputsPerRow);
  return Array.from(
    batch.times,
    (_, row) => labels[argmaxAt(outputs, row * outputsPerRow, outputsPerRow)] ?? '',
  );
}

/** Stretches of rows that fall into one window. Logs are nearly in order of time, so there are few. */
function* runsOfWindows(
  times: Float64Array,
  windowMs: number,
): Generator<{ from: number; to: number; start: number }> {
  let from = 0;
  while (from < times.length) {
    const start = Math.floor(times[from]! / windowMs) * windowMs;
    let to = from + 1;
    while (to < times.length && times[to]! >= start && times[to]! < start + windowMs) to++;
    yield { from, to, start };
    from = to;
  }
}

interface CountRange {
  readonly from: number;
  readonly to: number;
  readonly codebook: ReadonlyMap<string, number> | undefined;
  readonly counter: FeatureCounter;
}

function countColumn(feature: BaselineFeature, column: DecodedColumn, range: CountRange): void {
  if (feature.kind === 'categorical')
    countTexts(column as readonly string[], range, feature.categories.length);
  else countNumbers(column as Float64Array, range, feature);
}

/** Hot loop: bin = number of edges below the value. Linear search wins over bisection for ten edges. */
function countNumbers(
  values: Float64Array,
  { from, to, counter }: CountRange,
  { edges, min, max }: Extract<BaselineFeature, { kind: 'numeric' }>,
): void {
  const { counts } = counter;
  const bounds = Float64Array.from(edges);
  let missing = 0;
  let unseen = 0;
  let invalid = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      missing++;
      continue;
    }
    if (!Number.isFinite(value)) {
      invalid++;
      continue;
    }
    if (value < min || value > max) unseen++;
    let bin = 0;
    while (bin < bounds.length && value > bounds[bin]!) bin++;
    counts[bin]!++;
  }
  counter.missing += missing;
  counter.unseen += unseen;
  counter.invalid += invalid;
}

function countTexts(
  texts: readonly string[],
  { from, to, codebook, counter }: CountRange,
  other: number,
): void {
  const { counts } = counter;
  for (let i = from; i < to; i++) {
    const text = texts[i]!;
    if (text === '') {
      counter.missing++;
      continue;
    }
    const bin = codebook!.get(text);
    if (bin === undefined) {
      counter.unseen++;
      counts[other]!++;
    } else {
      counts[bin]!++;
    }
  }
}
