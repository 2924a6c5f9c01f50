import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { App } from '../app/app.ts';
import type { Operation } from '../contracts/operation.ts';
import { OPERATIONS } from '../contracts/operations.ts';
import { type OperationId, ROUTES } from '../contracts/routes.ts';
import { isLocalCaller } from './access.ts';
import type { HandlerInput } from './handler-types.ts';
import { createHandlers } from './handlers.ts';
import { createIdempotency } from './idempotency.ts';
import { readQuery } from './query.ts';

type LooseHandler = (input: HandlerInput<OperationId>) => Promise<unknown>;

/** Binds every operation of the contract to its handler: read the text parts, validate, call, answer JSON. */
export function registerOperations(server: FastifyInstance, app: App): void {
  const handlers = createHandlers(app) as Record<OperationId, LooseHandler>;
  const idempotently = createIdempotency(app);
  for (const id of Object.keys(ROUTES) as OperationId[]) {
    const operation: Operation = OPERATIONS[id];
    const { method, path } = ROUTES[id];
    const { params, query, body } = operation;
    server.route({
      method,
      url: path,
      schema: {
        ...(params === undefined ? {} : { params }),
        querystring: query ?? NO_QUERY,
        ...(body === undefined ? {} : { body }),
      },
      preValidation: async (request) => {
        if (params !== undefined) request.params = readQuery(params, request.params as object as Loose);
        request.query = readQuery(query ?? NO_QUERY, request.query as Loose);
        // An absent body is an empty one: operations whose members are all optional need none.
        if (body !== undefined) request.body ??= {};
      },
      handler: async (request, reply) => {
        const input = inputOf(request);
        const work = () => handlers[id](input);
        const key = request.headers['idempotency-key'];
        const answer =
          method === 'POST' && typeof key === 'string'
            ? await idempotently({ key, operation: id, params: input.params, body: input.body }, work)
            : await work();
        return reply.code(operation.status ?? 200).send(answer);
      },
    });
  }
}

type Loose = Readonly<Record<string, unknown>>;

const NO_QUERY = { type: 'object', properties: {}, additionalProperties: false } as unknown as NonNullable<
  Operation['query']
>;

function inputOf(request: FastifyRequest): HandlerInput<OperationId> {
  const { socket, headers } = request;
  const local = isLocalCaller({
    headers,
    remoteAddress: socket.remoteAddress,
    localAddress: socket.localAddress,
  });
  const { params, query, body } = request as {
    params: unknown;
    query: unknown;
    body: unknown;
  };
  return { params, query, body, local } as HandlerInput<OperationId>;
}
