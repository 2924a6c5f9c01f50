import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError, createClient } from './client.ts';
import { pathOf, ROUTES } from './routes.ts';
import { readEvents, type StreamEvent } from './sse.ts';

/** A fetch that answers as told and remembers what it was asked. */
function answering(...replies: (Response | Error)[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const answer = async (url: string | URL | Request, init: RequestInit = {}) => {
    asked.push({ url: String(url), init });
    const reply = replies[Math.min(asked.length, replies.length) - 1]!;
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return {
    asked,
    client: createClient({ baseUrl: 'http://host', token: 'secret', fetch: answer as typeof fetch }),
  };
}

describe('the client', () => {
  it('fills paths, leaves out absent query members and sends the token', async () => {
    const { asked, client } = answering(Response.json({ items: [] }));
    await client.call('listPredictions', { params: { name: 'a b/c' }, query: { limit: 3 } });
    expect(asked[0]!.url).toBe('http://host/api/v1/deployments/a%20b%2Fc/predictions?limit=3');
    expect(new Headers(asked[0]!.init.headers).get('authorization')).toBe('Bearer secret');
  });
  it('sends bodies as JSON with the idempotency key', async () => {
    const { asked, client } = answering(Response.json({}, { status: 202 }));
    const body = { source: { fileName: 'a.csv', path: '/a.csv' }, target: 'y' };
    await client.call('launch', { body }, { idempotencyKey: 'k1' });
    expect(asked[0]!.init).toMatchObject({ method: 'POST', body: JSON.stringify(body) });
    expect(new Headers(asked[0]!.init.headers).get('idempotency-key')).toBe('k1');
  });
  it('throws problems with their code and exit', async () => {
    const problem = {
      type: 't',
      title: 't',
      status: 404,
      detail: 'no x',
      code: 'X_NOT_FOUND',
      fix: 'Make x.',
      exit: 3,
    };
    const { client } = answering(Response.json(problem, { status: 404 }));
    const error = await client.call('getInfo').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).problem).toEqual(problem);
    expect((error as ApiError).body).toEqual({ code: 'X_NOT_FOUND', message: 'no x', fix: 'Make x.' });
  });
  it('names answers that are no problem document, and silence', async () => {
    const html = answering(new Response('<h1>proxy</h1>', { status: 502 })).client;
    await expect(html.call('getInfo')).rejects.toMatchObject({ code: 'INTERNAL', status: 502 });
    const refused = Object.assign(new TypeError('fetch failed'), {
      cause: new Error('connect ECONNREFUSED'),
    });
    await expect(answering(refused).client.call('getInfo')).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      status: 0,
      message: 'the server at http://host does not answer: connect ECONNREFUSED',
    });
  });
  it('uploads a blob only when the server lacks it', async () => {
    const has = answering(new Response(null, { status: 200 }));
    await has.client.putBlob('ab', () => 'bytes');
    expect(has.asked.map(({ init }) => init.method)).toEqual(['HEAD']);
    const lacks = answering(new Response(null, { status: 404 }), new Response(null, { status: 201 }));
    await lacks.client.putBlob('ab', () => 'bytes');
    expect(lacks.asked.map(({ init }) => init.method)).toEqual(['HEAD', 'PUT']);
  });
});

describe('paths', () => {
  it('are filled completely, or not at all', () => {
    expect(pathOf(ROUTES.getVersion.path, { name: 'm', version: 2 })).toBe('/api/v1/models/m/versions/2');
    expect(() => pathOf(ROUTES.getModel.path, {})).toThrow('needs name');
  });
});

describe('server-sent events', () => {
  const parse = async (chunks: readonly Uint8Array[]): Promise<StreamEvent[]> => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    const found: StreamEvent[] = [];
    for await (const event of readEvents(body)) found.push(event);
    return found;
  };
  const bytes = (text: string) => new TextEncoder().encode(text);

  it('are read with id, type and several data lines; comments are skipped', async () => {
    const text = ': beat\n\nid: 7\nevent: step\ndata: one\ndata: two\n\ndata:three\n\n';
    expect(await parse([bytes(text)])).toEqual([
      { id: '7', event: 'step', data: 'one\ntwo' },
      { id: '7', event: 'message', data: 'three' },
    ]);
  });
  it('are the same however the bytes are cut', async () => {
    const text = 'id: 1\r\ndata: {"ü":"日本"}\r\n\r\n: beat\n\nid: 2\ndata: b\n\n';
    const whole = await parse([bytes(text)]);
    expect(whole).toHaveLength(2);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes(text).length), { maxLength: 8 }), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes(text).length];
        const chunks = places.slice(1).map((end, i) => bytes(text).slice(places[i], end));
        expect(await parse(chunks)).toEqual(whole);
      }),
    );
  });
});
