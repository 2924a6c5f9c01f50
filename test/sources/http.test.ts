import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../platform/src/adapters/sources/address-guard.ts';
import { createSources } from '../../platform/src/adapters/sources/index.ts';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';
import { expectBooks } from './books.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, hit: number) => void;

const ROWS = 20_000;
const CSV = Buffer.from(`id,name\n${Array.from({ length: ROWS }, (_, i) => `${i},name ${i}`).join('\n')}\n`);

let h: FeedingHarness;
let server: Server;
let base: string;
const handlers = new Map<string, Handler>();
const hits = new Map<string, IncomingMessage[]>();

/** Answers ranges of `body`, as a file server does. */
function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  etag: string,
  breakAfter?: number,
): void {
  const wanted = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const start = wanted !== undefined && same ? Number(wanted) : 0;
  const headers = {
    etag,
    'content-length': body.length - start,
    'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
  };
  response.writeHead(start > 0 ? 206 : 200, headers);
  if (breakAfter === undefined) response.end(body.subarray(start));
  else
    response.write(body.subarray(start, start + breakAfter), () => setTimeout(() => response.destroy(), 400));
}

function serve(path: string, handler: Handler): string {
  handlers.set(path, handler);
  hits.set(path, []);
  return base + path;
}

const load = (dataset: string, uri: string, more: object = {}) =>
  h.loadFrom(dataset, { uri, allowPrivate: true, ...more }, { mode: 'append' });
const codeOf = (loading: Promise<unknown>) =>
  loading.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

beforeAll(async () => {
  h = await openFeedingHarness();
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://x');
    const seen = hits.get(pathname) ?? [];
    seen.push(request);
    const handler = handlers.get(pathname);
    if (handler === undefined) response.writeHead(404).end();
    else handler(request, response, seen.length);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await h.close();
});

describe('addresses', () => {
  it('are public or refused, however they are written', () => {
    for (const address of ['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])
      expect([address, isPublicAddress(address)]).toEqual([address, true]);
    for (const address of [
      ...[
        '127.0.0.1',
        '127.9.9.9',
        '0.0.0.0',
        '10.1.2.3',
        '172.16.0.1',
        '192.168.1.1',
        '169.254.169.254',
        '100.64.0.1',
      ],
      ...[
        '224.0.0.1',
        '255.255.255.255',
        '192.0.2.1',
        '198.18.0.1',
        '::1',
        '::',
        'fe80::1',
        'fc00::1',
        'fd00:ec2::254',
      ],
      ...[
        '::ffff:127.0.0.1',
        '::ffff:a9fe:a9fe',
        '::7f00:1',
        '64:ff9b::7f00:1',
        '2002:7f00:1::',
        'ff02::1',
        'not an address',
      ],
    ])
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
  });

  it('of this machine are not reached, however they are written', async () => {
    const uri = serve('/private.csv', (_request, response) => response.end(CSV));
    for (const address of [
      uri,
      uri.replace('127.0.0.1', 'localhost'),
      uri.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
      uri.replace('127.0.0.1', '2130706433'),
    ])
      expect(await codeOf(h.loadFrom('private', { uri: address }))).toBe('SOURCE_ADDRESS_REFUSED');
    expect(hits.get('/private.csv')).toHaveLength(0);
  });
});

describe('http', () => {
  it('loads a file once, and again only when it changed', async () => {
    let etag = '"1"';
    const uri = serve('/plain/data.csv', (request, response) => {
      if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
      else sendRange(request, response, CSV, etag);
    });
    expect(await load('plain', uri)).toBe(1);
    await expectBooks(h, 'plain', { sourceRows: ROWS });
    expect(await load('plain', uri)).toBe(1);
    etag = '"2"';
    expect(await load('plain', uri)).toBe(2);
    expect(await h.query('SELECT count(*), count(DISTINCT id), max(name) FROM plain')).toEqual([
      [2 * ROWS, ROWS, 'name 9999'],
    ]);
  });

  it('goes on where a broken connection ended', async () => {
    const uri = serve('/broken.csv', (request, response, hit) =>
      sendRange(request, response, CSV, '"a"', hit <= 3 ? 60_000 : undefined),
    );
    await load('broken', uri);
    await expectBooks(h, 'broken', { sourceRows: ROWS });
    const ranges = hits.get('/broken.csv')!.map((request) => request.headers.range);
    expect(ranges).toHaveLength(4);
    expect(ranges.slice(1)).toEqual(['bytes=60000-', 'bytes=120000-', 'bytes=180000-']);
  });

  it('begins anew once when the file changed meanwhile, and gives up when it changes again', async () => {
    const once = serve('/once.csv', (request, response, hit) =>
      hit === 1
        ? sendRange(request, response, Buffer.from(`id,name\n${'9,old\n'.repeat(20_000)}`), '"old"', 60_000)
        : sendRange(request, response, CSV, '"new"'),
    );
    await load('once', once);
    await expectBooks(h, 'once', { sourceRows: ROWS });
    expect(await h.query("SELECT count(*) FROM once WHERE name = 'old'")).toEqual([[0]]);
    const always = serve('/always.csv', (request, response, hit) =>
      sendRange(request, response, CSV, `"${hit}"`, 60_000),
    );
    expect(await codeOf(load('always', always))).toBe('SOURCE_CHANGED_WHILE_READ');
  });

  it('does not take half a file for a whole one', async () => {
    const uri = serve('/half.csv', (_request, response) => {
      response.writeHead(200, { 'content-length': CSV.length });
      response.write(CSV.subarray(0, 50_000), () => setTimeout(() => response.destroy(), 20));
    });
    const code = await codeOf(load('half', uri));
    expect(code).toBe('SOURCE_INTERRUPTED');
    await expect(h.feeding.get('half')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  }, 60_000);

  it('takes up what a killed attempt left, if it is the same version', async () => {
    const uri = serve('/resumed.csv', (request, response) => sendRange(request, response, CSV, '"r"'));
    const workDir = join(h.folder, 'resumed');
    mkdirSync(workDir);
    writeFileSync(join(workDir, 'download.part'), CSV.subarray(0, 100_000));
    writeFileSync(
      join(workDir, 'download.json'),
      JSON.stringify({ uri, etag: '"r"', total: CSV.length, path: '/resumed.csv' }),
    );
    const context = {
      secrets: {},
      workDir,
      position: null,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    };
    const { files } = await createSources()(uri).fetch({ uri, allowPrivate: true }, context);
    expect(files).toMatchObject([{ bytes: CSV.length, etag: '"r"', fileName: 'resumed.csv' }]);
    expect(hits.get('/resumed.csv')!.map((request) => request.headers.range)).toEqual(['bytes=100000-']);
  });

  it('follows redirects and gives credentials to their own origin only', async () => {
    process.env['SLIPWAY_TEST_BEARER'] = 'a-very-secret-token';
    const other = createServer((request, response) => {
      expect(request.headers.authorization).toBeUndefined();
      expect(request.headers['x-key']).toBeUndefined();
      response
        .writeHead(200, { 'content-disposition': 'attachment; filename="../../etc/evil.csv"' })
        .end('a\n1\n');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const target = `http://127.0.0.1:${(other.address() as AddressInfo).port}/elsewhere`;
    const uri = serve('/login', (request, response) => {
      if (request.headers.authorization !== 'Bearer a-very-secret-token') response.writeHead(401).end();
      else response.writeHead(302, { location: target }).end();
    });
    const credentials = { bearer: 'env:SLIPWAY_TEST_BEARER', 'header:X-Key': 'env:SLIPWAY_TEST_BEARER' };
    await load('redirected', uri, { credentials });
    expect(await h.query('SELECT * FROM redirected')).toEqual([[1]]);
    expect(await codeOf(load('unauthorized', uri))).toBe('SOURCE_REFUSED');
    other.close();
    const round = serve('/round', (_request, response) =>
      response.writeHead(302, { location: '/round' }).end(),
    );
    expect(await codeOf(load('round', round))).toBe('SOURCE_UNREADABLE');
    expect(hits.get('/round')).toHaveLength(6);
    const file = serve('/to-file', (_request, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    expect(await codeOf(load('to-file', file))).toBe('SOURCE_UNREADABLE');
  });

  it('undoes the packing of the transport, and refuses a bomb', async () => {
    const packed = serve('/packed.csv', (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(CSV)),
    );
    await load('packed', packed);
    await expectBooks(h, 'packed', { sourceRows: ROWS });
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 0x61));
    const uri = serve('/bomb.csv', (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(await codeOf(load('bomb', uri))).toBe('LIMIT_EXCEEDED');
  }, 60_000);

  it('tries again when the server is busy, and says what it answers otherwise', async () => {
    const busy = serve('/busy.csv', (_request, response, hit) =>
      hit < 3 ? response.writeHead(503).end() : response.end('a\n1\n'),
    );
    await load('busy', busy);
    expect(await h.query('SELECT * FROM busy')).toEqual([[1]]);
    expect(await codeOf(load('missing', `${base}/missing.csv`))).toBe('SOURCE_NOT_FOUND');
    expect(await codeOf(load('closed', 'http://127.0.0.1:1/x.csv'))).toBe('SOURCE_UNREACHABLE');
    const hidden = await h
      .loadFrom('hidden', { uri: 'http://user:geheim@127.0.0.1/x.csv' })
      .catch((error: unknown) => error);
    expect(hidden).toMatchObject({ code: 'CREDENTIALS_IN_URI' });
    expect(JSON.stringify(hidden)).not.toContain('geheim');
  }, 60_000);

  it('tells what is there before it is loaded', async () => {
    const uri = serve('/checked.csv', (request, response) => sendRange(request, response, CSV, '"c"'));
    const { streams } = await h.feeding.checkSource({ uri, allowPrivate: true });
    expect(streams).toEqual([{ name: 'checked.csv', bytes: CSV.length }]);
  });
});
