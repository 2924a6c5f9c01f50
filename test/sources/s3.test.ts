import crypto, { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSources } from '../../platform/src/adapters/sources/index.ts';
import type { SourceSpec } from '../../platform/src/contracts/data-loads.ts';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';
import { expectBooks } from './books.ts';

const OBJECTS = 10_000;
let h: FeedingHarness;
let s3: { run(): Promise<AddressInfo>; close(): Promise<void> };
let client: S3Client;
let endpoint: string;

const spec = (uri: string, more: Partial<SourceSpec> = {}): SourceSpec => ({
  ...{ uri, endpoint, allowPrivate: true },
  credentials: { accessKeyId: 'env:SLIPWAY_TEST_S3_KEY', secretAccessKey: 'env:SLIPWAY_TEST_S3_SECRET' },
  ...more,
});
const put = (Key: string, Body: string, Bucket = 'data') =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }));
const codeOf = (loading: Promise<unknown>) =>
  loading.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

/** s3rver packs its page tokens with DES, which OpenSSL 3 no longer has: triple DES with one key thrice is the same. */
function giveDes(): void {
  for (const name of ['createCipheriv', 'createDecipheriv'] as const) {
    const original = crypto[name] as (algorithm: string, key: Buffer, iv: Buffer) => unknown;
    const patched = (algorithm: string, key: Buffer, iv: Buffer) =>
      algorithm === 'des'
        ? original('des-ede3-cbc', Buffer.concat([key, key, key]), iv)
        : original(algorithm, key, iv);
    Object.assign(crypto, { [name]: patched });
  }
}

beforeAll(async () => {
  h = await openFeedingHarness();
  giveDes();
  const { default: S3rver } = (await import('s3rver' as string)) as {
    default: new (options: object) => typeof s3;
  };
  s3 = new S3rver({
    ...{ address: '127.0.0.1', port: 0, silent: true, directory: join(h.folder, 's3') },
    configureBuckets: [{ name: 'data' }, { name: 'many' }],
  });
  endpoint = `http://127.0.0.1:${(await s3.run()).port}`;
  process.env['SLIPWAY_TEST_S3_KEY'] = 'S3RVER';
  process.env['SLIPWAY_TEST_S3_SECRET'] = 'S3RVER';
  process.env['SLIPWAY_TEST_S3_WRONG'] = 'a-wrong-secret';
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  client = new S3Client({
    region: 'us-east-1',
    endpoint,
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
}, 60_000);
afterAll(async () => {
  client.destroy();
  await s3.close();
  await h.close();
});

describe('S3', () => {
  it('loads what a pattern matches, and later only what is new or changed', async () => {
    await put('in/2024/b.csv', 'id,part\n2,b\n');
    await put('in/2024/a.csv', 'id,part\n1,a\n');
    await put('in/2025/c.csv', 'id,part\n3,c\n');
    await put('in/2024/.hidden.csv', 'id,part\n8,hidden\n');
    await put('in/_SUCCESS', '');
    await put('in/2024/notes.txt', 'not a table');
    const load = () => h.loadFrom('grown', spec('s3://data/in/**/*.csv'), { mode: 'append' });
    expect(await load()).toBe(1);
    expect(await h.query('SELECT id, part FROM grown')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]);
    expect(await load()).toBe(1);
    await put('in/2026/d.csv', 'id,part\n4,d\n');
    await put('in/2024/a.csv', 'id,part\n1,changed\n');
    expect(await load()).toBe(2);
    expect((await h.query('SELECT id, part FROM grown')).slice(3)).toEqual([
      [1, 'changed'],
      [4, 'd'],
    ]);
    await h.loadFrom('one', spec('s3://data/in/2025/c.csv'));
    await h.loadFrom('folder', spec('s3://data/in/2025/'));
    for (const dataset of ['one', 'folder']) await expectBooks(h, dataset, { sourceRows: 1 });
  }, 60_000);

  it(`loads ${OBJECTS} objects, each row once`, async () => {
    // As s3rver keeps them: ten thousand requests to write them would be most of the test.
    const folder = join(h.folder, 's3/many/day');
    mkdirSync(folder, { recursive: true });
    await put('day/00000.csv', 'id,name\n0,row 0\n', 'many');
    for (let i = 1; i < OBJECTS; i++) {
      const name = join(folder, `${String(i).padStart(5, '0')}.csv`);
      const text = `id,name\n${i},row ${i}\n`;
      writeFileSync(`${name}._S3rver_object`, text);
      writeFileSync(`${name}._S3rver_object.md5`, createHash('md5').update(text).digest('hex'));
    }
    await h.loadFrom('many', spec('s3://many/day/*.csv'));
    await expectBooks(h, 'many', { sourceRows: OBJECTS });
    expect(await h.query('SELECT count(DISTINCT id), min(id), max(id), max(name) FROM many')).toEqual([
      [OBJECTS, 0, OBJECTS - 1, 'row 9999'],
    ]);
  }, 300_000);

  it('refuses private endpoints that are not allowed, and says what is wrong', async () => {
    expect(await codeOf(h.loadFrom('private', spec('s3://data/in/', { allowPrivate: false })))).toBe(
      'SOURCE_ADDRESS_REFUSED',
    );
    const byName = endpoint.replace('127.0.0.1', 'localhost');
    expect(
      await codeOf(h.loadFrom('private', spec('s3://data/in/', { allowPrivate: false, endpoint: byName }))),
    ).toBe('SOURCE_ADDRESS_REFUSED');
    // s3rver knows keys, and does not check signatures of version 4.
    const wrong = { accessKeyId: 'env:SLIPWAY_TEST_S3_WRONG', secretAccessKey: 'env:SLIPWAY_TEST_S3_WRONG' };
    const error = await h
      .loadFrom('wrong', spec('s3://data/in/', { credentials: wrong }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(JSON.stringify(error)).not.toContain('a-wrong-secret');
    expect(await codeOf(h.loadFrom('nothing', spec('s3://data/nothing/*.csv')))).toBe('SOURCE_NOT_FOUND');
    expect(await codeOf(h.loadFrom('nowhere', spec('s3://no-such-bucket/*.csv')))).toBe('SOURCE_NOT_FOUND');
    expect(await codeOf(h.loadFrom('bad', spec('s3://UPPER/*.csv')))).toBe('USAGE');
  }, 60_000);

  it('tells what is there', async () => {
    const { message, streams } = await h.feeding.checkSource(spec('s3://data/in/2025/*'));
    expect(message).toBe('1 objects');
    expect(streams).toEqual([{ name: 'in/2025/c.csv', bytes: 12 }]);
  });
});

/** What s3rver cannot do: broken connections, versions that change, requests without a signature. */
describe('a server that speaks S3 and misbehaves', () => {
  const body = Buffer.from(`id\n${Array.from({ length: 20_000 }, (_, i) => i).join('\n')}\n`);
  const asked: (string | undefined)[][] = [];
  let server: Server;
  let etag = '"v1"';
  let breaks = 0;
  let address: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push([request.headers.authorization, request.headers['if-match'], request.headers.range]);
      if (request.url!.includes('list-type=2')) {
        const contents = `<Contents><Key>a.csv</Key><Size>${body.length}</Size><ETag>&quot;v1&quot;</ETag></Contents>`;
        response.end(
          `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`,
        );
        return;
      }
      if (request.headers['if-match'] !== etag) {
        response.writeHead(412).end('<?xml version="1.0"?><Error><Code>PreconditionFailed</Code></Error>');
        return;
      }
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(start > 0 ? 206 : 200, {
        etag,
        'content-length': body.length - start,
        'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
      });
      if (breaks-- > 0)
        response.write(body.subarray(start, start + 40_000), () => setTimeout(() => response.destroy(), 300));
      else response.end(body.subarray(start));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is asked without a signature, and for the rest after a broken connection', async () => {
    breaks = 2;
    await h.loadFrom('anonymous', { uri: 's3://open/a.csv', endpoint: address, allowPrivate: true });
    await expectBooks(h, 'anonymous', { sourceRows: 20_000 });
    const gets = asked.filter(([, ifMatch]) => ifMatch !== undefined);
    expect(gets.map(([, , range]) => range)).toEqual([undefined, 'bytes=40000-', 'bytes=80000-']);
    expect(asked.every(([authorization]) => authorization === undefined)).toBe(true);
  }, 60_000);

  it('takes up the part that a killed attempt left', async () => {
    const workDir = join(h.folder, 's3-resumed');
    const context = {
      secrets: {},
      workDir,
      position: null,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    };
    const source = { uri: 's3://open/a.csv', endpoint: address, allowPrivate: true };
    mkdirSync(workDir);
    await createSources()(source.uri).fetch(source, context);
    const [whole] = readdirSync(workDir);
    rmSync(join(workDir, whole!));
    writeFileSync(join(workDir, `${whole}.part`), body.subarray(0, 50_000));
    asked.length = 0;
    const { files } = await createSources()(source.uri).fetch(source, context);
    expect(files).toMatchObject([{ bytes: body.length, uri: 's3://open/a.csv' }]);
    expect(asked.at(-1)).toEqual([undefined, '"v1"', 'bytes=50000-']);
    // Whole files are not asked for again.
    asked.length = 0;
    await createSources()(source.uri).fetch(source, context);
    expect(asked).toHaveLength(1);
  });

  it('is not believed when the object is another than was listed', async () => {
    etag = '"v2"';
    const source = { uri: 's3://open/a.csv', endpoint: address, allowPrivate: true };
    expect(await codeOf(h.loadFrom('changing', source))).toBe('SOURCE_CHANGED_WHILE_READ');
  });
});
