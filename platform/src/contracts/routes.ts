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
  loadDataset: { method: 'POST', path: '/api/v1/datasets/:name/loads' },
  getLoad: { method: 'GET', path: '/api/v1/loads/:id' },
  setSchedule: { method: 'POST', path: '/api/v1/datasets/:name/schedule' },
  checkSource: { method: 'POST', path: '/api/v1/sources/check' },
  flushPushed: { method: 'POST', path: '/api/v1/datasets/:name/flush' },
  getContract: { method: 'GET', path: '/api/v1/datasets/:name/contract' },
  editContract: { method: 'POST', path: '/api/v1/datasets/:name/contract' },
  tryContract: { method: 'POST', path: '/api/v1/datasets/:name/contract/try' },
  listQuarantine: { method: 'GET', path: '/api/v1/datasets/:name/quarantine' },
  fixQuarantine: { method: 'POST', path: '/api/v1/datasets/:name/quarantine/fix' },
  actOnQuarantine: { method: 'POST', path: '/api/v1/datasets/:name/quarantine' },
  diffDataset: { method: 'GET', path: '/api/v1/datasets/:name/diff' },
  createBranch: { method: 'POST', path: '/api/v1/datasets/:name/branches' },
  removeBranch: { method: 'DELETE', path: '/api/v1/datasets/:name/branches/:branch' },
  createTag: { method: 'POST', path: '/api/v1/datasets/:name/tags' },
  removeTag: { method: 'DELETE', path: '/api/v1/datasets/:name/tags/:tag' },
  listProposals: { method: 'GET', path: '/api/v1/proposals' },
  createProposal: { method: 'POST', path: '/api/v1/datasets/:name/proposals' },
  getProposal: { method: 'GET', path: '/api/v1/proposals/:id' },
  reviewProposal: { method: 'POST', path: '/api/v1/proposals/:id/reviews' },
  mergeProposal: { method: 'POST', path: '/api/v1/proposals/:id/merge' },
  closeProposal: { method: 'POST', path: '/api/v1/proposals/:id/close' },
  listSplits: { method: 'GET', path: '/api/v1/datasets/:name/splits' },
  createSplit: { method: 'POST', path: '/api/v1/datasets/:name/splits' },
  removeSplit: { method: 'DELETE', path: '/api/v1/datasets/:name/splits/:split' },
  joinDatasets: { method: 'POST', path: '/api/v1/joins' },
  queryData: { method: 'POST', path: '/api/v1/query' },
  collectGarbage: { method: 'POST', path: '/api/v1/gc' },
  listSecrets: { method: 'GET', path: '/api/v1/secrets' },
  setSecret: { method: 'POST', path: '/api/v1/secrets' },
  removeSecret: { method: 'DELETE', path: '/api/v1/secrets/:name' },

  listStudies: { method: 'GET', path: '/api/v1/studies' },
  getStudy: { method: 'GET', path: '/api/v1/studies/:id' },
  startStudy: { method: 'POST', path: '/api/v1/studies' },
  resumeStudy: { method: 'POST', path: '/api/v1/studies/:id/resume' },
  compareCandidates: { method: 'GET', path: '/api/v1/studies/:id/compare' },
  planStudy: { method: 'POST', path: '/api/v1/studies/plan' },

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
  getExplanation: { method: 'GET', path: '/api/v1/models/:name/versions/:version/explanation' },
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

/** Bodies that are not JSON: raw rows in, files out. */
export const PUSH_PATH = '/api/v1/datasets/:name/rows';
/** The winner's ONNX file of a study. */
export const STUDY_MODEL_PATH = '/api/v1/studies/:id/model.onnx';
export const EXPORT_PATH = '/api/v1/query/export';
export const QUARANTINE_EXPORT_PATH = '/api/v1/datasets/:name/quarantine/export';

export const BLOB_PATH = '/api/v1/blobs/:digest';

/** Fills the `:param` parts, escaped. */
export function pathOf(path: string, params: Readonly<Record<string, string | number>> = {}): string {
  return path.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === '') throw new Error(`path ${path} needs ${name}`);
    return encodeURIComponent(String(value));
  });
}
