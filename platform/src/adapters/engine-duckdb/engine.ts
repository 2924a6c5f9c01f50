import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Engine, type EngineSession, sqlText } from '../../ports/engine.ts';
import { readTable } from './columns.ts';

const MEMORY_BYTES_DEFAULT = 1024 ** 3;

/**
 * DuckDB in this process. For child processes only: loading it costs memory, and a crash of it must take nothing else down.
 * Extensions are never downloaded or loaded by themselves; Parquet, JSON and ICU are built in.
 */
export function createDuckdbEngine(): Engine {
  return {
    open: async ({ workDir, threads, memoryBytesMax, readable, spillMax }) => {
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const instance = await DuckDBInstance.create(':memory:', {
        threads: String(threads ?? 2),
        memory_limit: `${Math.floor((memoryBytesMax ?? MEMORY_BYTES_DEFAULT) / 1024 ** 2)}MiB`,
        temp_directory: workDir,
        ...(spillMax === undefined ? {} : { max_temp_directory_size: spillMax }),
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        allow_community_extensions: 'false',
        preserve_insertion_order: 'true',
      });
      const connection = await instance.connect();
      // Dates and timestamps are UTC everywhere, whatever the machine thinks.
      await connection.run("SET TimeZone = 'UTC'");
      if (readable !== undefined) await lockDown(connection, [workDir, ...readable]);
      return sessionOf(instance, connection);
    },
  };
}

/** From here on SQL reaches these files and folders only, and can't change that. */
async function lockDown(connection: DuckDBConnection, paths: readonly string[]): Promise<void> {
  const list = paths.map(sqlText).join(', ');
  await connection.run(`SET allowed_directories = [${list}]`);
  await connection.run(`SET allowed_paths = [${list}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

function sessionOf(instance: DuckDBInstance, connection: DuckDBConnection): EngineSession {
  return {
    run: async (sql) => {
      await connection.run(sql);
    },
    table: (sql) => readTable(connection, sql),
    rows: async (sql) => {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjectsJS() as Record<string, unknown>[];
    },
    interrupt: () => connection.interrupt(),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
