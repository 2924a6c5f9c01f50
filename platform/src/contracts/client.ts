import type { ErrorBody, Problem } from './common.ts';
import type { InputOf, ReplyOf } from './operations.ts';
import { BLOB_PATH, type OperationId, pathOf, ROUTES } from './routes.ts';
import { readEvents, type StreamEvent } from './sse.ts';

/** An answer that is a problem, or no answer at all (`status` 0, code SERVER_UNREACHABLE). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail, cause === undefined ? undefined : { cause });
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }

  get body(): ErrorBody {
    const { code, detail, fix, details } = this.problem;
    return {
      code,
      message: detail,
      ...(fix === undefined ? {} : { fix }),
      ...(details === undefined ? {} : { details }),
    };
  }
}

export interface ClientOptions {
  /** Without a trailing slash; '' for the same origin. */
  readonly baseUrl: string;
  readonly token?: string | undefined;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Sent as Idempotency-Key: a retry with the same key is answered and not done again. POST only. */
  readonly idempotencyKey?: string | undefined;
}

export interface Client {
  /** Calls one operation. Throws ApiError. */
  call<Id extends OperationId>(
    operation: Id,
    ...rest: object extends InputOf<Id>
      ? [input?: InputOf<Id>, options?: CallOptions]
      : [input: InputOf<Id>, options?: CallOptions]
  ): Promise<ReplyOf<Id>>;
  /** Server-sent events of one connection. Throws ApiError when refused or broken; ends when the server ends it. */
  stream(
    path: string,
    options?: { readonly lastEventId?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<StreamEvent>;
  /** Sends bytes under their sha256, unless the server has them. */
  putBlob(
    digest: string,
    open: () => NonNullable<RequestInit['body']>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
}

interface LooseInput {
  readonly params?: Record<string, string | number>;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
}

export function createClient(options: ClientOptions): Client {
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (options.token !== undefined) headers.set('authorization', `Bearer ${options.token}`);
    let reply: Response;
    try {
      reply = await (options.fetch ?? fetch)(`${options.baseUrl}${path}`, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw unreachable(options.baseUrl, error);
    }
    if (reply.ok || reply.status === 204) return reply;
    throw new ApiError(await problemOf(reply));
  };
  const call = async (operation: OperationId, input: LooseInput = {}, callOptions: CallOptions = {}) => {
    const { method, path } = ROUTES[operation];
    const headers: Record<string, string> = { accept: 'application/json' };
    if (input.body !== undefined) headers['content-type'] = 'application/json';
    if (callOptions.idempotencyKey !== undefined) headers['idempotency-key'] = callOptions.idempotencyKey;
    const reply = await send(pathOf(path, input.params) + queryOf(input.query), {
      method,
      headers,
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
      ...(callOptions.signal === undefined ? {} : { signal: callOptions.signal }),
    });
    return reply.json();
  };
  return {
    call: call as Client['call'],
    stream: async function* (path, { lastEventId, signal } = {}) {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
      const reply = await send(path, { headers, ...(signal === undefined ? {} : { signal }) });
      if (reply.status === 204 || reply.body === null) return;
      try {
        yield* readEvents(reply.body);
      } catch (error) {
        if (signal?.aborted) throw error;
        throw unreachable(options.baseUrl, error);
      }
    },
    putBlob: async (digest, open, { signal } = {}) => {
      const path = pathOf(BLOB_PATH, { digest });
      const abort = signal === undefined ? {} : { signal };
      try {
        await send(path, { method: 'HEAD', ...abort });
        return;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      }
      // `duplex` is required by fetch for streamed bodies and not yet in its types.
      const init: RequestInit & { duplex: 'half' } = {
        method: 'PUT',
        body: open(),
        duplex: 'half',
        ...abort,
      };
      await send(path, init);
    },
  };
}

function queryOf(query: Record<string, unknown> | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? '' : `?${search}`;
}

async function problemOf(reply: Response): Promise<Problem> {
  const text = await reply.text().catch(() => '');
  try {
    const parsed = JSON.parse(text) as Partial<Problem>;
    if (typeof parsed.code === 'string' && typeof parsed.detail === 'string') return parsed as Problem;
  } catch {
    // Not a problem document: told below as what it is.
  }
  return {
    type: 'about:blank',
    title: 'The answer is not from Slipway',
    status: reply.status,
    detail: `${reply.url} answered ${reply.status}${text === '' ? '' : `: ${text.slice(0, 200)}`}`,
    code: reply.status === 404 ? 'NOT_FOUND' : 'INTERNAL',
    exit: reply.status === 404 ? 3 : 1,
  };
}

function unreachable(baseUrl: string, cause: unknown): ApiError {
  return new ApiError(
    {
      type: 'about:blank',
      title: 'The server does not answer',
      status: 0,
      detail: `the server${baseUrl === '' ? '' : ` at ${baseUrl}`} does not answer: ${reasonOf(cause)}`,
      code: 'SERVER_UNREACHABLE',
      fix: 'See whether it runs (`slipway doctor`), or start it with `slipway up`.',
      exit: 1,
    },
    cause,
  );
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as Error & { code?: unknown }).code;
  return cause.message === '' && typeof code === 'string' ? code : cause.message;
}
