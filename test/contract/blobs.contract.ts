import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../platform/src/kernel/canonical-json.ts';
import type { BlobStore } from '../../platform/src/ports/blobs.ts';

/**
 * What every blob store promises. An adapter's test calls this with a way to make an empty store.
 *
 * @param options.corrupt spoils the stored bytes of a blob behind the store's back
 */
export function blobContract(
  name: string,
  options: {
    make(): Promise<BlobStore>;
    corrupt(store: BlobStore, digest: string): Promise<void>;
  },
): void {
  describe(`${name} keeps the contract of blob stores`, () => {
    let store: BlobStore;
    let folder: string;
    beforeAll(async () => {
      store = await options.make();
      folder = await mkdtemp(join(tmpdir(), 'blob-contract-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));
    const bytes = (text: string) => new TextEncoder().encode(text);

    it('names bytes by their sha256 and gives them back', async () => {
      const ref = await store.put(bytes('hello'));
      expect(ref).toEqual({ digest: sha256('hello'), bytes: 5 });
      expect(Buffer.from(await store.get(ref.digest)).toString()).toBe('hello');
      expect(await readFile(await store.localPath(ref.digest), 'utf8')).toBe('hello');
      expect(await store.has(ref.digest)).toBe(true);
    });

    it('keeps the empty blob', async () => {
      const ref = await store.put(new Uint8Array(0));
      expect([ref.bytes, (await store.get(ref.digest)).length]).toEqual([0, 0]);
    });

    it('stores the same bytes once, also when they come at the same time', async () => {
      const refs = await Promise.all(Array.from({ length: 8 }, () => store.put(bytes('twin'))));
      expect(new Set(refs.map((ref) => ref.digest)).size).toBe(1);
      const listed: string[] = [];
      for await (const ref of store.list()) listed.push(ref.digest);
      expect(listed.filter((digest) => digest === refs[0]!.digest)).toHaveLength(1);
    });

    it('takes a file and leaves it, or moves it when told', async () => {
      const path = join(folder, 'file');
      await writeFile(path, 'from a file');
      const kept = await store.putFile(path);
      expect((await stat(path)).size).toBe(kept.bytes);
      await writeFile(path, 'moved in');
      for (const _ of [1, 2]) {
        const moved = await store.putFile(path, { consume: true });
        expect(Buffer.from(await store.get(moved.digest)).toString()).toBe('moved in');
        await expect(stat(path)).rejects.toThrow('ENOENT');
        await writeFile(path, 'moved in');
      }
    });

    it('takes a stream, up to its limit, with the digest it was announced under', async () => {
      async function* chunks() {
        for (let i = 0; i < 10; i++) yield bytes('0123456789');
      }
      const digest = sha256('0123456789'.repeat(10));
      expect(await store.putStream(chunks(), { bytesMax: 100, expect: digest })).toEqual({
        digest,
        bytes: 100,
      });
      await expect(store.putStream(chunks(), { bytesMax: 99 })).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
      await expect(store.putStream(chunks(), { bytesMax: 100, expect: sha256('x') })).rejects.toMatchObject({
        code: 'CONFLICT',
      });
    });

    it('keeps nothing of a stream that breaks', async () => {
      async function* broken() {
        yield bytes('half');
        throw new Error('the line is cut');
      }
      await expect(store.putStream(broken(), { bytesMax: 100 })).rejects.toThrow('the line is cut');
      expect(await store.has(sha256('half'))).toBe(false);
    });

    it('says which blob is not there', async () => {
      const digest = sha256('never stored');
      await expect(store.get(digest)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
      await expect(store.localPath(digest)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
      expect(await store.has(digest)).toBe(false);
    });

    it.each(['', 'abc', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(63)}/`, `${'a'.repeat(64)}\n`])(
      'refuses %j as a digest',
      async (digest) => {
        for (const call of [
          store.get(digest),
          store.localPath(digest),
          store.has(digest),
          store.delete(digest),
        ]) {
          await expect(call).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
        }
      },
    );

    it('notices bytes that were spoiled', async () => {
      const { digest } = await store.put(bytes('will be spoiled'));
      await options.corrupt(store, digest);
      await expect(store.get(digest)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    });

    it('forgets a deleted blob, and deleting again is no error', async () => {
      const { digest } = await store.put(bytes('to be deleted'));
      await store.delete(digest);
      await store.delete(digest);
      expect(await store.has(digest)).toBe(false);
    });
  });
}
