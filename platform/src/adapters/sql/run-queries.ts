import type { LogLine, PipelineSummary, RunStatus, RunSummary } from '../../contracts/runs.ts';
import type { RunQueries } from '../../pipelines/ports.ts';
import type { JsonObject } from '../../pipelines/types.ts';
import type { SqlContext, WriteQueue } from './connection.ts';
import { inTx } from './connection.ts';
import { median } from './run-detail.ts';

const LOG_LINES_DEFAULT = 1000;
const LOG_LINES_MAX = 10_000;
/** Runs that a pipeline's summary is made of. */
const SUMMARY_RUNS = 200;

export function createRunQueries(context: SqlContext, queue: WriteQueue): RunQueries {
  const { db, project } = context;
  return {
    cachedOutputs: async (pipelines, step, cacheKey) => {
      const row = await db
        .selectFrom('run_steps as s')
        .innerJoin('runs as r', (join) =>
          join.onRef('r.project', '=', 's.project').onRef('r.id', '=', 's.run_id'),
        )
        .select(['s.run_id', 's.outputs'])
        .where('s.project', '=', project)
        .where('s.cache_key', '=', cacheKey)
        .where('s.step', '=', step)
        .where('r.pipeline', 'in', [...pipelines])
        .where('s.status', 'in', ['completed', 'cached'])
        .orderBy('s.ended_at', 'desc')
        .executeTakeFirst();
      return row === undefined
        ? undefined
        : { runId: row.run_id, outputs: JSON.parse(row.outputs) as JsonObject };
    },
    live: () => liveRuns(context),
    pipelines: () => pipelineSummaries(context),
    appendLogs: async (runId, lines) => {
      if (lines.length === 0) return;
      await queue.transaction(async (tx) => {
        const handle = inTx(tx);
        const newest = await handle
          .selectFrom('run_logs')
          .select((eb) => eb.fn.max('sequence').as('sequence'))
          .where('project', '=', project)
          .where('run_id', '=', runId)
          .executeTakeFirst();
        let sequence = Number(newest?.sequence ?? 0);
        const rows = lines.map((line) => ({ project, run_id: runId, sequence: ++sequence, ...line }));
        await handle.insertInto('run_logs').values(rows).execute();
      });
    },
    logs: async (runId, { after, limit, step }): Promise<LogLine[]> => {
      let select = db
        .selectFrom('run_logs')
        .select(['sequence', 'time', 'step', 'level', 'message'])
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .where('sequence', '>', after ?? 0);
      if (step !== undefined) select = select.where('step', '=', step);
      const rows = await select
        .orderBy('sequence')
        .limit(Math.min(limit ?? LOG_LINES_DEFAULT, LOG_LINES_MAX))
        .execute();
      return rows.map((row) => ({ ...row, level: row.level as LogLine['level'] }));
    },
  };
}

async function liveRuns({ db, project }: SqlContext): Promise<RunSummary[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'pipeline', 'name', 'key', 'status', 'created_at', 'ended_at'])
    .where('project', '=', project)
    .where('status', '=', 'running')
    .execute();
  return rows.map((row) => ({ ...summary(row), currentStep: null }));
}

async function pipelineSummaries({ db, project }: SqlContext): Promise<PipelineSummary[]> {
  const counts = await db
    .selectFrom('runs')
    .select(['pipeline', (eb) => eb.fn.countAll<number>().as('runs')])
    .where('project', '=', project)
    .groupBy('pipeline')
    .orderBy('pipeline')
    .execute();
  return Promise.all(
    counts.map(async ({ pipeline, runs }) => {
      const newest = await db
        .selectFrom('runs')
        .select(['id', 'pipeline', 'name', 'key', 'status', 'created_at', 'ended_at'])
        .where('project', '=', project)
        .where('pipeline', '=', pipeline)
        .orderBy('created_at', 'desc')
        .limit(SUMMARY_RUNS)
        .execute();
      const steps = await db
        .selectFrom('run_steps')
        .select('step')
        .where('project', '=', project)
        .where('run_id', '=', newest[0]!.id)
        .orderBy('position')
        .execute();
      const seconds = newest.flatMap((row) =>
        row.status === 'completed' && row.ended_at !== null ? [(row.ended_at - row.created_at) / 1000] : [],
      );
      return {
        name: pipeline,
        steps: steps.map((row) => row.step),
        runs: Number(runs),
        lastRun: { ...summary(newest[0]!), currentStep: null },
        medianSeconds: seconds.length === 0 ? null : median(seconds),
      };
    }),
  );
}

function summary(row: {
  id: string;
  pipeline: string;
  name: string;
  key: string;
  status: string;
  created_at: number;
  ended_at: number | null;
}): Omit<RunSummary, 'currentStep'> {
  const { id, pipeline, name, key } = row;
  const seconds = row.ended_at === null ? null : (row.ended_at - row.created_at) / 1000;
  return { id, pipeline, name, key, status: row.status as RunStatus, createdAt: row.created_at, seconds };
}
