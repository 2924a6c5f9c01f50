/** Bins of one numeric column. Bin i holds values v with edges[i - 1] < v ≤ edges[i]. */
export interface Bins {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

interface Group {
  low: number;
  high: number;
  rows: number;
  spike: boolean;
}

/**
 * Bins with about equally many rows, at most `binsMax`. A value that alone has a bin's share of the rows (a spike: zeros, caps,
 * codes) gets a bin of its own, because a spike that moves or vanishes is what one wants to see. Edges lie half-way between
 * neighbouring distinct values, so that no value of the baseline sits on one.
 *
 * @param sorted finite values, ascending
 * @returns distinct ascending edges, one fewer than counts; no values give one empty bin
 */
export function quantileBins(sorted: Float64Array, binsMax: number): Bins {
  if (sorted.length === 0) return { edges: [], counts: [0] };
  const groups = groupsOf(sorted, sorted.length / binsMax);
  while (groups.length > binsMax) mergeSmallestPair(groups);
  const edges: number[] = [];
  for (let i = 1; i < groups.length; i++) edges.push(between(groups[i - 1]!.high, groups[i]!.low));
  return { edges, counts: groups.map((group) => group.rows) };
}

function groupsOf(sorted: Float64Array, rowsWanted: number): Group[] {
  const groups: Group[] = [];
  let open: Group | undefined;
  for (let start = 0; start < sorted.length; ) {
    const value = sorted[start]!;
    let end = start + 1;
    while (end < sorted.length && sorted[end] === value) end++;
    const rows = end - start;
    if (rows >= rowsWanted) {
      groups.push({ low: value, high: value, rows, spike: true });
      open = undefined;
    } else if (open === undefined || open.rows + rows / 2 > rowsWanted) {
      open = { low: value, high: value, rows, spike: false };
      groups.push(open);
    } else {
      open.high = value;
      open.rows += rows;
    }
    start = end;
  }
  return groups;
}

/** Neighbours with the fewest rows together; spikes stay alone as long as there is another choice. */
function mergeSmallestPair(groups: Group[]): void {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i + 1 < groups.length; i++) {
    const [a, b] = [groups[i]!, groups[i + 1]!];
    const cost = a.rows + b.rows + (a.spike || b.spike ? 1e15 : 0);
    if (cost < least) {
      least = cost;
      best = i;
    }
  }
  const [a, b] = [groups[best]!, groups[best + 1]!];
  const merged = { low: a.low, high: b.high, rows: a.rows + b.rows, spike: a.spike || b.spike };
  groups.splice(best, 2, merged);
}

/** A number with low ≤ edge < high: half-way, or `low` where no double lies between. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2;
  return middle < high ? middle : low;
}
