import type { FastifyInstance } from 'fastify';

/** Time that requests under way have to finish when the server closes. */
const FINISH_MS_MAX = 5000;
const LOOK_MS = 10;

/**
 * Closes a server without waiting for clients: Node waits for every open connection, also for those that never sent a request or
 * are kept for a later one. Requests under way finish first, up to a limit.
 */
export function watchConnections(server: FastifyInstance): { close(): Promise<void> } {
  let underWay = 0;
  server.server.on('request', (_request, reply) => {
    underWay++;
    reply.once('close', () => {
      underWay--;
    });
  });
  return {
    close: async () => {
      const deadline = performance.now() + FINISH_MS_MAX;
      const look = setInterval(() => {
        if (underWay === 0 || performance.now() > deadline) server.server.closeAllConnections();
      }, LOOK_MS);
      await server.close();
      clearInterval(look);
    },
  };
}
