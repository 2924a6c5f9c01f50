import { createReadStream } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { App } from '../app/app.ts';
import { STUDY_MODEL_PATH } from '../contracts/routes.ts';

/** Graphs out. */
export function registerStudyFiles(server: FastifyInstance, app: App): void {
  server.get<{ Params: { id: string } }>(STUDY_MODEL_PATH, async (request, reply) => {
    const { path, fileName } = await app.studyModel(request.params.id);
    return reply
      .headers({
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${fileName}"`,
      })
      .send(createReadStream(path));
  });
}
