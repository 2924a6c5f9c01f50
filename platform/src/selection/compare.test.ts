import { describe, expect, it } from 'vitest';
import type { LeaderboardRow, StudyDetail } from '../contracts/studies.ts';
import { compareCandidates } from './compare.ts';
import { paretoFront } from './pareto.ts';

const row = (candidate: string, foldScores: number[], p50Us = 1, bytes = 1): LeaderboardRow => ({
  ...{ candidate, family: 'booster', metric: 'auc', foldScores, p50Us, bytes },
  score: foldScores.reduce((sum, score) => sum + score, 0) / foldScores.length,
  ...{ spread: 0, fitSeconds: 0, params: {}, finishedSeconds: 0 },
});
const study = (metric: string, ...leaderboard: LeaderboardRow[]) =>
  ({ metric, leaderboard }) as unknown as StudyDetail;

describe('two candidates', () => {
  it('are compared fold by fold, with an interval that knows that folds overlap', () => {
    const found = compareCandidates(
      study('auc', row('a', [0.8, 0.82, 0.81, 0.83]), row('b', [0.7, 0.73, 0.7, 0.74])),
      'a',
      'b',
    );
    expect(found.folds.map(({ difference }) => Number(difference.toFixed(2)))).toEqual([
      0.1, 0.09, 0.11, 0.09,
    ]);
    // By hand: sd .0095743, t(3) 3.18245, sqrt(1/4 + 1/3).
    expect(found.difference.mean).toBeCloseTo(0.0975, 10);
    expect(found.difference.high - found.difference.mean).toBeCloseTo(
      3.182446 * 0.00957427 * Math.sqrt(7 / 12),
      6,
    );
    expect(found).toMatchObject({ verdict: 'a', maximise: true });
  });

  it('are tied when chance would do; and less is better for a loss', () => {
    const noisy = study('auc', row('a', [0.8, 0.7, 0.9]), row('b', [0.79, 0.75, 0.85]));
    expect(compareCandidates(noisy, 'a', 'b').verdict).toBe('tied');
    const loss = study('logLoss', row('a', [0.5, 0.51, 0.5]), row('b', [0.3, 0.31, 0.3001]));
    expect(compareCandidates(loss, 'a', 'b').verdict).toBe('b');
  });

  it('that do not exist or ran on other folds are refused', () => {
    const some = study('auc', row('booster-01', [0.8, 0.7]), row('other', [0.8]));
    expect(() => compareCandidates(some, 'booster-1', 'other')).toThrow(
      expect.objectContaining({ code: 'CANDIDATE_NOT_FOUND', fix: "Did you mean 'booster-01'?" }),
    );
    expect(() => compareCandidates(some, 'booster-01', 'other')).toThrow(
      expect.objectContaining({ code: 'COMPARISON_IMPOSSIBLE' }),
    );
  });
});

it('the front has what nothing else beats, in either direction', () => {
  const rows = [
    row('good', [0.9], 10, 10),
    row('fast', [0.8], 1, 10),
    row('beaten', [0.8], 5, 10),
    row('small', [0.7], 9, 1),
  ];
  expect([...paretoFront(rows, true)]).toEqual(['good', 'fast', 'small']);
  expect([...paretoFront(rows, false)]).toEqual(['fast', 'small']);
});
