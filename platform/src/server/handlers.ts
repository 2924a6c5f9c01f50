import type { App } from '../app/app.ts';
import type { Page } from '../contracts/common.ts';
import type { EventRecord } from '../contracts/events.ts';
import type { QueryOf } from '../contracts/operations.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { feedingHandlers } from './data-handlers.ts';
import type { Handlers } from './handler-types.ts';
import { launchResultWithExit } from './launch-lines.ts';

export function createHandlers(app: App): Handlers {
  return {
    ...systemHandlers(app),
    ...feedingHandlers(app),
    ...modelHandlers(app),
    ...workHandlers(app),
    ...serviceHandlers(app),
  };
}

function systemHandlers(app: App) {
  return {
    getOverview: () => app.overview(),
    getInfo: async () => app.info(),
    listEvents: ({ query }) => eventsPage(app, query),
  } satisfies Partial<Handlers>;
}

function modelHandlers({ registry, explanation }: App) {
  return {
    listModels: ({ query }) => registry.list(query),
    getModel: ({ params }) => registry.get(params.name),
    getVersion: ({ params }) => registry.version(params.name, params.version),
    getExplanation: ({ params }) => explanation(params.name, params.version),
    removeModel: async ({ params }) => {
      await registry.remove(params.name);
      return { removed: params.name };
    },
  } satisfies Partial<Handlers>;
}

function workHandlers(app: App) {
  const { pipelines, selection, validation } = app;
  return {
    listStudies: ({ query }) => selection.list(query),
    getStudy: ({ params }) => selection.get(params.id),
    startStudy: ({ body, local }) => app.startStudy(body, { local }),
    resumeStudy: async ({ params }) => app.resumeRun(await app.runOfStudy(params.id)),
    compareCandidates: ({ params, query }) => app.compareCandidates(params.id, query),
    planStudy: ({ body }) => app.planStudy(body),
    listPipelines: async () => ({ items: await pipelines.pipelines() }),
    listRuns: ({ query }) => pipelines.runs(query),
    getRun: ({ params }) => pipelines.run(params.id),
    getRunLogs: async ({ params, query }) => ({ items: await pipelines.logs(params.id, query) }),
    cancelRun: async ({ params }) => {
      await pipelines.cancel(params.id);
      return pipelines.run(params.id);
    },
    launch: ({ body, local }) => app.launch(body, { local }),
    getLaunch: async ({ params }) => launchResultWithExit(await app.launchResult(params.id)),
    listReports: ({ query }) => validation.list(query),
    getReport: ({ params }) => validation.get(params.id),
  } satisfies Partial<Handlers>;
}

function serviceHandlers(app: App) {
  const { deployment, monitoring } = app;
  return {
    listDeployments: ({ query }) => deployment.list(query),
    getDeployment: ({ params }) => deployment.get(params.name),
    listPredictions: async ({ params, query }) => ({
      items: await deployment.predictions(params.name, query),
    }),
    rollback: ({ params, body }) => deployment.rollback(params.name, body.revision),
    removeDeployment: async ({ params }) => {
      await deployment.remove(params.name);
      return { removed: params.name };
    },
    getPrediction: ({ params }) => deployment.prediction(params.id),
    sendFeedback: ({ body }) => deployment.feedback(body),
    listMonitors: ({ query }) => monitoring.list(query),
    getMonitor: async ({ params }) => {
      await monitoring.catchUp(params.name);
      return monitoring.get(params.name);
    },
  } satisfies Partial<Handlers>;
}

/** Newest first; the cursor is the last sequence seen. */
async function eventsPage(
  app: App,
  query: NonNullable<QueryOf<'listEvents'>>,
): Promise<Page<EventRecord> & { items: EventRecord[] }> {
  const limit = query.limit ?? LIMITS.pageItemsDefault;
  const before = query.cursor === undefined ? undefined : Number(query.cursor);
  if (before !== undefined && !Number.isSafeInteger(before)) {
    throw new SlipwayError('REQUEST_INVALID', {
      message: `'${query.cursor}' is not a cursor of this list`,
      fix: 'Pass the nextCursor of the page before, unchanged.',
    });
  }
  const found = await app.events.recent({
    limit: limit + 1,
    ...(before === undefined ? {} : { before }),
    ...(query.type === undefined ? {} : { type: query.type }),
    ...(query.subject === undefined ? {} : { subject: query.subject }),
  });
  const items = found.slice(0, limit);
  return found.length > limit ? { items, nextCursor: String(items.at(-1)!.sequence) } : { items };
}
