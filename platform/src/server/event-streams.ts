import type { FastifyReply } from 'fastify';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';

const HEARTBEAT_MS = 15_000;
/** A client that lets this much pile up is not reading: it is dropped, and resumes by its last id. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;

export interface StreamMessage {
  readonly id?: string;
  readonly data: unknown;
}

/** One open stream of server-sent events. */
export interface EventStream {
  send(message: StreamMessage): void;
  /** Ends the stream after what was sent. Idempotent. */
  end(): void;
  /** Called once, when either side ended it. */
  onEnd(listener: () => void): void;
  readonly ended: boolean;
}

/** All open streams of a server: bounded, kept alive by comments, ended together when the server closes. */
export class EventStreams {
  private readonly open = new Set<EventStream & { beat(): void }>();
  private timer: NodeJS.Timeout | undefined;

  get count(): number {
    return this.open.size;
  }

  /** Takes over the reply. Throws TOO_MANY_STREAMS. */
  start(reply: FastifyReply): EventStream {
    if (this.open.size >= LIMITS.sseClientsMax) {
      throw new SlipwayError('TOO_MANY_STREAMS', {
        message: `${this.open.size} event streams are open, which is the most this server keeps`,
        fix: 'Close some, or ask again later.',
      });
    }
    const stream = takeOver(reply);
    this.open.add(stream);
    this.timer ??= setInterval(() => {
      for (const each of this.open) each.beat();
    }, HEARTBEAT_MS).unref();
    stream.onEnd(() => this.open.delete(stream));
    return stream;
  }

  close(): void {
    clearInterval(this.timer);
    for (const stream of this.open) stream.end();
  }
}

function takeOver(reply: FastifyReply): EventStream & { beat(): void } {
  reply.hijack();
  const { raw } = reply;
  const listeners: (() => void)[] = [];
  let ended = false;
  const finish = () => {
    if (ended) return;
    ended = true;
    for (const listener of listeners) listener();
  };
  const write = (text: string) => {
    if (ended) return;
    raw.write(text);
    if (raw.writableLength > PENDING_BYTES_MAX) raw.destroy();
  };
  raw.on('close', finish);
  raw.on('error', finish);
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
    // Kept alive, the connection would outlive the stream and hold up the closing of the server.
    connection: 'close',
  });
  // Headers alone are not flushed: the client would not know that it is connected.
  raw.write(': open\n\n');
  return {
    get ended() {
      return ended;
    },
    send: ({ id, data }) =>
      write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`),
    beat: () => write(': beat\n\n'),
    end: () => {
      if (ended) return;
      raw.end();
      finish();
    },
    onEnd: (listener) => {
      if (ended) listener();
      else listeners.push(listener);
    },
  };
}
