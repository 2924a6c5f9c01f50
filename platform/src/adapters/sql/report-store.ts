import type { ReportDetail, ReportSummary } from '../../contracts/validations.ts';
import type { ReportStore } from '../../validation/ports.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';

export function createReportStore({ db, project }: SqlContext): ReportStore {
  return {
    insert: async (tx, report) => {
      await inTx(tx)
        .insertInto('reports')
        .values({
          project,
          id: report.id,
          model: report.model,
          version: report.version,
          created_at: report.createdAt,
          summary: JSON.stringify(summaryOf(report)),
          detail: JSON.stringify(report),
        })
        .execute();
    },
    setVersion: async (tx, reportId, version) => {
      await inTx(tx)
        .updateTable('reports')
        .set({ version })
        .where('project', '=', project)
        .where('id', '=', reportId)
        .execute();
    },
    find: async (id) => {
      const row = await db
        .selectFrom('reports')
        .select(['detail', 'version'])
        .where('project', '=', project)
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined
        ? undefined
        : { ...(JSON.parse(row.detail) as ReportDetail), version: row.version };
    },
    list: async (query) => {
      const cursor = readCursor(query.cursor);
      const limit = pageLimit(query.limit);
      let select = db
        .selectFrom('reports')
        .select(['id', 'created_at', 'version', 'summary'])
        .where('project', '=', project);
      if (query.model !== undefined) select = select.where('model', '=', query.model);
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
        item: (row) => ({ ...(JSON.parse(row.summary) as ReportSummary), version: row.version }),
        cursor: (row) => ({ at: row.created_at, id: row.id }),
      });
    },
    testOpenings: async (model, testKey) => {
      const { count } = await db
        .selectFrom('test_openings')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('project', '=', project)
        .where('model', '=', model)
        .where('test_key', '=', testKey)
        .executeTakeFirstOrThrow();
      return Number(count);
    },
    recordOpening: async (tx, { model, testKey, reportId }) => {
      await inTx(tx)
        .insertInto('test_openings')
        .values({ project, model, test_key: testKey, report_id: reportId })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  };
}

function summaryOf(report: ReportDetail): ReportSummary {
  const { id, model, modelDigest, version, verdict, blocking, warnings, tests, task, metric, createdAt } =
    report;
  return { id, model, modelDigest, version, verdict, blocking, warnings, tests, task, metric, createdAt };
}
