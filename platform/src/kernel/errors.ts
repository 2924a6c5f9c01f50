/**
 * One base class for everything that can go wrong and be named.
 *
 * Three kinds: `user` (the caller's mistake: `fix` says how to mend it), `operating` (disk, network, another process;
 * `retryable` says whether trying again can help) and `bug` (an assertion; never shown as the user's fault).
 * Codes are stable: scripts match on them, docs list them, `test/errors.test.ts` compares both.
 */
export type ErrorKind = 'user' | 'operating' | 'bug';

export interface ErrorSpec {
  /** HTTP status of the problem document. */
  readonly status: number;
  /** CLI exit code: 1 failure, 2 usage or unreadable content, 3 not found, 4 not allowed, 5 conflict, 6 gate refused. */
  readonly exit: ExitCode;
  readonly kind: ErrorKind;
  /** One short sentence that is the same for every occurrence. */
  readonly title: string;
  readonly retryable?: boolean;
}

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const registry = new Map<string, ErrorSpec>();

/** Adds codes to the registry. Called once per module that owns codes (`<room>/errors.ts`); a code has one owner. */
export function defineErrors<const T extends Record<string, ErrorSpec>>(specs: T): T {
  for (const [code, spec] of Object.entries(specs)) {
    if (registry.has(code)) throw new Error(`error code ${code} is defined twice`);
    registry.set(code, spec);
  }
  return specs;
}

export function errorSpec(code: string): ErrorSpec | undefined {
  return registry.get(code);
}

export function allErrorSpecs(): ReadonlyMap<string, ErrorSpec> {
  return registry;
}

export interface ErrorFields {
  /** What happened, and why, with the names and numbers of this case. */
  readonly message: string;
  /** How to mend it: an instruction the reader can follow. */
  readonly fix?: string;
  /** Machine-readable facts of this case (JSON only). */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The JSON shape in which an error crosses a process, a wire or a database row. */
export interface SerializedError {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export class SlipwayError extends Error {
  override readonly name = 'SlipwayError';
  readonly code: string;
  readonly fix: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly spec: ErrorSpec;

  constructor(code: string, fields: ErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.fix = fields.fix;
    this.details = fields.details;
    this.spec = registry.get(code) ?? KERNEL_ERRORS.INTERNAL;
  }

  toJSON(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      ...(this.fix === undefined ? {} : { fix: this.fix }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  static fromJSON(error: SerializedError): SlipwayError {
    return new SlipwayError(error.code, error);
  }
}

/** Codes that belong to no room. */
export const KERNEL_ERRORS = defineErrors({
  INTERNAL: { status: 500, exit: 1, kind: 'bug', title: 'Something in Slipway itself failed' },
  USAGE: { status: 400, exit: 2, kind: 'user', title: 'The request or command is not well formed' },
  NOT_FOUND: { status: 404, exit: 3, kind: 'user', title: 'There is no such thing' },
  NOT_ALLOWED: { status: 403, exit: 4, kind: 'user', title: 'This is not allowed' },
  CONFLICT: { status: 409, exit: 5, kind: 'user', title: 'It conflicts with what is there' },
  DISK_FULL: { status: 507, exit: 1, kind: 'operating', title: 'The disk is full', retryable: true },
  LIMIT_EXCEEDED: { status: 413, exit: 2, kind: 'user', title: 'A limit is exceeded' },
  CANCELLED: { status: 499, exit: 1, kind: 'operating', title: 'It was cancelled', retryable: true },
  CHILD_CRASHED: {
    status: 500,
    exit: 1,
    kind: 'operating',
    title: 'A child process ended unexpectedly',
    retryable: true,
  },
  TIMED_OUT: { status: 504, exit: 1, kind: 'operating', title: 'It took too long', retryable: true },
});

/** Turns anything thrown into a SlipwayError; an unknown error is a bug and keeps its stack as `cause`. */
export function toSlipwayError(error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  const errno = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new SlipwayError('DISK_FULL', {
      message,
      fix: 'Free space on the disk that holds the Slipway home, then run the same command again.',
      cause: error,
    });
  }
  return new SlipwayError('INTERNAL', { message, cause: error });
}
