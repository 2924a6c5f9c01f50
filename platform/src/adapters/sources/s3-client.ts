import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import type { SourceContext, SourceSpec } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { publicLookup, requirePublicHost } from './address-guard.ts';

const CONNECT_MS = 15_000;
export const PARALLEL = 8;
const REGION = 'us-east-1';

export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** Pattern of keys. */
  readonly pattern: string;
}

/**
 * A client with the source's own credentials, or with none: what the environment of the server has is not a source's to use.
 *
 * @throws SOURCE_ADDRESS_REFUSED for a private endpoint that is not allowed, USAGE
 */
export function openBucket(spec: SourceSpec, { secrets }: SourceContext): Bucket {
  const { bucket, key } = addressOf(spec.uri);
  const guarded = spec.allowPrivate !== true;
  const endpoint = spec.endpoint === undefined ? undefined : endpointOf(spec.endpoint);
  if (guarded && endpoint !== undefined) requirePublicHost(endpoint.hostname);
  const agent = { keepAlive: true, maxSockets: 2 * PARALLEL, ...(guarded ? { lookup: publicLookup } : {}) };
  const { accessKeyId, secretAccessKey, sessionToken } = secrets as Record<string, string | undefined>;
  const anonymous = accessKeyId === undefined || secretAccessKey === undefined;
  const client = new S3Client({
    region: spec.region ?? REGION,
    ...(endpoint === undefined ? {} : { endpoint: endpoint.href, forcePathStyle: true }),
    credentials: {
      ...{ accessKeyId: accessKeyId ?? 'anonymous', secretAccessKey: secretAccessKey ?? 'anonymous' },
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    ...(anonymous ? { signer: { sign: async <T>(request: T) => request } as never } : {}),
    // Servers that speak S3 often know none of the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: LIMITS.sourceRetriesMax,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: LIMITS.sourceSilenceSecondsMax * 1000,
      httpAgent: new HttpAgent(agent as never),
      httpsAgent: new HttpsAgent(agent as never),
    },
  });
  return { client, bucket, pattern: key === '' || key.endsWith('/') ? `${key}**` : key };
}

function addressOf(uri: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,62})(?:\/(.*))?$/s.exec(uri);
  if (match !== null) return { bucket: match[1]!, key: match[2] ?? '' };
  throw new SlipwayError('USAGE', {
    message: `${uri.slice(0, 200)} is no address in S3`,
    fix: 'Write s3://bucket/prefix/**.parquet, and name another server as endpoint.',
  });
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '')
    return url;
  throw new SlipwayError('USAGE', {
    message: 'the endpoint is not an address of a server',
    fix: 'Write it as https://host:port, with credentials apart.',
  });
}

const REFUSED =
  /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|Forbidden|AllAccessDisabled|AuthorizationHeaderMalformed)$/;
const MISSING = /^(NoSuchBucket|NotFound)$/;
const CHANGED = /^(PreconditionFailed|NoSuchKey|InvalidRange)$/;

/** What the SDK threw, as an error that says what to do. */
export function s3Error(error: unknown, what: string): unknown {
  if (error instanceof SlipwayError || !(error instanceof Error)) return error;
  // The guard's own error may come back inside the SDK's.
  if (error.cause instanceof SlipwayError) return error.cause;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const name = error.name;
  const said = error.message && error.message !== 'UnknownError' ? error.message : name;
  const make = (code: string, message: string, fix: string) =>
    new SlipwayError(code, { message, fix, details: { what, status: status ?? null }, cause: error });
  if (CHANGED.test(name) || status === 412 || status === 416)
    return make(
      'SOURCE_CHANGED_WHILE_READ',
      `${what} changed while it was read`,
      'Nothing was published. Run the load again.',
    );
  if (REFUSED.test(name) || status === 401 || status === 403)
    return make(
      'SOURCE_REFUSED',
      `S3 refuses ${what}: ${said}`,
      'Check credentials.accessKeyId and credentials.secretAccessKey, the region, and that they may list the bucket and read its objects.',
    );
  if (MISSING.test(name) || status === 404)
    return make(
      'SOURCE_NOT_FOUND',
      `there is no ${what}: ${said}`,
      'Check the bucket, the region and the endpoint.',
    );
  if (status === 301 || status === 307)
    return make('SOURCE_UNREADABLE', `${what} is in another region: ${said}`, 'Name its region.');
  if (status !== undefined && status < 500 && status !== 429)
    return make(
      'SOURCE_UNREADABLE',
      `S3 answers ${status} for ${what}: ${said}`,
      'Check the address and the endpoint.',
    );
  return make(
    'SOURCE_UNREACHABLE',
    `${what} cannot be read: ${said}`,
    'Check the endpoint and the network, and try again.',
  );
}
