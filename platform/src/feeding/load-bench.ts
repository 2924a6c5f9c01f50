import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createDuckdbEngine, readParquetTable } from '../adapters/engine-duckdb/index.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { cellText } from '../tables/table.ts';
import { loadSource } from './load.ts';
import type { LoadedSource, LoadRequest } from './types.ts';

/** Real loads for tests: a file, the real engine, the part read back, and the books checked each time. */
const folder = mkdtempSync(join(tmpdir(), 'feeding-'));
let loads = 0;

export function removeLoads(): void {
  rmSync(folder, { recursive: true, force: true });
}

type Options = Partial<Omit<LoadRequest, 'path'>>;

export interface Loaded extends LoadedSource {
  /** Cells as text, by row. */
  readonly cells: string[][];
  /** The part, kept until `removeLoads`. */
  readonly keptPart: string;
  /** Lines of the quarantine with their bytes decoded. */
  readonly refused: { record: number; byteOffset: number; reason: string; column?: string; bytes: Buffer }[];
}

export async function load(content: string | Uint8Array, options: Options = {}): Promise<Loaded> {
  const workDir = join(folder, `load-${loads++}`);
  const fileName = options.fileName ?? 'table.csv';
  const path = join(folder, `${loads}-${fileName}`);
  writeFileSync(path, content);
  const engine = createDuckdbEngine();
  const loaded = await loadSource({ name: 'table', path, ...options, fileName }, { engine, workDir });
  const session = await engine.open({ workDir });
  const table = await readParquetTable(session, loaded.partPath, loaded.schema);
  await session.close();
  const cells = Array.from({ length: table.rows }, (_, row) => table.columns.map((c) => cellText(c, row)));
  const lines = loaded.quarantinePath ? readFileSync(loaded.quarantinePath, 'utf8').trim().split('\n') : [];
  const refused = lines.map((line) => {
    const row = JSON.parse(line);
    return { ...row, bytes: Buffer.from(row.bytes, 'base64') };
  });
  expect(loaded.rows + loaded.quarantined).toBe(loaded.sourceRows);
  expect(refused).toHaveLength(loaded.quarantined);
  expect(table.rows).toBe(loaded.rows);
  return { ...loaded, cells, refused, keptPart: loaded.partPath };
}

/** A file that DuckDB wrote, e.g. packed with zstd or in Parquet. */
export async function written(query: string, options: string): Promise<Buffer> {
  const path = join(folder, `written-${loads++}`);
  const session = await createDuckdbEngine().open({ workDir: folder });
  await session.run(`COPY (${query}) TO '${path}' (${options})`);
  await session.close();
  return readFileSync(path);
}

/** The error of loading a file that is not there, beside one that is. */
export async function failureOf(missing: string, near: string): Promise<SlipwayError> {
  writeFileSync(join(folder, near), 'a,b\n1,2\n');
  const request = { name: 'table', path: join(folder, missing), fileName: missing };
  const context = { engine: createDuckdbEngine(), workDir: join(folder, 'missing') };
  const error = await loadSource(request, context).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SlipwayError);
  return error as SlipwayError;
}

export async function failure(content: string | Uint8Array, options: Options = {}): Promise<SlipwayError> {
  const error = await load(content, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SlipwayError);
  return error as SlipwayError;
}

export function types(loaded: LoadedSource): Record<string, string> {
  return Object.fromEntries(loaded.schema.columns.map((column) => [column.name, column.type]));
}

export const rowsOf = (count: number, row: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => row(i)).join('');
