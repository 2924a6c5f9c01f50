import { mkdir } from 'node:fs/promises';
import { toSlipwayError } from '../kernel/errors.ts';
import type { Engine } from '../ports/engine.ts';
import './errors.ts';
import { loadCsv } from './load-csv.ts';
import { loadJson } from './load-json.ts';
import { loadParquet } from './load-parquet.ts';
import { openPlain, readHead } from './source-file.ts';
import { detectFormat } from './source-format.ts';
import type { LoadedSource, LoadProgress, LoadRequest } from './types.ts';

export interface LoadContext {
  readonly engine: Engine;
  /** Folder of this load alone; the part and the quarantine are left in it. Made when it is not there. */
  readonly workDir: string;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Bytes at the front that format, dialect and date layouts are told from. */
const HEAD_BYTES = 1 << 20;

/**
 * Reads a source into a typed Parquet part, its profile and its quarantine. For child processes: DuckDB runs in here.
 * Deterministic: the same bytes and options give the same files, byte for byte (same engine version).
 *
 * @throws SOURCE_NOT_FOUND, SOURCE_EMPTY, SOURCE_UNREADABLE, SOURCE_ENCODING, NOT_A_TABLE, COLUMN_NOT_FOUND,
 *   REJECT_BUDGET_EXCEEDED, DISK_FULL.
 */
export async function loadSource(request: LoadRequest, context: LoadContext): Promise<LoadedSource> {
  try {
    await mkdir(context.workDir, { recursive: true });
    const report = context.onProgress ?? (() => undefined);
    const source = await openPlain(request.path, context.workDir, (bytes, bytesTotal) =>
      report({ phase: 'reading', rows: 0, bytes, bytesTotal }),
    );
    const head = await readHead(source.path, HEAD_BYTES);
    const format = detectFormat(head, request.fileName);
    const input = { request, source, head, format, workDir: context.workDir, engine: context.engine, report };
    switch (format) {
      case 'csv':
      case 'tsv':
        return await loadCsv(input);
      case 'json':
      case 'ndjson':
        return await loadJson(input);
      case 'parquet':
        return await loadParquet(input);
    }
  } catch (error) {
    throw diskFull(error) ?? toSlipwayError(error);
  }
}

/** DuckDB tells of a full disk in words only. */
function diskFull(error: unknown): Error | undefined {
  const message = error instanceof Error ? error.message : '';
  if (!/No space left on device|not enough (disk )?space|Disk quota exceeded/i.test(message))
    return undefined;
  return toSlipwayError(Object.assign(new Error(message, { cause: error }), { code: 'ENOSPC' }));
}
