import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../kernel/assert.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { Engine, EngineSession } from '../ports/engine.ts';
import { cellText, type Table, type TableSchema } from '../tables/table.ts';
import { loadSource } from './load.ts';
import type { LoadedSource, LoadRequest } from './types.ts';

/** What a trial needs from outside: tests of this room hand in the real engine. */
export interface TrialTools {
  readonly engine: Engine;
  readonly readPart: (session: EngineSession, path: string, schema: TableSchema) => Promise<Table>;
}

export type TrialOptions = Partial<Omit<LoadRequest, 'path'>>;

export interface Trial extends LoadedSource {
  /** Cells of the part as text, by row. */
  readonly cells: string[][];
  /** The quarantine with its bytes decoded. */
  readonly refused: { record: number; byteOffset: number; reason: string; column?: string; bytes: Buffer }[];
}

/**
 * Loads for tests: content becomes a file, the file is loaded, the part and the quarantine are read back, and the books are checked every
 * time: loaded + quarantined = rows in the source.
 */
export class LoadTrials {
  readonly folder = mkdtempSync(join(tmpdir(), 'feeding-'));
  private count = 0;
  private readonly tools: TrialTools;

  constructor(tools: TrialTools) {
    this.tools = tools;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async load(content: string | Uint8Array, options: TrialOptions = {}): Promise<Trial> {
    const { engine, readPart } = this.tools;
    const workDir = join(this.folder, `load-${this.count++}`);
    const fileName = options.fileName ?? 'table.csv';
    const path = join(this.folder, `${this.count}-${fileName}`);
    writeFileSync(path, content);
    const loaded = await loadSource({ name: 'table', path, ...options, fileName }, { engine, workDir });
    const session = await engine.open({ workDir });
    const table = await readPart(session, loaded.partPath, loaded.schema);
    await session.close();
    const refused = readQuarantine(loaded.quarantinePath);
    assert(loaded.rows + loaded.quarantined === loaded.sourceRows, 'no row is lost');
    assert(
      refused.length === loaded.quarantined && table.rows === loaded.rows,
      'the files hold what was counted',
    );
    const cells = Array.from({ length: table.rows }, (_, row) => table.columns.map((c) => cellText(c, row)));
    return { ...loaded, cells, refused };
  }

  /** The error with which a load fails. */
  async failure(content: string | Uint8Array, options: TrialOptions = {}): Promise<SlipwayError> {
    return failed(this.load(content, options));
  }

  /** The error of loading a file that is not there, beside one that is. */
  async missing(name: string, beside: string): Promise<SlipwayError> {
    writeFileSync(join(this.folder, beside), 'a,b\n1,2\n');
    const request = { name: 'table', path: join(this.folder, name), fileName: name };
    return failed(loadSource(request, { engine: this.tools.engine, workDir: join(this.folder, 'missing') }));
  }

  /** A file that DuckDB wrote, e.g. packed with zstd or in Parquet. */
  async written(query: string, options: string): Promise<Buffer> {
    const path = join(this.folder, `written-${this.count++}`);
    const session = await this.tools.engine.open({ workDir: this.folder });
    await session.run(`COPY (${query}) TO '${path}' (${options})`);
    await session.close();
    return readFileSync(path);
  }
}

async function failed(loading: Promise<unknown>): Promise<SlipwayError> {
  const error = await loading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert(error instanceof SlipwayError, `the load fails with a code, not with ${String(error)}`);
  return error;
}

function readQuarantine(path: string | undefined): Trial['refused'] {
  const lines = path === undefined ? [] : readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const row = JSON.parse(line) as Omit<Trial['refused'][0], 'bytes'> & { bytes: string };
    return { ...row, bytes: Buffer.from(row.bytes, 'base64') };
  });
}

/** Types by column name. */
export function types(loaded: LoadedSource): Record<string, string> {
  return Object.fromEntries(loaded.schema.columns.map((column) => [column.name, column.type]));
}

/** `count` rows of text. */
export function rowsOf(count: number, row: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => row(i)).join('');
}
