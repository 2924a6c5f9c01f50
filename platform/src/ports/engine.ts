import type { Table } from '../tables/table.ts';

/** The data engine (DuckDB), as rooms see it: SQL in, columns out. Runs in child processes, never in the server. */
export interface EngineOptions {
  /** Default: 2 threads, 1 GiB. */
  readonly threads?: number;
  readonly memoryBytesMax?: number;
  /** Folder for spilling; also the only folder, with `readable`, that SQL may touch. */
  readonly workDir: string;
  /** Files and folders that SQL may read beside `workDir`. When given, everything else on this machine is closed to SQL. */
  readonly readable?: readonly string[];
  /** Most that may be spilled to `workDir`, e.g. '8GiB'. Default: as the disk allows. */
  readonly spillMax?: string;
}

export interface Engine {
  open(options: EngineOptions): Promise<EngineSession>;
}

export interface EngineSession {
  /** Runs statements that return nothing of interest. */
  run(sql: string): Promise<void>;
  /** All rows of a query as typed columns (chunk-wise, no row objects). HUGEINT, DECIMAL → number; BIGINT beyond 2^53 → string column. */
  table(sql: string): Promise<Table>;
  /** Few rows, as objects with JS values (bigint for BIGINT). */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  interrupt(): void;
  close(): Promise<void>;
}

/** A string literal for SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A quoted identifier for SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
