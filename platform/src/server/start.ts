import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { App } from '../app/app.ts';
import '../app/errors.ts';
import { openApiDocument } from '../contracts/openapi.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import { createAccess, isLoopback, TOKEN_COOKIE } from './access.ts';
import { registerBlobs } from './blob-routes.ts';
import { watchConnections } from './connections.ts';
import { registerExports, registerPush } from './data-routes.ts';
import { docsPage } from './docs-page.ts';
import { EventStreams } from './event-streams.ts';
import { registerInferenceRoutes } from './inference-routes.ts';
import { registerMetrics } from './metrics.ts';
import { notFoundError } from './not-found.ts';
import { registerOperations } from './operations-routes.ts';
import { namedError, problemOf } from './problem.ts';
import { removeServerFile, writeServerFile } from './server-file.ts';
import { registerStaticFiles } from './static-files.ts';
import { registerStreams } from './stream-routes.ts';
import { registerStudyFiles } from './study-routes.ts';
import { lazyCompilers } from './validator.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a token. */
    open?: boolean;
  }
}

export interface StartOptions {
  /** Default: none. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Folder of the built UI. Default: `web/dist` of this clone. */
  readonly webFolder?: string;
}

export interface RunningServer {
  /** Without a trailing slash. */
  readonly url: string;
  /** Ends streams, lets requests finish, closes the app, removes server.json. Idempotent. */
  close(): Promise<void>;
}

const WEB_FOLDER = fileURLToPath(new URL('../../../web/dist', import.meta.url));
/** Ports tried above a taken one, to name a free one. */
const PORTS_TRIED = 50;

/**
 * Listens for the app, and writes `<home>/server.json` once it does.
 *
 * @throws PORT_TAKEN, PORT_NOT_ALLOWED, HOST_UNAVAILABLE. The app is left open then: whoever opened it closes it.
 */
export async function startServer(app: App, options: StartOptions = {}): Promise<RunningServer> {
  const { config } = app;
  const streams = new EventStreams();
  const server = await buildServer(app, streams, options);
  const connections = watchConnections(server);
  await listen(server, config);
  const url = addressOf(server, config.host);
  app.listening(url);
  await writeServerFile(config.home, { pid: process.pid, url, startedAt: app.clock.now() });
  let closing: Promise<void> | undefined;
  const close = async () => {
    streams.close();
    await connections.close();
    await app.close();
    await removeServerFile(config.home, process.pid);
  };
  return {
    url,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** The server without a port: what tests inject requests into. */
export async function buildServer(
  app: App,
  streams: EventStreams,
  options: StartOptions,
): Promise<FastifyInstance> {
  const server = fastify({
    ...(options.logger === undefined ? { logger: false } : { loggerInstance: options.logger }),
    schemaController: { compilersFactory: lazyCompilers() },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LIMITS.apiBodyBytesMax,
    forceCloseConnections: 'idle',
    // Names are in paths, and a name is at most 120 characters; anything longer is answered by the not-found handler.
    routerOptions: { maxParamLength: 250 },
  }) as unknown as FastifyInstance;
  server.setErrorHandler((thrown, request, reply) => {
    const error = namedError(thrown);
    const log = error.spec.status >= 500 ? 'error' : 'debug';
    request.log[log]({ err: error.cause ?? error, code: error.code, url: request.url }, error.message);
    if (error.code === 'TOKEN_REQUIRED') reply.header('www-authenticate', 'Bearer realm="slipway"');
    return reply
      .code(error.spec.status)
      .type('application/problem+json')
      .send(problemOf(error, request.url.split('?')[0]));
  });
  guard(server, app);
  server.setNotFoundHandler((request) => {
    throw notFoundError(request.method, request.url.split('?')[0]!);
  });
  registerMetrics(server, app, streams);
  registerInferenceRoutes(server, { deployment: app.deployment, version: app.info().version });
  await server.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    });
    acceptAnyJson(scope);
    registerOperations(scope, app);
    registerExports(scope, app);
    registerStudyFiles(scope, app);
    registerStreams(scope, app, streams);
    registerPages(scope, app);
  });
  await server.register(async (scope) => registerBlobs(scope, app));
  await server.register(async (scope) => registerPush(scope, app));
  await server.register(async (scope) => registerStaticFiles(scope, options.webFolder ?? WEB_FOLDER));
  return server;
}

/** Who may come in, asked before anything is read. */
function guard(server: FastifyInstance, app: App): void {
  const access = createAccess(app.config);
  server.addHook('onRequest', async (request) => {
    const caller = {
      headers: request.headers,
      remoteAddress: request.socket.remoteAddress,
      localAddress: request.socket.localAddress,
    };
    access.requireOrigin(caller);
    if (request.routeOptions.config?.open !== true) access.requireToken(caller);
  });
}

/** JSON whatever the content type says: `curl -d` sends none that fits. */
function acceptAnyJson(scope: FastifyInstance): void {
  scope.removeContentTypeParser('text/plain');
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body as string, done);
  });
}

function registerPages(scope: FastifyInstance, app: App): void {
  const open = { config: { open: true } };
  let document: ReturnType<typeof openApiDocument> | undefined;
  const getDocument = () => {
    document ??= openApiDocument(app.info().version);
    return document;
  };
  scope.get('/health', open, async () => ({ status: 'ok', pid: process.pid }));
  scope.get('/api/openapi.json', open, async () => getDocument());
  scope.get('/api/docs', open, async (_request, reply) =>
    reply
      .headers({ 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" })
      .type('text/html; charset=utf-8')
      .send(docsPage(getDocument())),
  );
  // Browsers cannot send a bearer with a navigation: the link that `slipway up` prints trades the token for a cookie.
  scope.get<{ Querystring: { token?: string } }>('/session', open, async (request, reply) => {
    const token = encodeURIComponent(request.query.token ?? '');
    return reply
      .header('set-cookie', `${TOKEN_COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`)
      .redirect('/', 303);
  });
}

async function listen(
  server: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw await portTaken(host, port);
    if (code === 'EACCES') {
      throw new SlipwayError('PORT_NOT_ALLOWED', {
        message: `port ${port} may not be opened: ${message}`,
        fix: 'Give --port a port above 1023.',
      });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      throw new SlipwayError('HOST_UNAVAILABLE', {
        message: `'${host}' is no address of this machine: ${message}`,
        fix: 'Give --host an address of this machine: 127.0.0.1, or 0.0.0.0 for all.',
      });
    }
    throw error;
  }
}

async function portTaken(host: string, port: number): Promise<SlipwayError> {
  const free = await freePortAbove(host, port);
  return new SlipwayError('PORT_TAKEN', {
    message: `port ${port} is taken by another program`,
    fix:
      free === undefined
        ? 'Stop the program that has it, or give --port another port.'
        : `Port ${free} is free: give --port ${free}, or stop the program that has ${port}.`,
    details: { port, ...(free === undefined ? {} : { free }) },
  });
}

async function freePortAbove(host: string, port: number): Promise<number | undefined> {
  for (let candidate = port + 1; candidate <= Math.min(65535, port + PORTS_TRIED); candidate++) {
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(candidate, host, () => probe.close(() => resolve(true)));
    });
    if (free) return candidate;
  }
  return undefined;
}

/** What people and clients call it by: a wildcard address is no destination. */
function addressOf(server: FastifyInstance, host: string): string {
  const { port } = server.server.address() as AddressInfo;
  const wildcard = host === '0.0.0.0' || host === '::';
  const name = wildcard || isLoopback(host) ? '127.0.0.1' : host;
  return `http://${host === '::1' ? '[::1]' : name.includes(':') ? `[${name}]` : name}:${port}`;
}
