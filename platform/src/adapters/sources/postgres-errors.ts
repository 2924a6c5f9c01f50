import { SlipwayError } from '../../kernel/errors.ts';

const REFUSED = new Set(['28P01', '28000', '3D000', '42501']);
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '53300',
  '57P03',
]);
/** 55P03: somebody holds the table, or waits to change it, for longer than a lock is waited for. */
const INTERRUPTED = new Set(['ECONNRESET', 'EPIPE', '57P01', '57P02', '40001', '25P03', '25P04', '55P03']);

/** What Postgres or the socket said, as an error that says what to do. Its words never hold the password. */
export function postgresError(error: unknown, where: string): unknown {
  if (error instanceof SlipwayError || !(error instanceof Error) || error.name === 'AbortError') return error;
  const code = String((error as { code?: unknown }).code ?? '');
  const said = error.message || code;
  if (REFUSED.has(code)) {
    return new SlipwayError('SOURCE_REFUSED', {
      message: `Postgres at ${where} refuses: ${said}`,
      fix: 'Check user, database and credentials.password (env:NAME, file:/path, store:name), and that the user may read the table.',
      details: { sqlState: code },
      cause: error,
    });
  }
  if (UNREACHABLE.has(code) || /timeout expired|SSL/.test(said)) {
    return new SlipwayError('SOURCE_UNREACHABLE', {
      message: `Postgres at ${where} cannot be reached: ${said}`,
      fix: 'Check host, port, network and ?sslmode=require, and that the server runs and has a free connection.',
      details: { code },
      cause: error,
    });
  }
  if (
    INTERRUPTED.has(code) ||
    code.startsWith('08') ||
    /terminated|Connection ended|not queryable/i.test(said)
  ) {
    return new SlipwayError('SOURCE_INTERRUPTED', {
      message: `reading from Postgres at ${where} broke off: ${said}`,
      fix: 'Nothing was published. Run the load again.',
      details: { code },
      cause: error,
    });
  }
  if (!/^[0-9A-Z]{5}$/.test(code)) return error;
  const table = code === '42P01';
  return new SlipwayError(table ? 'SOURCE_TABLE_NOT_FOUND' : 'SOURCE_QUERY_FAILED', {
    message: `Postgres says: ${said}`,
    fix: fixOf(code),
    details: { sqlState: code },
    cause: error,
  });
}

function fixOf(code: string): string {
  if (code === '42P01')
    return 'Check the name of the table and its schema, and that it was not dropped meanwhile.';
  if (code === '25006') return 'A source is only read: write a query that changes nothing.';
  if (code === '57014') return 'It took too long or was cancelled: read less at a time, or add an index.';
  return 'Correct the query: it must be a single SELECT. Try it in psql first.';
}
