import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createFsBlobs } from '../../platform/src/adapters/blobs-fs/index.ts';
import { blobContract } from './blobs.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'blobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

blobContract('a folder', {
  make: async () => createFsBlobs(join(folder, 'blobs')),
  corrupt: async (store, digest) => writeFileSync(await store.localPath(digest), 'spoiled'),
});
