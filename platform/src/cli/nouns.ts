import type { Client } from '../contracts/client.ts';
import type { PageQuery } from '../contracts/common.ts';
import type { DatasetSummary } from '../contracts/datasets.ts';
import type { DeploymentSummary } from '../contracts/deployments.ts';
import type { ModelSummary } from '../contracts/models.ts';
import type { MonitorSummary } from '../contracts/monitors.ts';
import type { RunSummary } from '../contracts/runs.ts';
import type { StudySummary } from '../contracts/studies.ts';
import type { ReportSummary } from '../contracts/validations.ts';
import { agoText, bytesText, countText, intervalText, metricText, secondsText } from './format.ts';
import type { Io } from './io.ts';
import {
  datasetLines,
  deploymentLines,
  modelLines,
  monitorLines,
  reportLines,
  runLines,
  studyLines,
} from './show.ts';
import type { Column } from './table.ts';

/** What `ls`, `show` and `rm` need to know of one kind of thing. */
export interface Noun<S> {
  list(client: Client, query: PageQuery): Promise<{ items: S[]; nextCursor?: string | undefined }>;
  /** Columns of `ls`. `now` is epoch ms. */
  columns(now: number): readonly Column<S>[];
  /** The detail as the API tells it, and its lines for people. */
  show(client: Client, name: string, io: Io): Promise<{ detail: unknown; lines: string[] }>;
  remove?(client: Client, name: string): Promise<{ removed: string }>;
}

const data: Noun<DatasetSummary> = {
  list: (client, query) => client.call('listDatasets', { query }),
  columns: (now) => [
    { title: 'NAME', value: (row) => row.name },
    { title: 'VERSION', value: (row) => row.version, align: 'right' },
    { title: 'ROWS', value: (row) => countText(row.rows), align: 'right' },
    { title: 'QUARANTINED', value: (row) => countText(row.quarantined), align: 'right' },
    { title: 'COLUMNS', value: (row) => row.columns, align: 'right' },
    { title: 'SIZE', value: (row) => bytesText(row.bytes), align: 'right' },
    { title: 'UPDATED', value: (row) => agoText(row.updatedAt, now) },
  ],
  show: async (client, name, io) => {
    const detail = await client.call('getDataset', { params: { name } });
    return { detail, lines: datasetLines(detail, io) };
  },
  remove: (client, name) => client.call('removeDataset', { params: { name } }),
};

const select: Noun<StudySummary> = {
  list: (client, query) => client.call('listStudies', { query }),
  columns: (now) => [
    { title: 'ID', value: (row) => row.id },
    { title: 'NAME', value: (row) => row.name },
    { title: 'STATUS', value: (row) => row.status },
    { title: 'TARGET', value: (row) => row.target },
    { title: 'BEST', value: (row) => row.bestCandidate },
    { title: 'METRIC', value: (row) => row.metric },
    { title: 'SCORE', value: (row) => metricText(row.bestScore), align: 'right' },
    { title: 'SPREAD', value: (row) => metricText(row.bestSpread), align: 'right' },
    { title: 'CREATED', value: (row) => agoText(row.createdAt, now) },
  ],
  show: async (client, id, io) => {
    const detail = await client.call('getStudy', { params: { id } });
    return { detail, lines: studyLines(detail, io) };
  },
};

const pipelines: Noun<RunSummary> = {
  list: (client, query) => client.call('listRuns', { query }),
  columns: (now) => [
    { title: 'RUN', value: (row) => row.id },
    { title: 'PIPELINE', value: (row) => row.pipeline },
    { title: 'NAME', value: (row) => row.name },
    { title: 'STATUS', value: (row) => row.status },
    { title: 'STEP', value: (row) => row.currentStep },
    { title: 'TOOK', value: (row) => secondsText(row.seconds), align: 'right' },
    { title: 'CREATED', value: (row) => agoText(row.createdAt, now) },
  ],
  show: async (client, id, io) => {
    const detail = await client.call('getRun', { params: { id } });
    return { detail, lines: runLines(detail, io) };
  },
};

const validate: Noun<ReportSummary> = {
  list: (client, query) => client.call('listReports', { query }),
  columns: (now) => [
    { title: 'ID', value: (row) => row.id },
    { title: 'MODEL', value: (row) => row.model },
    { title: 'VERSION', value: (row) => row.version, align: 'right' },
    { title: 'VERDICT', value: (row) => row.verdict },
    { title: 'BLOCKING', value: (row) => row.blocking, align: 'right' },
    { title: 'WARNINGS', value: (row) => row.warnings, align: 'right' },
    { title: 'METRIC', value: (row) => row.metric.metric },
    { title: 'VALUE', value: (row) => metricText(row.metric.value), align: 'right' },
    { title: 'CREATED', value: (row) => agoText(row.createdAt, now) },
  ],
  show: async (client, id, io) => {
    const detail = await client.call('getReport', { params: { id } });
    return { detail, lines: reportLines(detail, io) };
  },
};

const models: Noun<ModelSummary> = {
  list: (client, query) => client.call('listModels', { query }),
  columns: (now) => [
    { title: 'NAME', value: (row) => row.name },
    { title: 'LATEST', value: (row) => row.latestVersion, align: 'right' },
    { title: 'CHAMPION', value: (row) => row.championVersion, align: 'right' },
    { title: 'TASK', value: (row) => row.task },
    { title: 'TARGET', value: (row) => row.target },
    {
      title: 'METRIC',
      value: ({ metric }) => `${metric.metric} ${metricText(metric.value)}${intervalText(metric.interval)}`,
    },
    { title: 'UPDATED', value: (row) => agoText(row.updatedAt, now) },
  ],
  show: async (client, name, io) => {
    const detail = await client.call('getModel', { params: { name } });
    return { detail, lines: modelLines(detail, io) };
  },
  remove: (client, name) => client.call('removeModel', { params: { name } }),
};

const deploy: Noun<DeploymentSummary> = {
  list: (client, query) => client.call('listDeployments', { query }),
  columns: (now) => [
    { title: 'NAME', value: (row) => row.name },
    { title: 'STATUS', value: (row) => row.status },
    { title: 'MODEL', value: (row) => `${row.model} v${row.version}` },
    { title: 'REVISION', value: (row) => row.revision, align: 'right' },
    { title: 'REQUESTS', value: (row) => countText(row.traffic.requests), align: 'right' },
    { title: 'ERRORS', value: (row) => countText(row.traffic.errors), align: 'right' },
    { title: 'P95 MS', value: (row) => metricText(row.traffic.p95Ms), align: 'right' },
    { title: 'UPDATED', value: (row) => agoText(row.updatedAt, now) },
  ],
  show: async (client, name, io) => {
    const detail = await client.call('getDeployment', { params: { name } });
    return { detail, lines: deploymentLines(detail, io) };
  },
  remove: (client, name) => client.call('removeDeployment', { params: { name } }),
};

const monitor: Noun<MonitorSummary> = {
  list: (client, query) => client.call('listMonitors', { query }),
  columns: (now) => [
    { title: 'NAME', value: (row) => row.name },
    { title: 'STATUS', value: (row) => row.status },
    { title: 'VERSION', value: (row) => row.version, align: 'right' },
    { title: 'PREDICTIONS', value: (row) => countText(row.rows), align: 'right' },
    { title: 'DRIFTED', value: (row) => `${row.drifted} of ${row.features}`, align: 'right' },
    { title: 'LAST SEEN', value: (row) => agoText(row.lastSeenAt, now) },
  ],
  show: async (client, name, io) => {
    const detail = await client.call('getMonitor', { params: { name } });
    return { detail, lines: monitorLines(detail, io) };
  },
};

/** By the word of the command line. Each noun is used with its own rows only, so the rows' type is hidden here. */
export const NOUNS = { data, select, pipelines, validate, models, deploy, monitor } as unknown as Readonly<
  Record<string, Noun<unknown>>
>;
