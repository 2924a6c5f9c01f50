import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RowReasons } from '../contracts/deployments.ts';
import {
  modelMetadata,
  readInfer,
  readInvocation,
  reasonsOf,
  requireReasons,
  writeInfer,
  writeInvocation,
} from '../deployment/index.ts';
import type { DecodedRequest, DeploymentService, PredictionBatch } from '../deployment/types.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';

export interface InferenceRoutesOptions {
  readonly deployment: DeploymentService;
  /** Slipway's version, told by the protocols' own metadata. */
  readonly version: string;
}

type Params = { Params: { model: string; version?: string } };

/**
 * The protocols that other people's clients speak. Bodies are taken as bytes whatever their content type says (the stock Python
 * client sends none); replies are written as text once; errors keep each protocol's own shape.
 */
export function registerInferenceRoutes(server: FastifyInstance, options: InferenceRoutesOptions): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: LIMITS.inferBodyBytesMax },
      (_request, body, done) => done(null, body),
    );
    openInference(scope, options);
    mlflow(scope, options);
  });
}

function openInference(scope: FastifyInstance, { deployment, version }: InferenceRoutesOptions): void {
  scope.register(async (v2) => {
    v2.setErrorHandler((error, _request, reply) => openInferenceError(reply, error));
    v2.get('/v2', async () => ({ name: 'slipway', version, extensions: ['binary_tensor_data'] }));
    v2.get('/v2/health/live', async () => ({ live: true }));
    v2.get('/v2/health/ready', async () => ({ ready: true }));
    for (const base of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
      v2.get<Params>(base, async ({ params }) => modelMetadata(liveModel(deployment, params)));
      v2.get<Params>(`${base}/ready`, async ({ params }) => ({
        name: liveModel(deployment, params).model,
        ready: true,
      }));
      v2.post<Params>(`${base}/infer`, (request, reply) => infer(deployment, request, reply));
    }
  });
}

/** Only the version in service answers: asking for another one is an error, not a silent substitution. */
function liveModel(deployment: DeploymentService, params: { model: string; version?: string }) {
  const model = deployment.live(params.model);
  if (params.version === undefined || params.version === String(model.version)) return model;
  throw new SlipwayError('DEPLOYMENT_NOT_FOUND', {
    message: `version ${params.version} of ${params.model} is not in service; version ${model.version} is`,
    fix: `Leave the version out, or ask for ${model.version}.`,
  });
}

async function infer(
  deployment: DeploymentService,
  request: FastifyRequest<Params>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { model: name } = request.params;
  return observed({ deployment, name, reply, onError: openInferenceError }, async () => {
    const model = liveModel(deployment, request.params);
    const header = request.headers['inference-header-content-length'];
    const asked = readInfer(bodyOf(request), header === undefined ? undefined : Number(header), model);
    if (asked.reasons > 0) requireReasons(model);
    const batch = await deployment.predict(name, asked.request);
    const reasons = await reasonsFor(deployment, name, asked, batch);
    const { body, headerLength } = writeInfer(asked, batch, reasons);
    if (headerLength === undefined) return { rows: batch.ids.length, body, type: 'application/json' };
    reply.header('inference-header-content-length', String(headerLength));
    return { rows: batch.ids.length, body, type: 'application/octet-stream' };
  });
}

function mlflow(scope: FastifyInstance, { deployment, version }: InferenceRoutesOptions): void {
  scope.register(async (routes) => {
    routes.setErrorHandler((error, _request, reply) => mlflowError(reply, error));
    routes.get<Params>('/models/:model/ping', async ({ params }, reply) => {
      deployment.live(params.model);
      return reply.type('application/json').send('\n');
    });
    routes.get('/models/:model/version', async (_request, reply) => reply.type('text/plain').send(version));
    routes.post<Params>('/models/:model/invocations', (request, reply) => {
      const { model: name } = request.params;
      return observed({ deployment, name, reply, onError: mlflowError }, async () => {
        const model = deployment.live(name);
        const asked = readInvocation(bodyOf(request), request.headers['content-type'], model);
        if (asked.reasons > 0) requireReasons(model);
        const batch = await deployment.predict(name, asked.request);
        const reasons = await reasonsFor(deployment, name, asked, batch);
        return {
          rows: batch.ids.length,
          body: writeInvocation(batch, asked.probabilities, reasons),
          type: 'application/json',
        };
      });
    });
  });
}

/** Reasons of the prediction that was answered, when they were asked for. */
async function reasonsFor(
  deployment: DeploymentService,
  name: string,
  asked: { readonly request: DecodedRequest; readonly reasons: number },
  batch: PredictionBatch,
): Promise<RowReasons[] | undefined> {
  if (asked.reasons === 0) return undefined;
  const contributions = await deployment.explain(name, asked.request, batch);
  return reasonsOf(batch, asked.request, contributions, asked.reasons);
}

interface Observed {
  readonly deployment: DeploymentService;
  readonly name: string;
  readonly reply: FastifyReply;
  readonly onError: (reply: FastifyReply, error: unknown) => FastifyReply;
}

/** Answers, and counts the answer whatever it is. */
async function observed(
  { deployment, name, reply, onError }: Observed,
  work: () => Promise<{ rows: number; body: Buffer | string; type: string }>,
): Promise<FastifyReply> {
  const started = performance.now();
  let rows = 0;
  try {
    const done = await work();
    rows = done.rows;
    reply.header('content-type', done.type).send(done.body);
  } catch (error) {
    onError(reply, error);
  }
  deployment.observe(name, { status: reply.statusCode, rows, latencyMs: performance.now() - started });
  return reply;
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function openInferenceError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = named(thrown);
  retryAfter(reply, error);
  const fix = error.fix === undefined ? '' : ` ${error.fix}`;
  return reply
    .code(error.spec.status)
    .header('content-type', 'application/json')
    .send(JSON.stringify({ error: `${error.message}.${fix}` }));
}

/** MLflow's servers answer {error_code, message}; `fix` and the stable code ride along. */
function mlflowError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = named(thrown);
  retryAfter(reply, error);
  const error_code =
    error.spec.status === 404
      ? 'RESOURCE_DOES_NOT_EXIST'
      : error.spec.status < 500
        ? 'BAD_REQUEST'
        : 'INTERNAL_ERROR';
  const body = JSON.stringify({ error_code, message: error.message, code: error.code, fix: error.fix });
  return reply.code(error.spec.status).header('content-type', 'application/json').send(body);
}

function retryAfter(reply: FastifyReply, error: SlipwayError): void {
  if (error.spec.status === 429 || error.spec.status === 503) reply.header('retry-after', '1');
}

function named(thrown: unknown): SlipwayError {
  const code = (thrown as { code?: unknown } | null)?.code;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new SlipwayError('LIMIT_EXCEEDED', {
      message: `the body is larger than ${LIMITS.inferBodyBytesMax / 1024 ** 2} MiB`,
      fix: 'Send fewer rows at once.',
    });
  }
  return toSlipwayError(thrown);
}
