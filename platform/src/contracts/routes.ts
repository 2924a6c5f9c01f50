/**
 * Where every operation of the API lives. Addresses only, so that the browser's client carries no schemas; what goes in and comes
 * out is in `operations.ts`, under the same names.
 */
export interface RouteAddress {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:param` parts. */
  readonly path: string;
}

export const ROUTES = {
  getOverview: { method: 'GET', path: '/api/v1/overview' },
  getInfo: { method: 'GET', path: '/api/v1/info' },

  listDatasets: { method: 'GET', path: '/api/v1/datasets' },
  getDataset: { method: 'GET', path: '/api/v1/datasets/:name' },
  getSnapshot: { method: 'GET', path: '/api/v1/datasets/:name/versions/:version' },
  previewDataset: { method: 'GET', path: '/api/v1/datasets/:name/rows' },
  removeDataset: { method: 'DELETE', path: '/api/v1/datasets/:name' },

  listStudies: { method: 'GET', path: '/api/v1/studies' },
  getStudy: { method: 'GET', path: '/api/v1/studies/:id' },

  listPipelines: { method: 'GET', path: '/api/v1/pipelines' },
  listRuns: { method: 'GET', path: '/api/v1/runs' },
  getRun: { method: 'GET', path: '/api/v1/runs/:id' },
  getRunLogs: { method: 'GET', path: '/api/v1/runs/:id/logs' },
  cancelRun: { method: 'POST', path: '/api/v1/runs/:id/cancel' },

  launch: { method: 'POST', path: '/api/v1/launches' },
  getLaunch: { method: 'GET', path: '/api/v1/launches/:id' },

  listModels: { method: 'GET', path: '/api/v1/models' },
  getModel: { method: 'GET', path: '/api/v1/models/:name' },
  getVersion: { method: 'GET', path: '/api/v1/models/:name/versions/:version' },
  removeModel: { method: 'DELETE', path: '/api/v1/models/:name' },

  listReports: { method: 'GET', path: '/api/v1/validations' },
  getReport: { method: 'GET', path: '/api/v1/validations/:id' },

  listDeployments: { method: 'GET', path: '/api/v1/deployments' },
  getDeployment: { method: 'GET', path: '/api/v1/deployments/:name' },
  listPredictions: { method: 'GET', path: '/api/v1/deployments/:name/predictions' },
  rollback: { method: 'POST', path: '/api/v1/deployments/:name/rollback' },
  removeDeployment: { method: 'DELETE', path: '/api/v1/deployments/:name' },
  getPrediction: { method: 'GET', path: '/api/v1/predictions/:id' },
  sendFeedback: { method: 'POST', path: '/api/v1/feedback' },

  listMonitors: { method: 'GET', path: '/api/v1/monitors' },
  getMonitor: { method: 'GET', path: '/api/v1/monitors/:name' },

  listEvents: { method: 'GET', path: '/api/v1/events' },
} as const satisfies Record<string, RouteAddress>;

export type OperationId = keyof typeof ROUTES;

/** Streams of server-sent events: `data` is one JSON value, `id` resumes (header Last-Event-ID). */
export const STREAMS = {
  /** Launch lines until exactly one result, then the end. */
  run: '/api/v1/runs/:id/stream',
  /** Events in commit order; query `after` (a sequence) where there is no Last-Event-ID. */
  events: '/api/v1/events/stream',
} as const;

export const BLOB_PATH = '/api/v1/blobs/:digest';

/** Fills the `:param` parts, escaped. */
export function pathOf(path: string, params: Readonly<Record<string, string | number>> = {}): string {
  return path.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === '') throw new Error(`path ${path} needs ${name}`);
    return encodeURIComponent(String(value));
  });
}
