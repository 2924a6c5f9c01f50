import type { RunDetail, RunStatus, RunSummary } from '../../contracts/runs.ts';
import type { RunStore } from '../../pipelines/ports.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';
import { runDetail } from './run-detail.ts';

export function createRunStore(context: SqlContext): RunStore {
  const { db, project } = context;
  return {
    insertRun: async (tx, run) => {
      const handle = inTx(tx);
      const { id, pipeline, name, key, createdAt } = run;
      await handle
        .insertInto('runs')
        .values({
          ...{ project, id, pipeline, name, key, status: 'running', params: JSON.stringify(run.params) },
          ...{ result: null, error: null, created_at: createdAt, ended_at: null },
        })
        .execute();
      for (const [position, step] of run.steps.entries()) {
        await handle
          .insertInto('run_steps')
          .values({
            ...{
              project,
              run_id: id,
              step,
              position,
              status: 'pending',
              epoch: 0,
              started_at: null,
              ended_at: null,
            },
            ...{ cache_key: null, reason: '', outputs: '{}', error: null },
          })
          .execute();
      }
    },
    findByKey: async (pipeline, key) => {
      const row = await db
        .selectFrom('runs')
        .select('id')
        .where('project', '=', project)
        .where('pipeline', '=', pipeline)
        .where('key', '=', key)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .executeTakeFirst();
      return row === undefined ? undefined : runDetail(context, row.id);
    },
    find: (runId): Promise<RunDetail | undefined> => runDetail(context, runId),
    list: (query) => listRuns(context, query),
    setRunStatus: async (tx, runId, { from, to, at, error, result }) => {
      const changed = await inTx(tx)
        .updateTable('runs')
        .set({
          status: to,
          ended_at: to === 'running' ? null : at,
          error: error === undefined ? null : JSON.stringify(error),
          ...(result === undefined ? {} : { result: JSON.stringify(result) }),
        })
        .where('project', '=', project)
        .where('id', '=', runId)
        .where('status', 'in', [...from])
        .executeTakeFirst();
      return Number(changed.numUpdatedRows) === 1;
    },
    startAttempt: async (tx, { id, runId, step, startedAt, cacheKey, reason }) => {
      const handle = inTx(tx);
      const row = await handle
        .selectFrom('run_steps')
        .select('epoch')
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .where('step', '=', step)
        .executeTakeFirstOrThrow();
      const epoch = row.epoch + 1;
      await handle
        .updateTable('run_steps')
        .set({
          status: 'running',
          epoch,
          started_at: startedAt,
          ended_at: null,
          cache_key: cacheKey ?? null,
          reason,
          error: null,
        })
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .where('step', '=', step)
        .execute();
      const attempt = {
        id,
        run_id: runId,
        step,
        epoch,
        status: 'running',
        started_at: startedAt,
        ended_at: null,
        error: null,
      };
      await handle
        .insertInto('attempts')
        .values({ project, ...attempt })
        .execute();
      return { id, runId, step, epoch, startedAt };
    },
    endAttempt: async (tx, { runId, step, epoch, status, at, outputs, error }) => {
      const handle = inTx(tx);
      const errorText = error === undefined ? null : JSON.stringify(error);
      const changed = await handle
        .updateTable('run_steps')
        .set({
          status,
          ended_at: at,
          error: errorText,
          ...(outputs === undefined ? {} : { outputs: JSON.stringify(outputs) }),
        })
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .where('step', '=', step)
        .where('epoch', '=', epoch)
        .where('status', '=', 'running')
        .executeTakeFirst();
      if (Number(changed.numUpdatedRows) !== 1) return false;
      await handle
        .updateTable('attempts')
        .set({ status, ended_at: at, error: errorText })
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .where('step', '=', step)
        .where('epoch', '=', epoch)
        .execute();
      return true;
    },
    markCached: async (tx, { runId, step, outputs, cacheKey, reason, at }) => {
      await inTx(tx)
        .updateTable('run_steps')
        .set({
          status: 'cached',
          started_at: at,
          ended_at: at,
          cache_key: cacheKey,
          reason,
          outputs: JSON.stringify(outputs),
          error: null,
        })
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .where('step', '=', step)
        .execute();
    },
  };
}

async function listRuns(
  { db, project }: SqlContext,
  query: { cursor?: string; limit?: number; pipeline?: string; status?: string; name?: string },
) {
  const cursor = readCursor(query.cursor);
  const limit = pageLimit(query.limit);
  let select = db
    .selectFrom('runs as r')
    .leftJoin('run_steps as s', (join) =>
      join.onRef('s.project', '=', 'r.project').onRef('s.run_id', '=', 'r.id').on('s.status', '=', 'running'),
    )
    .select([
      'r.id',
      'r.pipeline',
      'r.name',
      'r.status',
      'r.key',
      'r.created_at',
      'r.ended_at',
      's.step as current',
    ])
    .where('r.project', '=', project);
  if (query.pipeline !== undefined) select = select.where('r.pipeline', '=', query.pipeline);
  if (query.status !== undefined) select = select.where('r.status', '=', query.status);
  if (query.name !== undefined) select = select.where('r.name', '=', query.name);
  if (cursor !== undefined) {
    select = select.where((eb) =>
      eb.or([
        eb('r.created_at', '<', cursor.at),
        eb.and([eb('r.created_at', '=', cursor.at), eb('r.id', '<', cursor.id)]),
      ]),
    );
  }
  const rows = await select
    .orderBy('r.created_at', 'desc')
    .orderBy('r.id', 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(rows, limit, {
    item: (row): RunSummary => ({
      id: row.id,
      pipeline: row.pipeline,
      name: row.name,
      status: row.status as RunStatus,
      key: row.key,
      createdAt: row.created_at,
      seconds: row.ended_at === null ? null : (row.ended_at - row.created_at) / 1000,
      currentStep: row.current,
    }),
    cursor: (row) => ({ at: row.created_at, id: row.id }),
  });
}
