import type { Page, PageQuery } from '../contracts/common.ts';
import type { LeaderboardRow, StudyDetail, StudySummary } from '../contracts/studies.ts';
import type { Tx } from '../ports/transaction.ts';

/** Where studies and their candidates are recorded. */
export interface StudyStore {
  insert(tx: Tx, study: StudyDetail): Promise<void>;
  /** Replaces the study's own fields (status, guards, schedule, best…); the leaderboard is kept by `addCandidate`. */
  update(tx: Tx, study: StudyDetail): Promise<void>;
  /** Idempotent by (study, candidate). */
  addCandidate(tx: Tx, studyId: string, row: LeaderboardRow): Promise<void>;
  find(id: string): Promise<StudyDetail | undefined>;
  list(query: PageQuery): Promise<Page<StudySummary>>;
}
