/** One server-sent event (WHATWG HTML, 9.2). */
export interface StreamEvent {
  /** Resumes after it, as Last-Event-ID; '' when the server sent none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** A stream that sends no line end for this many characters is not one of events. */
const PENDING_CHARS_MAX = 16 * 1024 * 1024;

/** Parses `text/event-stream`: fields by line, an event per blank line, comments (heartbeats) skipped. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = createParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function createParser(): (text: string) => StreamEvent[] {
  let pending = '';
  let id = '';
  let event = 'message';
  let data: string[] = [];
  return (text) => {
    pending += text;
    if (pending.length > PENDING_CHARS_MAX) throw new Error('the stream of events has no line ends');
    const found: StreamEvent[] = [];
    const lines = pending.split(/\r\n|\n|\r(?!$)/);
    pending = lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) found.push({ id, event, data: data.join('\n') });
        event = 'message';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'id') id = value;
      else if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
    }
    return found;
  };
}
