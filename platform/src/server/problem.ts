import type { Problem } from '../contracts/common.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';

/** What of fastify's own errors matters here. */
interface HttpFailure {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly validation?: readonly ValidationIssue[];
  readonly validationContext?: unknown;
}

interface ValidationIssue {
  readonly instancePath: string;
  readonly message?: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** RFC 9457 problem of a named error. `type` leads to the page that lists every code. */
export function problemOf(error: SlipwayError, instance?: string): Problem {
  const { status, exit, title } = error.spec;
  return {
    type: `/api/docs#${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    ...(instance === undefined ? {} : { instance }),
    ...(error.details === undefined ? {} : { details: { ...error.details } }),
    exit,
  };
}

/** Names anything thrown in a request: ours as they are, the framework's by what they mean, the rest as a bug. */
export function namedError(thrown: unknown): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  const failure = (thrown ?? {}) as HttpFailure;
  if (failure.validation !== undefined) return invalid(failure);
  const message = String(failure.message ?? thrown);
  if (failure.statusCode === 413) {
    return new SlipwayError('LIMIT_EXCEEDED', { message, fix: 'Send less in one request.', cause: thrown });
  }
  if (typeof failure.statusCode === 'number' && failure.statusCode >= 400 && failure.statusCode < 500) {
    return new SlipwayError('REQUEST_INVALID', {
      message,
      fix: 'See /api/docs for what the request should look like.',
      cause: thrown,
    });
  }
  return toSlipwayError(thrown);
}

function invalid(failure: HttpFailure): SlipwayError {
  const place = String(failure.validationContext ?? 'body').replace('querystring', 'query');
  const issue = failure.validation![0]!;
  const path = issue.instancePath.slice(1).replaceAll('/', '.');
  const where = path === '' ? place : `${place}.${path}`;
  return new SlipwayError('REQUEST_INVALID', {
    message: `${where} ${whatOf(issue)}`,
    fix: 'Mend this part of the request; /api/docs shows every schema.',
    details: { place, path, keyword: issue.keyword },
  });
}

function whatOf({ keyword, params, message }: ValidationIssue): string {
  if (keyword === 'additionalProperties')
    return `has an unknown member '${String(params['additionalProperty'])}'`;
  if (keyword === 'required') return `lacks '${String(params['missingProperty'])}'`;
  if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`;
  return message ?? 'is not valid';
}
