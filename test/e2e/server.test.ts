import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../platform/src/contracts/client.ts';
import type { LaunchLine } from '../../platform/src/contracts/launch.ts';
import { STREAMS } from '../../platform/src/contracts/routes.ts';
import { BIN, freePort, Workplace } from '../slipway-process.ts';

/** Two columns that help and none that tells all. */
const ROWS = `${[
  'x,z,y',
  ...Array.from({ length: 600 }, (_, i) => {
    const [x, z] = [(i * 7919) % 101, (i * 104_729) % 89];
    return `${x},${z},${x + z + ((i * 31_337) % 97) > 140 ? 'yes' : 'no'}`;
  }),
].join('\n')}\n`;

/** A server in the foreground, as `slipway up` runs it; ready when it says so. */
async function up(place: Workplace, env: Record<string, string> = {}, more: readonly string[] = []) {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [BIN, 'up', '--json', '--port', String(port), '--home', place.home, ...more],
    { cwd: place.folder, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ready = await new Promise<{ url: string }>((resolve, reject) => {
    let out = '';
    let said = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (out.includes('\n')) resolve(JSON.parse(out) as { url: string });
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.once('exit', (code) => reject(new Error(`slipway up ended with ${code}: ${said}`)));
  });
  return { child, port, ...ready };
}

async function stop(child: ChildProcess): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return ended;
}

/** fetch sets Host by itself; this sends it as given. */
async function raw(port: number, path: string, headers: Record<string, string>, method = 'GET') {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (reply) => {
      let body = '';
      reply.on('data', (chunk) => {
        body += chunk;
      });
      reply.on('end', () => resolve({ status: reply.statusCode!, headers: reply.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('a server on this machine', () => {
  const place = new Workplace();
  const file = join(place.folder, 'rows.csv');
  let server: Awaited<ReturnType<typeof up>>;
  let client: ReturnType<typeof createClient>;

  beforeAll(async () => {
    writeFileSync(file, ROWS);
    server = await up(place);
    client = createClient({ baseUrl: server.url });
  });
  afterAll(() => {
    server?.child.kill('SIGKILL');
    place.close();
  });

  it('says in server.json where it is', () => {
    expect(place.server()).toMatchObject({ pid: server.child.pid, url: server.url });
  });

  it.each([
    [{ host: 'rebound.example.org' }, 'HOST_REFUSED'],
    [{ host: '127.0.0.1', origin: 'http://evil.example.org' }, 'ORIGIN_REFUSED'],
    [{ host: '127.0.0.1', origin: 'null' }, 'ORIGIN_REFUSED'],
  ])('refuses %j with a problem, on every path', async (headers, code) => {
    for (const path of [
      '/',
      '/api/v1/overview',
      '/metrics',
      '/v2/models/x/infer',
      '/models/x/invocations',
      '/nothing',
    ]) {
      const { status, body } = await raw(server.port, path, headers, path.includes('/x/') ? 'POST' : 'GET');
      expect(status, path).toBe(403);
      expect(body, path).toContain(code === 'HOST_REFUSED' ? 'not this server' : 'may not call');
    }
    const problem = await raw(server.port, '/api/v1/overview', headers);
    expect(problem.headers['content-type']).toContain('application/problem+json');
    expect(JSON.parse(problem.body)).toMatchObject({ code, status: 403, exit: 4 });
  });

  it('answers its own pages and programs', async () => {
    const own = `127.0.0.1:${server.port}`;
    expect((await raw(server.port, '/api/v1/info', { host: own, origin: `http://${own}` })).status).toBe(200);
    expect((await raw(server.port, '/api/v1/info', { host: `localhost:${server.port}` })).status).toBe(200);
  });

  it('sends pages with a policy that runs only its own code', async () => {
    const { headers } = await fetch(`${server.url}/`);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${server.url}/..%2f..%2fpackage.json`)).status).toBe(404);
    expect((await fetch(`${server.url}/feeding/some-page`)).headers.get('content-type')).toContain(
      'text/html',
    );
  });

  it('refuses what does not fit a schema, and names the part', async () => {
    const query = await fetch(`${server.url}/api/v1/models?limt=3`);
    expect(query.status).toBe(400);
    expect(await query.json()).toMatchObject({
      code: 'REQUEST_INVALID',
      detail: "query has an unknown member 'limt'",
    });
    const body = await fetch(`${server.url}/api/v1/launches`, { method: 'POST', body: '{"target":1}' });
    expect(await body.json()).toMatchObject({ code: 'REQUEST_INVALID', exit: 2 });
    const broken = await fetch(`${server.url}/api/v1/launches`, { method: 'POST', body: '{"target":' });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('serves metrics, the OpenAPI document and a page of it', async () => {
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
      'slipway_http_request_seconds_count',
    );
    expect(await (await fetch(`${server.url}/api/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0' });
    const page = await (await fetch(`${server.url}/api/docs`)).text();
    expect(page).toContain('/api/v1/launches');
    expect(page).toContain('id="HOST_REFUSED"');
  });

  it('keeps uploads only under the digest they have', async () => {
    const bytes = Buffer.from(ROWS);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const put = (name: string) => fetch(`${server.url}/api/v1/blobs/${name}`, { method: 'PUT', body: bytes });
    expect((await fetch(`${server.url}/api/v1/blobs/${digest}`, { method: 'HEAD' })).status).toBe(404);
    const wrong = await put('0'.repeat(64));
    expect(wrong.status).toBe(409);
    expect(await wrong.json()).toMatchObject({ code: 'CONFLICT' });
    expect((await put('nothing')).status).toBe(400);
    expect(await (await put(digest)).json()).toEqual({ digest, bytes: bytes.length });
    expect((await fetch(`${server.url}/api/v1/blobs/${digest}`, { method: 'HEAD' })).status).toBe(200);
  });

  it('takes paths from programs on this machine only, never through a proxy', async () => {
    const body = JSON.stringify({ source: { path: file, fileName: 'rows.csv' }, target: 'y' });
    const reply = await fetch(`${server.url}/api/v1/launches`, {
      method: 'POST',
      body,
      headers: { 'x-forwarded-for': '10.0.0.9' },
    });
    expect(reply.status).toBe(403);
    expect(await reply.json()).toMatchObject({ code: 'LAUNCH_PATH_REFUSED', exit: 4 });
  });

  it('does a request once per idempotency key, streams it, and resumes the stream', async () => {
    const body = {
      source: { path: file, fileName: 'rows.csv' },
      target: 'y',
      name: 'rows',
      budgetSeconds: 2,
    };
    const key = randomUUID();
    const [first, second] = await Promise.all([
      client.call('launch', { body }, { idempotencyKey: key }),
      client.call('launch', { body }, { idempotencyKey: key }),
    ]);
    expect(second).toEqual(first);
    const other = client.call('launch', { body: { ...body, target: 'x' } }, { idempotencyKey: key });
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 });

    const path = STREAMS.run.replace(':id', first.runId);
    const lines: { id: string; line: LaunchLine }[] = [];
    for await (const event of client.stream(path))
      lines.push({ id: event.id, line: JSON.parse(event.data) as LaunchLine });
    const steps = lines.filter(({ line }) => line.type === 'step');
    expect(steps.map(({ id }) => Number(id))).toEqual(steps.map((_, i) => i + 1));
    expect(lines.at(-1)).toMatchObject({ id: 'end', line: { type: 'result', ok: true, exit: 0 } });
    expect(lines.filter(({ line }) => line.type === 'result')).toHaveLength(1);

    const resumed: string[] = [];
    for await (const event of client.stream(path, { lastEventId: '3' })) resumed.push(event.id);
    expect(resumed).toEqual([...steps.slice(3).map(({ id }) => id), 'end']);
    const nothing: string[] = [];
    for await (const event of client.stream(path, { lastEventId: 'end' })) nothing.push(event.id);
    expect(nothing).toEqual([]);
    expect(await client.call('launch', { body }, { idempotencyKey: key })).toEqual(first);
  }, 90_000);

  it('pages events by cursor without gap or repetition, and streams them in commit order', async () => {
    const all = (await client.call('listEvents', { query: { limit: 1000 } })).items.map(
      (event) => event.sequence,
    );
    expect(all.length).toBeGreaterThan(5);
    const paged: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.call('listEvents', {
        query: { limit: 3, ...(cursor === undefined ? {} : { cursor }) },
      });
      paged.push(...page.items.map((event) => event.sequence));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(paged).toEqual(all);
    const streamed: number[] = [];
    const abort = new AbortController();
    for await (const event of client.stream(`${STREAMS.events}?after=0`, { signal: abort.signal })) {
      streamed.push(Number(event.id));
      if (streamed.length === all.length) break;
    }
    expect(streamed).toEqual([...all].reverse());
  });

  it('closes in order when asked, and takes server.json with it', async () => {
    expect(await stop(server.child)).toBe(0);
    expect(existsSync(join(place.home, 'server.json'))).toBe(false);
  });
});

describe('a server with a token', () => {
  const place = new Workplace();
  afterAll(() => place.close());

  it('answers nobody without it, but says that it lives; a link trades it for a cookie', async () => {
    const server = await up(place, { SLIPWAY_TOKEN: 'open-sesame' });
    try {
      const status = async (path: string, headers: Record<string, string> = {}) =>
        (await fetch(`${server.url}${path}`, { headers, redirect: 'manual' })).status;
      expect(await status('/health')).toBe(200);
      for (const path of ['/api/v1/info', '/metrics', '/v2/models/x', '/api/v1/events/stream']) {
        expect(await status(path), path).toBe(401);
      }
      expect(await status('/api/v1/info', { authorization: 'Bearer wrong' })).toBe(401);
      expect(await status('/api/v1/info', { authorization: 'Bearer open-sesame' })).toBe(200);
      const session = await fetch(`${server.url}/session?token=open-sesame`, { redirect: 'manual' });
      const cookie = session.headers.get('set-cookie')!;
      expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
      expect(await status('/api/v1/info', { cookie: cookie.split(';')[0]! })).toBe(200);
    } finally {
      await stop(server.child);
    }
  });

  it('is made, kept in the home and asked for beyond this machine', async () => {
    const server = await up(place, {}, ['--host', '0.0.0.0']);
    try {
      expect((await fetch(`${server.url}/api/v1/info`)).status).toBe(401);
      // The command line of this home reads it by itself.
      const ls = await place.run(['models', 'ls', '--json']);
      expect(ls.code).toBe(0);
      expect(JSON.parse(ls.stdout)).toEqual({ items: [] });
    } finally {
      await stop(server.child);
    }
  });
});
