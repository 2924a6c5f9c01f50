const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * Thresholds that cut sorted values into bins of about equal counts; a value that alone fills a bin gets its own.
 * With few distinct values there is one threshold between any two neighbours.
 *
 * @param sorted ascending float32 values without NaN
 * @param binsMax ≥ 2
 * @returns ascending finite float32 thresholds, at most binsMax - 1, each t with a ≤ t < b for the neighbours a, b it parts
 */
export function chooseThresholds(sorted: Float32Array, binsMax: number): Float32Array {
  const { values, counts } = countDistinct(sorted);
  const cuts =
    values.length <= binsMax
      ? Array.from({ length: Math.max(0, values.length - 1) }, (_, i) => i + 1)
      : cutEvenly(counts, binsMax);
  const thresholds = new Float32Array(cuts.length);
  for (let i = 0; i < cuts.length; i++)
    thresholds[i] = thresholdBetween(values[cuts[i]! - 1]!, values[cuts[i]!]!);
  return thresholds;
}

/**
 * A float32 t with a ≤ t < b, near the middle. Infinite thresholds are avoided, because JSON has none.
 */
export function thresholdBetween(a: number, b: number): number {
  const low = Math.max(a, -FLOAT32_MAX);
  const high = Math.min(b, FLOAT32_MAX);
  const middle = Math.fround(low / 2 + high / 2);
  if (middle >= low && middle < b) return middle;
  return low;
}

function countDistinct(sorted: Float32Array): { values: Float32Array; counts: Uint32Array } {
  const values = new Float32Array(sorted.length);
  const counts = new Uint32Array(sorted.length);
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i]!;
    if (distinct === 0 || value !== values[distinct - 1]) values[distinct++] = value;
    counts[distinct - 1]!++;
  }
  return { values: values.subarray(0, distinct), counts: counts.subarray(0, distinct) };
}

/** Positions (of the first value of the next bin) that cut counts into at most `bins` groups, greedily from the left. */
function cutEvenly(counts: Uint32Array, bins: number): number[] {
  let restRows = 0;
  for (const count of counts) restRows += count;
  let restBins = bins;
  // Values that alone exceed an even share get their own bin and do not count towards the others' share.
  const share = restRows / bins;
  for (const count of counts) {
    if (count < share) continue;
    restRows -= count;
    restBins--;
  }
  const cuts: number[] = [];
  let held = 0;
  let even = restRows / Math.max(1, restBins);
  for (let i = 0; i < counts.length - 1 && cuts.length < bins - 1; i++) {
    const big = counts[i]! >= share;
    held += counts[i]!;
    const nextBig = counts[i + 1]! >= share;
    if (!big && held < even && !(nextBig && held >= even / 2)) continue;
    cuts.push(i + 1);
    if (!big) {
      restRows -= held;
      restBins--;
      even = restRows / Math.max(1, restBins);
    }
    held = 0;
  }
  return cuts;
}
