import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFsBlobs } from '../adapters/blobs-fs/index.ts';
import { createProcessIsolate } from '../adapters/executor-process/index.ts';
import { openSqlStores, type SqlStores } from '../adapters/sql/index.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { systemClock } from '../kernel/clock.ts';
import { createIdSource } from '../kernel/ids.ts';
import { builtModule } from '../kernel/module-path.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { LoadStatus } from './loads/job.ts';
import { createFeeding } from './service.ts';
import type { FeedingService } from './service-types.ts';

const folder = mkdtempSync(join(tmpdir(), 'feeding-service-'));
const isolate = createProcessIsolate({ entry: builtModule(import.meta.url, '../app/child.js') });
let stores: SqlStores;
let blobs: BlobStore;
let feeding: FeedingService;

function feedingIn(workRoot: string): FeedingService {
  const base = { clock: systemClock, ids: createIdSource(systemClock), isolate, blobs, workRoot };
  return createFeeding({
    ...base,
    ...{
      store: stores.datasets,
      records: stores.records,
      quarantine: stores.quarantine,
      secrets: stores.secrets,
    },
    pushRoot: join(folder, 'pushed'),
    secretKey: async () => Buffer.alloc(32, 7),
    environment: (name) => (name === 'SLIPWAY_TEST_SECRET' ? 'open sesame' : undefined),
    transactor: stores.transactor,
    events: stores.events,
  });
}

beforeAll(async () => {
  stores = await openSqlStores(
    { kind: 'sqlite', path: join(folder, 'db') },
    { clock: systemClock, project: 'default' },
  );
  blobs = createFsBlobs(join(folder, 'blobs'));
  feeding = feedingIn(join(folder, 'work'));
});
afterAll(async () => {
  await stores.close();
  await isolate.close();
  rmSync(folder, { recursive: true, force: true });
});

const source = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { path, fileName: name };
};
const publish = (staged: Awaited<ReturnType<FeedingService['stage']>>) =>
  stores.transactor.transaction((tx) => feeding.publish(tx, staged));

const FIRST = `id,name\n${Array.from({ length: 300 }, (_, i) => `${i === 7 ? 'oops' : i},n${i % 3}\n`).join('')}`;

describe('feeding', () => {
  it('stages in a child, publishes in a transaction, and shows what it knows', async () => {
    const progress: LoadStatus[] = [];
    const file = source('birds.csv', FIRST);
    const staged = await feeding.stage({ name: 'birds', ...file }, { onProgress: (p) => progress.push(p) });
    expect(progress.some(({ message }) => message.includes('profiling'))).toBe(true);
    await expect(feeding.get('birds')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
    expect(await publish(staged)).toEqual({ version: 1 });

    const detail = await feeding.get('birds');
    expect(detail).toMatchObject({
      name: 'birds',
      version: 1,
      snapshot: staged.id,
      rows: 299,
      quarantined: 1,
    });
    expect(detail.current.source).toMatchObject({
      uri: 'birds.csv',
      format: 'csv',
      digest: createHash('sha256').update(FIRST).digest('hex'),
    });
    expect(detail.current.quarantine[0]).toMatchObject({
      record: 8,
      reason: 'WRONG_TYPE',
      column: 'id',
      excerpt: 'oops,n1\n',
    });
    expect((await feeding.preview('birds', { limit: 2 })).rows).toEqual([
      ['0', 'n0'],
      ['1', 'n1'],
    ]);
    const events = await stores.events.after(0, 100);
    expect(events.map(({ type, subject }) => [type, subject])).toContainEqual([
      'dataset.snapshot',
      'datasets/birds',
    ]);
    expect(readdirSync(join(folder, 'work'))).toEqual([]);
  });

  it('names a snapshot by the digest of its manifest, which is a blob', async () => {
    const { current } = await feeding.get('birds');
    const manifest = await feeding.manifest(current.snapshot);
    const bytes = await blobs.get(current.snapshot);
    expect(Buffer.from(bytes).toString()).toBe(canonicalJson(manifest));
    expect(await blobs.has(manifest.parts[0]!.digest)).toBe(true);
    expect(await blobs.has(manifest.quarantineParts![0]!.digest)).toBe(true);
  });

  it('makes no second version of the same source, and one of another', async () => {
    const again = await feeding.stage({ name: 'birds', ...source('birds.csv', FIRST) }, {});
    expect([again.id, await publish(again)]).toEqual([(await feeding.get('birds')).snapshot, { version: 1 }]);
    const more = await feeding.stage({ name: 'birds', ...source('birds.csv', `${FIRST}300,n0\n`) }, {});
    expect(await publish(more)).toEqual({ version: 2 });
    expect((await feeding.get('birds')).versions.map(({ version, rows }) => [version, rows])).toEqual([
      [2, 300],
      [1, 299],
    ]);
    expect((await feeding.snapshot('birds', 1)).rows).toBe(299);
    await expect(feeding.snapshot('birds', 9)).rejects.toMatchObject({ code: 'DATASET_VERSION_NOT_FOUND' });
  });

  it('hands over the error of the child with its code and fix', async () => {
    const request = { name: 'birds', path: join(folder, 'birbs.csv'), fileName: 'birbs.csv' };
    await expect(feeding.stage(request, {})).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      fix: "Did you mean 'birds.csv'?",
      spec: { exit: 3 },
    });
    await expect(feeding.get('brids')).rejects.toMatchObject({
      code: 'DATASET_NOT_FOUND',
      details: { nearest: 'birds' },
    });
    await expect(feeding.stage({ ...request, name: '../x' }, {})).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('stops the child when it is cancelled, and leaves nothing behind', async () => {
    const abort = new AbortController();
    const big = source('big.csv', `a,b\n${'1,2\n'.repeat(2_000_000)}`);
    const staging = feeding.stage(
      { name: 'big', ...big },
      { signal: abort.signal, onProgress: () => abort.abort() },
    );
    await expect(staging).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(readdirSync(join(folder, 'work'))).toEqual([]);
  });

  it('forgets a data set that no model needs', async () => {
    await feeding.remove('birds');
    await expect(feeding.get('birds')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
    expect((await feeding.list({})).items).toEqual([]);
  });
});

describe('a full disk while loading', () => {
  const mount = join(folder, 'small');
  const mounted = mountSmall(mount);
  afterAll(() => {
    if (mounted) execFileSync('umount', [mount]);
  });

  it.skipIf(!mounted).each([
    ['the part', (text: string) => text],
    // A row that does not fit forces a copy of the others.
    ['the spool', (text: string) => `${text}oops\n`],
  ])('is DISK_FULL when %s finds no room, and publishes nothing', async (_, content) => {
    const rows = Array.from(
      { length: 120_000 },
      (_, i) => `${i},${(i * 0.7310585).toFixed(9)},name ${(i * 7919) % 104729}\n`,
    );
    const file = source('large.csv', content(`a,b,c\n${rows.join('')}`));
    const staging = feedingIn(mount).stage({ name: 'large', ...file }, {});
    await expect(staging).rejects.toMatchObject({ code: 'DISK_FULL', spec: { exit: 1 } });
    expect(readdirSync(mount)).toEqual([]);
    expect(await stores.datasets.names()).not.toContain('large');
  });

  if (!mounted) console.warn('skipped: a full disk needs the right to mount a small tmpfs');
});

/** A real file system of one mebibyte, where this user may mount one. */
function mountSmall(path: string): boolean {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
