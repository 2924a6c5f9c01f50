import { type TObject, type TSchema, Type } from '@sinclair/typebox';
import { Digest, Problem } from './common.ts';
import { DatasetDetail, DatasetSummary, RowsPreview, SnapshotDetail, SnapshotSummary } from './datasets.ts';
import {
  DeploymentDetail,
  DeploymentSummary,
  FeedbackReply,
  FeedbackRequest,
  LoggedPrediction,
  RollbackRequest,
} from './deployments.ts';
import { EventRecord } from './events.ts';
import { LaunchAccepted, LaunchProgress, LaunchRequest, LaunchResult, LaunchStepLine } from './launch.ts';
import { ModelDetail, ModelSignature, ModelSummary, VersionDetail, VersionSummary } from './models.ts';
import { MonitorDetail, MonitorSummary } from './monitors.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { BLOB_PATH, type OperationId, ROUTES, STREAMS } from './routes.ts';
import { LogLine, PipelineSummary, RunDetail, RunSummary } from './runs.ts';
import { StudyDetail, StudySummary } from './studies.ts';
import { Overview, ServerInfo } from './system.ts';
import { Policy, ReportDetail, ReportSummary } from './validations.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonMap = { [key: string]: Json };

/** Schemas that get a name of their own in the document; the same schema met elsewhere becomes a `$ref`. */
const NAMED: Record<string, TSchema> = {
  Problem,
  Policy,
  ModelSignature,
  ServerInfo,
  Overview,
  DatasetSummary,
  SnapshotSummary,
  SnapshotDetail,
  DatasetDetail,
  RowsPreview,
  StudySummary,
  StudyDetail,
  PipelineSummary,
  RunSummary,
  RunDetail,
  LogLine,
  LaunchRequest,
  LaunchAccepted,
  LaunchStepLine,
  LaunchProgress,
  LaunchResult,
  ModelSummary,
  ModelDetail,
  VersionSummary,
  VersionDetail,
  ReportSummary,
  ReportDetail,
  DeploymentSummary,
  DeploymentDetail,
  LoggedPrediction,
  FeedbackRequest,
  FeedbackReply,
  RollbackRequest,
  MonitorSummary,
  MonitorDetail,
  EventRecord,
};

/** The OpenAPI 3.1 document of this program, made of the same table that validates requests. */
export function openApiDocument(version: string): JsonMap {
  const paths: Record<string, JsonMap> = {};
  for (const [id, { method, path }] of Object.entries(ROUTES)) {
    const entry = describe(id, OPERATIONS[id as OperationId]);
    paths[braced(path)] = { ...paths[braced(path)], [method.toLowerCase()]: entry };
  }
  for (const [path, entry] of Object.entries(otherPaths())) paths[path] = entry;
  return {
    openapi: '3.1.0',
    info: {
      title: 'Slipway',
      version,
      description:
        'Lists page by cursor: pass `nextCursor` back as `cursor`. A POST may carry `Idempotency-Key`: a retry with the same key ' +
        'and body is answered and not done again. Errors are problem details (RFC 9457) with a stable `code` and a `fix`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    tags: [...new Set(Object.values(OPERATIONS).map((operation) => operation.tag)), 'inference'].map(
      (name) => ({ name }),
    ),
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(NAMED).map(([name, schema]) => [name, referenced(schema, name)]),
      ),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: { Problem: problemReply() },
    },
  };
}

function describe(id: string, operation: Operation): JsonMap {
  const { summary, tag, params, query, body, reply, status } = operation;
  const post = ROUTES[id as OperationId].method === 'POST';
  return {
    operationId: id,
    summary,
    tags: [tag],
    parameters: [
      ...parameters(params, 'path'),
      ...parameters(query, 'query'),
      ...(post ? [idempotencyHeader()] : []),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body) } }),
    responses: {
      [String(status ?? 200)]: { description: 'Done', content: jsonContent(reply) },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function parameters(schema: TObject | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (schema.required ?? []).includes(name),
    schema: referenced(property),
  }));
}

function idempotencyHeader(): Json {
  return {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  };
}

function jsonContent(schema: TSchema): JsonMap {
  return { 'application/json': { schema: referenced(schema) } };
}

function problemReply(): Json {
  return {
    description: 'What went wrong, why, and how to mend it',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

const NAME_OF = new Map(Object.entries(NAMED).map(([name, schema]) => [JSON.stringify(schema), name]));

/** A plain JSON copy in which every named schema but `self` is a reference. */
function referenced(schema: unknown, self?: string): Json {
  const text = JSON.stringify(schema);
  const name = NAME_OF.get(text);
  if (name !== undefined && name !== self) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(schema)) return schema.map((item) => referenced(item));
  if (schema === null || typeof schema !== 'object') return (schema ?? null) as Json;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, referenced(value)]));
}

function braced(path: string): string {
  return path.replace(/:([a-zA-Z]+)/g, '{$1}');
}

/** What is no JSON in, JSON out: streams, uploads, protocols of others, and the server's own pages. */
function otherPaths(): Record<string, JsonMap> {
  const name = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
  const problem = { default: { $ref: '#/components/responses/Problem' } };
  const stream = (summary: string, tag: string, parameters: Json[]): JsonMap => ({
    get: {
      summary,
      tags: [tag],
      parameters: [
        ...parameters,
        { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } },
      ],
      responses: {
        '200': {
          description: 'Server-sent events',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        ...problem,
      },
    },
  });
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  const after = { name: 'after', in: 'query', required: false, schema: { type: 'integer', minimum: 0 } };
  return {
    [braced(STREAMS.run)]: stream('Follow a launch until its result', 'runs', [id]),
    [braced(STREAMS.events)]: stream('Follow events in commit order', 'events', [after]),
    [braced(BLOB_PATH)]: blobPath(problem),
    '/health': plainPath('Say that the server answers', 'system', 'application/json'),
    '/metrics': plainPath('Metrics for Prometheus', 'system', 'text/plain'),
    '/v2/models/{name}/infer': protocolPath('Infer by the Open Inference Protocol v2', name),
    '/models/{name}/invocations': protocolPath('Infer with rows, as MLflow scoring servers do', name),
  };
}

function blobPath(problem: JsonMap): JsonMap {
  const digest = { name: 'digest', in: 'path', required: true, schema: referenced(Digest) };
  const blob = Type.Object({ digest: Digest, bytes: Type.Integer() });
  return {
    head: {
      summary: 'Ask whether these bytes are here',
      tags: ['blobs'],
      parameters: [digest],
      responses: { '200': { description: 'They are' }, '404': { description: 'They are not' } },
    },
    put: {
      summary: 'Upload bytes under their sha256',
      tags: ['blobs'],
      parameters: [digest],
      requestBody: {
        required: true,
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
      responses: { '201': { description: 'Stored', content: jsonContent(blob) }, ...problem },
    },
  };
}

function plainPath(summary: string, tag: string, type: string): JsonMap {
  return {
    get: {
      summary,
      tags: [tag],
      responses: { '200': { description: 'Done', content: { [type]: { schema: {} } } } },
    },
  };
}

function protocolPath(summary: string, name: Json): JsonMap {
  return {
    post: {
      summary,
      tags: ['inference'],
      parameters: [name],
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
      responses: {
        '200': {
          description: 'Predictions',
          content: { 'application/json': { schema: { type: 'object' } } },
        },
        default: { description: "An error in the protocol's own shape" },
      },
    },
  };
}
