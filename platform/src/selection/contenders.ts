import type { LeaderboardRow } from '../contracts/studies.ts';
import { blendPredictions } from './blend.ts';
import type { StudyContext } from './evaluate.ts';
import { isBoosted } from './external-schedule.ts';
import type { CandidateRecord, Journal } from './journal.ts';
import { advantage, foldScoresOf, meanOf, spreadOf } from './scoring.ts';

/** Boosters averaged into one. */
const BLEND_MEMBERS = 3;
/** More trees than this would cost every prediction more than the gain is worth. */
const BLEND_TREES_MAX = 8_000;

/** Something that may win: one candidate, or the mean of several boosters. */
export interface Contender {
  readonly name: string;
  /** Best first. */
  readonly members: readonly CandidateRecord[];
  readonly foldScores: readonly number[];
  readonly score: number;
  readonly predictions: () => Float64Array;
}

/** Candidates from best to worst mean score; ties go to the earlier. In front of them the blend, when it gains. */
export function rankContenders(
  context: StudyContext,
  records: readonly CandidateRecord[],
  journal: Journal,
): Contender[] {
  const { metric } = context.yardstick;
  const ranked = [...records]
    .sort((a, b) => advantage(metric, b.row.score, a.row.score) || a.index - b.index)
    .map((record): Contender => {
      const { candidate, foldScores, score } = record.row;
      return {
        name: candidate,
        members: [record],
        foldScores,
        score,
        predictions: () => journal.predictions(record.index),
      };
    });
  const blend = blendOf(context, ranked);
  return blend === undefined ? ranked : [blend, ...ranked];
}

/**
 * The mean of the best boosters, if it is better than the best of them over all folds together and in more than half of them: two
 * conditions, because the members were chosen on the same folds.
 */
function blendOf(context: StudyContext, ranked: readonly Contender[]): Contender | undefined {
  const { yardstick, prepared } = context;
  const { data } = prepared;
  const boosters = ranked.filter(({ members }) => isBoosted(members[0]!.row.family)).slice(0, BLEND_MEMBERS);
  const [best] = ranked;
  if (boosters.length < 2 || best === undefined) return undefined;
  const members = boosters.map((booster) => booster.members[0]!);
  const outputs = data.task === 'multiclass' ? data.classes : 1;
  if (members.reduce((sum, { foldRounds }) => sum + meanOf(foldRounds) * outputs, 0) > BLEND_TREES_MAX) {
    return undefined;
  }
  const predictions = blendPredictions(
    data.task,
    data.classes,
    boosters.map((booster) => booster.predictions()),
  );
  const foldScores = foldScoresOf(yardstick, predictions);
  const gains = foldScores.map((score, f) => advantage(yardstick.metric, score, best.foldScores[f]!));
  const better = gains.filter((gain) => gain > 0).length;
  if (!(meanOf(gains) > 0) || better * 2 <= gains.length) return undefined;
  return { name: 'blend-01', members, foldScores, score: meanOf(foldScores), predictions: () => predictions };
}

/** The blend's line on the leaderboard; its cost is its members'. */
export function blendRow(context: StudyContext, blend: Contender, finishedSeconds: number): LeaderboardRow {
  const rows = blend.members.map((member) => member.row);
  const sum = (of: (row: LeaderboardRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    candidate: blend.name,
    family: 'booster',
    metric: context.yardstick.metric.name,
    score: blend.score,
    spread: spreadOf(blend.foldScores),
    foldScores: [...blend.foldScores],
    fitSeconds: sum((row) => row.fitSeconds),
    bytes: sum((row) => row.bytes),
    p50Us: sum((row) => row.p50Us),
    params: { members: rows.map((row) => row.candidate).join(', ') },
    finishedSeconds,
  };
}
