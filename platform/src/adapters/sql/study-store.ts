import type { LeaderboardRow, StudyDetail, StudySummary } from '../../contracts/studies.ts';
import type { StudyStore } from '../../selection/ports.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';

export function createStudyStore({ db, project }: SqlContext): StudyStore {
  return {
    insert: async (tx, study) => {
      await inTx(tx)
        .insertInto('studies')
        .values({ project, id: study.id, created_at: study.createdAt, ...documents(study) })
        .execute();
    },
    update: async (tx, study) => {
      await inTx(tx)
        .updateTable('studies')
        .set(documents(study))
        .where('project', '=', project)
        .where('id', '=', study.id)
        .execute();
    },
    addCandidate: async (tx, studyId, row) => {
      const handle = inTx(tx);
      const { count } = await handle
        .selectFrom('candidates')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('project', '=', project)
        .where('study_id', '=', studyId)
        .executeTakeFirstOrThrow();
      const text = JSON.stringify(row);
      await handle
        .insertInto('candidates')
        .values({ project, study_id: studyId, candidate: row.candidate, position: Number(count), row: text })
        .onConflict((conflict) =>
          conflict.columns(['project', 'study_id', 'candidate']).doUpdateSet({ row: text }),
        )
        .execute();
    },
    find: async (id) => {
      const row = await db
        .selectFrom('studies')
        .select('detail')
        .where('project', '=', project)
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const candidates = await db
        .selectFrom('candidates')
        .select('row')
        .where('project', '=', project)
        .where('study_id', '=', id)
        .orderBy('position')
        .execute();
      const study = JSON.parse(row.detail) as StudyDetail;
      return {
        ...study,
        leaderboard: merged(
          study.leaderboard,
          candidates.map((entry) => JSON.parse(entry.row) as LeaderboardRow),
        ),
      };
    },
    list: async (query) => {
      const cursor = readCursor(query.cursor);
      const limit = pageLimit(query.limit);
      let select = db
        .selectFrom('studies')
        .select(['id', 'created_at', 'summary'])
        .where('project', '=', project);
      if (cursor !== undefined) {
        select = select.where((eb) =>
          eb.or([
            eb('created_at', '<', cursor.at),
            eb.and([eb('created_at', '=', cursor.at), eb('id', '<', cursor.id)]),
          ]),
        );
      }
      const rows = await select
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, {
        item: (row) => JSON.parse(row.summary) as StudySummary,
        cursor: (row) => ({ at: row.created_at, id: row.id }),
      });
    },
  };
}

/** The finished study's own leaderboard (ranked, with paired differences) wins over rows recorded while it ran. */
function merged(final: readonly LeaderboardRow[], recorded: readonly LeaderboardRow[]): LeaderboardRow[] {
  if (final.length > 0) return [...final];
  return [...recorded];
}

function documents(study: StudyDetail): { summary: string; detail: string } {
  const {
    id,
    name,
    dataset,
    datasetVersion,
    target,
    task,
    status,
    metric,
    bestScore,
    bestSpread,
    bestCandidate,
  } = study;
  const { candidates, createdAt, seconds } = study;
  const summary: StudySummary = {
    ...{
      id,
      name,
      dataset,
      datasetVersion,
      target,
      task,
      status,
      metric,
      bestScore,
      bestSpread,
      bestCandidate,
    },
    ...{ candidates, createdAt, seconds },
  };
  return { summary: JSON.stringify(summary), detail: JSON.stringify(study) };
}
