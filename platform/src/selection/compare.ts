import type { CandidateComparison, LeaderboardRow, StudyDetail } from '../contracts/studies.ts';
import { metricOf } from '../estimators/metrics/registry.ts';
import { studentUpperQuantile } from '../estimators/statistics/distributions.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import './errors.ts';

const TAIL = 0.025;

/**
 * Two candidates over the same folds. Folds share most of their training rows, so the plain variance of a mean is too small; it is
 * widened by the share of held-out to training rows (Nadeau and Bengio, Inference for the Generalization Error, 2003).
 *
 * @throws CANDIDATE_NOT_FOUND with the nearest name; COMPARISON_IMPOSSIBLE when the two were not measured on the same folds
 */
export function compareCandidates(study: StudyDetail, nameA: string, nameB: string): CandidateComparison {
  const [a, b] = [candidateOf(study, nameA), candidateOf(study, nameB)];
  const count = a.foldScores.length;
  if (count < 2 || b.foldScores.length !== count) {
    throw new SlipwayError('COMPARISON_IMPOSSIBLE', {
      message: `${nameA} has ${count} folds and ${nameB} ${b.foldScores.length}: they were not measured on the same two or more`,
      fix: 'Compare candidates that ran on all folds.',
    });
  }
  const folds = a.foldScores.map((score, i) => {
    const other = b.foldScores[i]!;
    return { a: score, b: other, difference: score - other };
  });
  const mean = folds.reduce((sum, { difference }) => sum + difference, 0) / count;
  const variance = folds.reduce((sum, { difference }) => sum + (difference - mean) ** 2, 0) / (count - 1);
  const half = studentUpperQuantile(TAIL, count - 1) * Math.sqrt(variance * (1 / count + 1 / (count - 1)));
  const maximise = metricOf(study.metric).direction === 'maximise';
  const [low, high] = [mean - half, mean + half];
  const aheadOf = (ahead: 'a' | 'b') => (maximise ? ahead : ahead === 'a' ? 'b' : 'a');
  const verdict = low > 0 ? aheadOf('a') : high < 0 ? aheadOf('b') : 'tied';
  return { metric: study.metric, maximise, a, b, folds, difference: { mean, low, high }, verdict };
}

function candidateOf({ leaderboard }: StudyDetail, name: string): LeaderboardRow {
  const found = leaderboard.find(({ candidate }) => candidate === name);
  if (found !== undefined) return found;
  const names = leaderboard.map(({ candidate }) => candidate);
  const near = nearestName(name, names);
  throw new SlipwayError('CANDIDATE_NOT_FOUND', {
    message: `the study has no candidate '${name}'`,
    fix: near === undefined ? `It has ${names.slice(0, 20).join(', ')}.` : `Did you mean '${near}'?`,
    details: { candidate: name, ...(near === undefined ? {} : { nearest: near }) },
  });
}
