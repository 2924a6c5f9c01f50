import type { ErrorBody } from '../contracts/common.ts';
import { type ExitCode, SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import type { Io } from './io.ts';

/** A failure as the command line ends with it, wherever it came from: this process, the server, a spawned server. */
export interface Failure {
  readonly error: ErrorBody;
  readonly exit: ExitCode;
}

/** An error that already knows its exit code (the server's word, commander's usage errors). */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly failure: Failure;

  constructor(error: ErrorBody, exit: ExitCode) {
    super(error.message);
    this.failure = { error, exit };
  }
}

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof CommandError) return thrown.failure;
  const problem = (thrown as { problem?: { exit?: unknown } } | null)?.problem;
  if (problem !== undefined && typeof problem.exit === 'number') {
    return { error: (thrown as { body: ErrorBody }).body, exit: problem.exit as ExitCode };
  }
  const named = toSlipwayError(thrown);
  const told = (thrown as { exit?: unknown } | null)?.exit;
  return {
    error: named.toJSON(),
    exit: thrown instanceof SlipwayError && typeof told === 'number' ? (told as ExitCode) : named.spec.exit,
  };
}

/** What, why, and how to mend it. */
export function failureLines({ error }: Failure, paint: Io['paint']): string[] {
  return [
    `${paint('red', 'error')} ${error.message} ${paint('dim', `[${error.code}]`)}`,
    ...(error.fix === undefined ? [] : [`${paint('green', 'fix')}   ${error.fix}`]),
  ];
}

export function usageError(message: string, fix: string): CommandError {
  return new CommandError({ code: 'USAGE', message, fix }, 2);
}
