import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { App } from '../app/app.ts';
import { STREAMS } from '../contracts/routes.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { EventStream, EventStreams } from './event-streams.ts';
import { launchResultWithExit } from './launch-lines.ts';

const EVENTS_PER_READ = 200;
/** Id of a launch's last line: whoever comes back with it has everything. */
const END_ID = 'end';

export function registerStreams(server: FastifyInstance, app: App, streams: EventStreams): void {
  server.get<{ Params: { id: string } }>(STREAMS.run, async (request, reply) => {
    const last = lastEventId(request);
    // 204 tells a browser's EventSource not to come back.
    if (last === END_ID) return reply.code(204).send();
    // Asked first, so that an unknown run is answered as a problem and not as an empty stream.
    await app.pipelines.run(request.params.id);
    const stream = streams.start(reply);
    await followRun(app, request.params.id, { stream, skip: Number(last ?? 0) || 0 });
    return reply;
  });

  server.get<{ Querystring: { after?: string } }>(STREAMS.events, async (request, reply) => {
    const last = lastEventId(request) ?? request.query.after;
    const from = last === undefined ? await newestSequence(app) : Number(last);
    if (!Number.isSafeInteger(from) || from < 0) {
      throw new SlipwayError('REQUEST_INVALID', {
        message: `'${last}' is not the sequence of an event`,
        fix: 'Send the `sequence` of the last event you have seen.',
      });
    }
    pumpEvents(app, streams.start(reply), from);
    return reply;
  });
}

function lastEventId(request: FastifyRequest): string | undefined {
  const header = request.headers['last-event-id'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

/**
 * Step lines are numbered in their order, which is the same for every follower, so the number resumes. Progress is live only and
 * carries no number.
 */
async function followRun(
  app: App,
  runId: string,
  { stream, skip }: { stream: EventStream; skip: number },
): Promise<void> {
  let number = 0;
  const unsubscribe = await app.followLaunch(runId, (line) => {
    if (line.type === 'progress') {
      stream.send({ data: line });
      return;
    }
    if (line.type === 'step') {
      number++;
      if (number > skip) stream.send({ id: String(number), data: line });
      return;
    }
    stream.send({ id: END_ID, data: launchResultWithExit(line) });
    stream.end();
  });
  stream.onEnd(unsubscribe);
}

async function newestSequence(app: App): Promise<number> {
  return (await app.events.recent({ limit: 1 }))[0]?.sequence ?? 0;
}

/** Reads on after each commit; a commit during a read makes it read once more. */
function pumpEvents(app: App, stream: EventStream, from: number): void {
  let position = from;
  let reading = false;
  let again = false;
  const read = async () => {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      do {
        again = false;
        const events = await app.events.after(position, EVENTS_PER_READ);
        for (const event of events) stream.send({ id: String(event.sequence), data: event });
        position = events.at(-1)?.sequence ?? position;
        if (events.length === EVENTS_PER_READ) again = true;
      } while (again && !stream.ended);
    } catch {
      // The store failed: ending the stream makes the client come back and resume where it was.
      stream.end();
    } finally {
      reading = false;
    }
  };
  stream.onEnd(app.events.subscribe(() => void read()));
  void read();
}
