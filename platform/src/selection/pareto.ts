import type { LeaderboardRow } from '../contracts/studies.ts';

/**
 * Candidates that no other one beats in score, microseconds and bytes at once.
 *
 * @param maximise whether a greater score is better
 */
export function paretoFront(rows: readonly LeaderboardRow[], maximise: boolean): ReadonlySet<string> {
  const costs = rows.map((row) => [maximise ? -row.score : row.score, row.p50Us, row.bytes] as const);
  const dominated = (i: number) =>
    costs.some((other, j) => {
      if (i === j) return false;
      const mine = costs[i]!;
      return other.every((cost, k) => cost <= mine[k]!) && other.some((cost, k) => cost < mine[k]!);
    });
  return new Set(rows.filter((_, i) => !dominated(i)).map(({ candidate }) => candidate));
}
