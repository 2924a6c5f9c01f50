import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Engine, EngineSession } from '../../ports/engine.ts';
import { readTable } from './columns.ts';

const MEMORY_BYTES_DEFAULT = 1024 ** 3;

/**
 * DuckDB in this process. For child processes only: loading it costs memory, and a crash of it must take nothing else down.
 * Extensions are never downloaded or loaded by themselves; Parquet, JSON and ICU are built in.
 */
export function createDuckdbEngine(): Engine {
  return {
    open: async ({ workDir, threads, memoryBytesMax }) => {
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const instance = await DuckDBInstance.create(':memory:', {
        threads: String(threads ?? 2),
        memory_limit: `${Math.floor((memoryBytesMax ?? MEMORY_BYTES_DEFAULT) / 1024 ** 2)}MiB`,
        temp_directory: workDir,
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        allow_community_extensions: 'false',
        preserve_insertion_order: 'true',
      });
      const connection = await instance.connect();
      // Dates and timestamps are UTC everywhere, whatever the machine thinks.
      await connection.run("SET TimeZone = 'UTC'");
      return sessionOf(instance, connection);
    },
  };
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
