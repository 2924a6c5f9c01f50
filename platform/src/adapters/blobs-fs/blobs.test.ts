import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFsBlobs } from './blobs.ts';

const folder = mkdtempSync(join(tmpdir(), 'blobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let roots = 0;
const newRoot = () => join(folder, `root-${roots++}`);

describe('blobs on a disk', () => {
  it('list nothing before the first one, and only what is whole', async () => {
    const root = newRoot();
    const store = createFsBlobs(root);
    const listed = async () => {
      const digests: string[] = [];
      for await (const ref of store.list()) digests.push(ref.digest);
      return digests;
    };
    expect(await listed()).toEqual([]);
    const { digest } = await store.put(new Uint8Array([1]));
    writeFileSync(join(root, '.new-0011223344556677'), 'left by a crash');
    expect(await listed()).toEqual([digest]);
  });

  it('leave no temporary file behind a failure', async () => {
    const root = newRoot();
    const store = createFsBlobs(root);
    await expect(store.putStream(tooMuch(), { bytesMax: 10 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it('move a file of the same disk in, without writing it again', async () => {
    const root = newRoot();
    mkdirSync(root, { recursive: true });
    const path = join(folder, 'part');
    writeFileSync(path, 'a part');
    const { ino } = statSync(path);
    const store = createFsBlobs(root);
    const { digest } = await store.putFile(path, { consume: true });
    expect(statSync(await store.localPath(digest)).ino).toBe(ino);
  });
});

async function* tooMuch() {
  for (let i = 0; i < 10; i++) yield new Uint8Array(1000);
}

describe('a full disk', () => {
  const mount = join(folder, 'small');
  const mounted = mountSmall(mount);
  afterAll(() => {
    if (mounted) execFileSync('umount', [mount]);
  });

  it.skipIf(!mounted)(
    'is DISK_FULL, keeps the other blobs, and goes on when there is room again',
    async () => {
      const store = createFsBlobs(join(mount, 'blobs'));
      const kept = await store.put(new Uint8Array(100_000).fill(1));
      const large = new Uint8Array(2_000_000).fill(2);
      await expect(store.put(large)).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect((await store.get(kept.digest)).length).toBe(100_000);
      expect(readdirSync(join(mount, 'blobs')).filter((name) => name.startsWith('.new'))).toEqual([]);
      expect((await store.put(new Uint8Array(200_000).fill(3))).bytes).toBe(200_000);
    },
  );

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
