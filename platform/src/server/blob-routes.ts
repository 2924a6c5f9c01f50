import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { App } from '../app/app.ts';
import { BLOB_PATH } from '../contracts/routes.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';

/** Uploads: bytes stream to the disk and are kept only under the sha256 that they have. */
export function registerBlobs(server: FastifyInstance, app: App): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  server.head<{ Params: { digest: string } }>(BLOB_PATH, async (request, reply) => {
    const found = await app.blobs.has(request.params.digest);
    return reply.code(found ? 200 : 404).send();
  });

  server.put<{ Params: { digest: string } }>(
    BLOB_PATH,
    { bodyLimit: LIMITS.uploadBytesMax },
    async (request, reply) => {
      const { digest } = request.params;
      if (!/^[0-9a-f]{64}$/.test(digest)) {
        throw new SlipwayError('REQUEST_INVALID', {
          message: 'the last part of the path is not a sha256',
          fix: 'Send 64 lower-case hex digits.',
        });
      }
      if (request.body === undefined || request.body === null) {
        throw new SlipwayError('REQUEST_INVALID', {
          message: 'the upload has no body',
          fix: 'Send the bytes as the body.',
        });
      }
      const ref = await app.blobs.putStream(request.body as Readable, {
        bytesMax: LIMITS.uploadBytesMax,
        expect: digest,
      });
      return reply.code(201).send(ref);
    },
  );
}
