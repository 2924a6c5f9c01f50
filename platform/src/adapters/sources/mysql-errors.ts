import { SlipwayError } from '../../kernel/errors.ts';

const REFUSED =
  /^ER_(ACCESS_DENIED|DBACCESS_DENIED|TABLEACCESS_DENIED|COLUMNACCESS_DENIED|BAD_DB|SPECIFIC_ACCESS_DENIED|NOT_SUPPORTED_AUTH_MODE|HOST_NOT_PRIVILEGED)/;
const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ER_CON_COUNT_ERROR|HANDSHAKE_.*)$/;
const INTERRUPTED = /^(ECONNRESET|EPIPE|PROTOCOL_CONNECTION_LOST|ER_SERVER_SHUTDOWN|ER_CONNECTION_KILLED)$/;

/** What the server or the socket said, as an error that says what to do. */
export function mysqlError(
  error: unknown,
  of: { readonly where: string; readonly table?: string | undefined },
): unknown {
  if (error instanceof SlipwayError || !(error instanceof Error)) return error;
  const code = String((error as { code?: unknown }).code ?? '');
  const said = error.message || code;
  const make = (name: string, message: string, fix: string) =>
    new SlipwayError(name, { message, fix, details: { code }, cause: error });
  if (REFUSED.test(code))
    return make(
      'SOURCE_REFUSED',
      `the server at ${of.where} refuses: ${said}`,
      'Check user, database and credentials.password (env:NAME, file:/path, store:name), and that the user may read the table.',
    );
  if (UNREACHABLE.test(code))
    return make(
      'SOURCE_UNREACHABLE',
      `the server at ${of.where} cannot be reached: ${said}`,
      'Check host, port and network, and that the server runs.',
    );
  if (INTERRUPTED.test(code) || /connection is in closed state|Connection lost/i.test(said))
    return make(
      'SOURCE_INTERRUPTED',
      `the connection to ${of.where} broke off: ${said}`,
      'Nothing was published. Run the load again.',
    );
  if (code === 'ER_NO_SUCH_TABLE')
    return make(
      'SOURCE_TABLE_NOT_FOUND',
      `the source has no such table: ${said}`,
      'Check the name of the table.',
    );
  if (code.startsWith('ER_'))
    return make(
      'SOURCE_QUERY_FAILED',
      `the server says: ${said}`,
      'Correct the query: it must be a single SELECT that changes nothing.',
    );
  return error;
}
