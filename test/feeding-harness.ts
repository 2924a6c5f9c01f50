import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFsBlobs } from '../platform/src/adapters/blobs-fs/index.ts';
import { createProcessIsolate } from '../platform/src/adapters/executor-process/index.ts';
import { openSqlStores, type SqlStores } from '../platform/src/adapters/sql/index.ts';
import type { LoadOptions, SourceSpec } from '../platform/src/contracts/data-loads.ts';
import { createFeeding } from '../platform/src/feeding/index.ts';
import type { FeedingService } from '../platform/src/feeding/service-types.ts';
import { systemClock } from '../platform/src/kernel/clock.ts';
import { createIdSource } from '../platform/src/kernel/ids.ts';
import { builtModule } from '../platform/src/kernel/module-path.ts';
import type { BlobStore } from '../platform/src/ports/blobs.ts';

/** The feeding room with real parts: SQLite, files, child processes with the engine. */
export interface FeedingHarness {
  readonly folder: string;
  readonly feeding: FeedingService;
  readonly stores: SqlStores;
  readonly blobs: BlobStore;
  /** Writes a file and loads it; the version. */
  load(
    dataset: string,
    text: string | Buffer,
    options?: LoadOptions & { fileName?: string },
  ): Promise<number | null>;
  loadFrom(dataset: string, spec: SourceSpec, options?: LoadOptions): Promise<number | null>;
  write(name: string, text: string | Buffer): string;
  query(sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

export async function openFeedingHarness(now: () => number = systemClock.now): Promise<FeedingHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'feeding-'));
  const clock = { ...systemClock, now };
  const isolate = createProcessIsolate({
    entry: builtModule(import.meta.url, '../platform/dist/app/child.js'),
  });
  const stores = await openSqlStores(
    { kind: 'sqlite', path: join(folder, 'db') },
    { clock, project: 'default' },
  );
  const blobs = createFsBlobs(join(folder, 'blobs'));
  const feeding = createFeeding({
    ...{
      store: stores.datasets,
      records: stores.records,
      quarantine: stores.quarantine,
      secrets: stores.secrets,
    },
    ...{ transactor: stores.transactor, events: stores.events },
    ...{ blobs, isolate, clock, ids: createIdSource(clock) },
    workRoot: join(folder, 'work'),
    pushRoot: join(folder, 'pushed'),
    secretKey: async () => Buffer.alloc(32, 7),
    environment: (name) => process.env[name],
  });
  await feeding.restore();
  const write = (name: string, text: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  let loads = 0;
  const run = async (command: Parameters<FeedingService['stageLoad']>[0]) => {
    const workDir = join(folder, `attempt-${loads++}`);
    mkdirSync(workDir, { recursive: true });
    try {
      const staged = await feeding.stageLoad(command, {}, workDir);
      const { version } = await stores.transactor.transaction((tx) => feeding.publishLoad(tx, staged));
      await feeding.loadEnded(command.dataset, { error: null, stored: true });
      return version;
    } finally {
      rmSync(workDir, { recursive: true, force: true });
    }
  };
  return {
    ...{ folder, feeding, stores, blobs, write },
    load: (dataset, text, { fileName = `${dataset}.csv`, ...options } = {}) => {
      const path = write(`${loads}-${fileName}`, text);
      const file = { path, fileName, uri: fileName, bytes: text.length, temporary: false };
      return run({ dataset, input: { kind: 'files', files: [file] }, options });
    },
    loadFrom: (dataset, spec, options = {}) =>
      run({ dataset, input: { kind: 'source', spec }, options, remember: { spec, options } }),
    query: async (sql) => (await feeding.query({ sql })).rows,
    close: async () => {
      await feeding.close();
      await isolate.close();
      await stores.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
