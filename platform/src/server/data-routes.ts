import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { App } from '../app/app.ts';
import { ExportRequest } from '../contracts/data-query.ts';
import { EXPORT_PATH, PUSH_PATH, QUARANTINE_EXPORT_PATH } from '../contracts/routes.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';

const ARROW = /^application\/vnd\.apache\.arrow/;
const TYPES: Readonly<Record<ExportRequest['format'], string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  arrow: 'application/vnd.apache.arrow.file',
};

/** Rows in as raw bodies: nothing of them is parsed on the way to the disk but their number. */
export function registerPush(server: FastifyInstance, app: App): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: LIMITS.pushBodyBytesMax },
    (_request, body, done) => done(null, body),
  );
  server.post<{ Params: { name: string } }>(
    PUSH_PATH,
    { bodyLimit: LIMITS.pushBodyBytesMax },
    async (request, reply) => {
      const body = await unpacked(request);
      const format = ARROW.test(request.headers['content-type'] ?? '') ? 'arrow' : 'ndjson';
      const key = request.headers['idempotency-key'];
      try {
        return await app.feeding.push(request.params.name, {
          body,
          format,
          key: typeof key === 'string' ? key : '',
        });
      } catch (error) {
        if (error instanceof SlipwayError && error.code === 'PUSH_BACKLOG') reply.header('retry-after', '1');
        throw error;
      }
    },
  );
}

async function unpacked(request: FastifyRequest): Promise<Buffer> {
  const body = request.body;
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw new SlipwayError('PUSH_INVALID', {
      message: 'the body has no rows',
      fix: 'Send NDJSON, one JSON object a line.',
    });
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip') {
    throw new SlipwayError('PUSH_INVALID', {
      message: `content-encoding ${encoding} is not understood`,
      fix: 'Send plain or gzip.',
    });
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of Readable.from([body]).pipe(createGunzip())) {
    bytes += (chunk as Buffer).length;
    if (bytes > LIMITS.pushBodyBytesMax) {
      throw new SlipwayError('LIMIT_EXCEEDED', {
        message: `the body unpacks to more than ${LIMITS.pushBodyBytesMax} bytes`,
        fix: 'Send fewer rows at a time.',
      });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Files out. */
export function registerExports(server: FastifyInstance, app: App): void {
  server.post<{ Body: ExportRequest }>(
    EXPORT_PATH,
    { schema: { body: ExportRequest } },
    async (request, reply) => {
      const { format } = request.body;
      const found = await app.feeding.exportRows(request.body);
      reply.raw.once('close', () => void found.close());
      return reply
        .headers({
          'content-type': TYPES[format],
          'content-disposition': `attachment; filename="export.${format}"`,
          'x-slipway-rows': String(found.rows),
        })
        .send(found.stream);
    },
  );
  server.get<{ Params: { name: string } }>(QUARANTINE_EXPORT_PATH, async (request, reply) => {
    const { name } = request.params;
    // Asked first, so that an unknown data set is a problem and not an empty file.
    await app.feeding.listQuarantine(name, { limit: 1 });
    return reply
      .headers({
        'content-type': TYPES.ndjson,
        'content-disposition': `attachment; filename="quarantine-${name}.ndjson"`,
      })
      .send(Readable.from(app.feeding.exportQuarantine(name)));
  });
}
