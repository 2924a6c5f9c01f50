import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { PageOf, PageQuery } from './common.ts';
import { DATA_OPERATIONS } from './data-operations.ts';
import { DatasetDetail, DatasetSummary, RowsPreview, RowsQuery, SnapshotDetail } from './datasets.ts';
import {
  DeploymentDetail,
  DeploymentSummary,
  FeedbackReply,
  FeedbackRequest,
  LoggedPrediction,
  RollbackRequest,
} from './deployments.ts';
import { EventRecord, EventsQuery } from './events.ts';
import { Explanation } from './explanations.ts';
import { LaunchAccepted, LaunchRequest, LaunchResult } from './launch.ts';
import { ModelDetail, ModelSummary, VersionDetail } from './models.ts';
import { MonitorDetail, MonitorSummary } from './monitors.ts';
import { ById, ByName, ByVersion, closed, limit, type Operation, Paging, Removed } from './operation.ts';
import type { OperationId } from './routes.ts';
import { LogLine, PipelineSummary, RunDetail, RunSummary } from './runs.ts';
import {
  CandidateComparison,
  CompareQuery,
  StudyDetail,
  StudyPlan,
  StudyPlanRequest,
  StudySummary,
} from './studies.ts';
import { Overview, ServerInfo } from './system.ts';
import { ReportDetail, ReportSummary } from './validations.ts';

export const OPERATIONS = {
  getOverview: {
    tag: 'system',
    summary: "Show each room's first number, and what is open",
    reply: Overview,
  },
  getInfo: { tag: 'system', summary: 'Describe this server', reply: ServerInfo },

  listDatasets: {
    tag: 'datasets',
    summary: 'List data sets',
    query: Paging,
    reply: PageOf(DatasetSummary),
  },
  getDataset: {
    tag: 'datasets',
    summary: 'Show a data set and its newest snapshot',
    params: ByName,
    reply: DatasetDetail,
  },
  getSnapshot: {
    tag: 'datasets',
    summary: 'Show one snapshot: schema, profile, quarantine',
    params: ByVersion,
    reply: SnapshotDetail,
  },
  previewDataset: {
    tag: 'datasets',
    summary: 'Show a few rows',
    params: ByName,
    query: closed(RowsQuery.properties),
    reply: RowsPreview,
  },
  removeDataset: {
    tag: 'datasets',
    summary: 'Remove a data set that no model was made of',
    params: ByName,
    reply: Removed,
  },

  ...DATA_OPERATIONS,

  listStudies: { tag: 'studies', summary: 'List studies', query: Paging, reply: PageOf(StudySummary) },
  getStudy: {
    tag: 'studies',
    summary: 'Show a study: leaderboard, guards, split',
    params: ById,
    reply: StudyDetail,
  },
  startStudy: {
    tag: 'studies',
    summary: 'Find a model without deploying it; a launch of the same rows answers from it',
    body: LaunchRequest,
    reply: LaunchAccepted,
    status: 202,
  },
  resumeStudy: {
    tag: 'studies',
    summary: 'Go on with a study that was interrupted',
    params: ById,
    reply: LaunchAccepted,
    status: 202,
  },
  compareCandidates: {
    tag: 'studies',
    summary: 'Compare two candidates fold by fold',
    params: ById,
    query: CompareQuery,
    reply: CandidateComparison,
  },
  planStudy: {
    tag: 'studies',
    summary: 'Say which families can run on a data set, why others cannot, and what each would cost',
    body: StudyPlanRequest,
    reply: StudyPlan,
  },

  listPipelines: {
    tag: 'pipelines',
    summary: 'List pipelines',
    reply: Type.Object({ items: Type.Array(PipelineSummary) }),
  },
  listRuns: {
    tag: 'runs',
    summary: 'List pipeline runs',
    query: closed({
      ...PageQuery.properties,
      pipeline: Type.Optional(Type.String()),
      status: Type.Optional(Type.String()),
    }),
    reply: PageOf(RunSummary),
  },
  getRun: { tag: 'runs', summary: 'Show a run: steps, attempts, outputs', params: ById, reply: RunDetail },
  getRunLogs: {
    tag: 'runs',
    summary: 'Read the log of a run, oldest first',
    params: ById,
    query: closed({
      after: Type.Optional(Type.Integer({ minimum: 0, description: 'Sequence to read on from' })),
      limit: limit(1000),
      step: Type.Optional(Type.String()),
    }),
    reply: Type.Object({ items: Type.Array(LogLine) }),
  },
  cancelRun: { tag: 'runs', summary: 'Stop a live run; it can be resumed', params: ById, reply: RunDetail },

  launch: {
    tag: 'launches',
    summary: 'Take rows to a validated, served and monitored model',
    body: LaunchRequest,
    reply: LaunchAccepted,
    status: 202,
  },
  getLaunch: {
    tag: 'launches',
    summary: 'Show the result of a launch, as far as it came',
    params: ById,
    reply: LaunchResult,
  },

  listModels: { tag: 'models', summary: 'List models', query: Paging, reply: PageOf(ModelSummary) },
  getModel: { tag: 'models', summary: 'Show a model and its versions', params: ByName, reply: ModelDetail },
  getVersion: {
    tag: 'models',
    summary: 'Show one version: signature, metrics, card, lineage',
    params: ByVersion,
    reply: VersionDetail,
  },
  getExplanation: {
    tag: 'models',
    summary: 'Tell what one version leans on: importance, contributions and dependence of its columns',
    params: ByVersion,
    reply: Explanation,
  },
  removeModel: {
    tag: 'models',
    summary: 'Remove a model that serves nobody',
    params: ByName,
    reply: Removed,
  },

  listReports: {
    tag: 'validations',
    summary: 'List validation reports',
    query: closed({ ...PageQuery.properties, model: Type.Optional(Type.String()) }),
    reply: PageOf(ReportSummary),
  },
  getReport: {
    tag: 'validations',
    summary: 'Show a report: findings, curves, ledger',
    params: ById,
    reply: ReportDetail,
  },

  listDeployments: {
    tag: 'deployments',
    summary: 'List deployments',
    query: Paging,
    reply: PageOf(DeploymentSummary),
  },
  getDeployment: {
    tag: 'deployments',
    summary: 'Show a deployment: revisions, signature, traffic',
    params: ByName,
    reply: DeploymentDetail,
  },
  listPredictions: {
    tag: 'deployments',
    summary: 'List logged predictions, newest first',
    params: ByName,
    query: closed({
      limit: limit(1000),
      before: Type.Optional(Type.String({ maxLength: 100, description: 'Id of the last one seen' })),
    }),
    reply: Type.Object({ items: Type.Array(LoggedPrediction) }),
  },
  rollback: {
    tag: 'deployments',
    summary: 'Go back to an earlier revision, at once',
    params: ByName,
    body: closed(RollbackRequest.properties),
    reply: DeploymentDetail,
  },
  removeDeployment: {
    tag: 'deployments',
    summary: 'Take a deployment out of service',
    params: ByName,
    reply: Removed,
  },
  getPrediction: {
    tag: 'deployments',
    summary: 'Show one logged prediction',
    params: ById,
    reply: LoggedPrediction,
  },
  sendFeedback: {
    tag: 'deployments',
    summary: 'Say what really happened, for earlier predictions',
    body: closed(FeedbackRequest.properties),
    reply: FeedbackReply,
  },

  listMonitors: { tag: 'monitors', summary: 'List monitors', query: Paging, reply: PageOf(MonitorSummary) },
  getMonitor: {
    tag: 'monitors',
    summary: 'Show a monitor: drift per feature, windows, performance',
    params: ByName,
    reply: MonitorDetail,
  },

  listEvents: {
    tag: 'events',
    summary: 'List events, newest first',
    query: closed(EventsQuery.properties),
    reply: PageOf(EventRecord),
  },
} satisfies Record<OperationId, Operation>;

type Operations = typeof OPERATIONS;
type Part<Id extends OperationId, Key extends 'params' | 'query' | 'body'> = Operations[Id] extends {
  readonly [K in Key]: infer S extends TSchema;
}
  ? Static<S>
  : undefined;

export type ParamsOf<Id extends OperationId> = Part<Id, 'params'>;
export type QueryOf<Id extends OperationId> = Part<Id, 'query'>;
export type BodyOf<Id extends OperationId> = Part<Id, 'body'>;
export type ReplyOf<Id extends OperationId> = Static<Operations[Id]['reply']>;

/** What a caller passes: only the parts the operation has; a query may be left out. */
export type InputOf<Id extends OperationId> = (ParamsOf<Id> extends undefined
  ? unknown
  : { readonly params: ParamsOf<Id> }) &
  (QueryOf<Id> extends undefined ? unknown : { readonly query?: QueryOf<Id> }) &
  (BodyOf<Id> extends undefined ? unknown : { readonly body: BodyOf<Id> });
