import { join } from 'node:path';
import { sqlText } from '../ports/engine.ts';

/** The one data file of a load. */
export function partPathIn(workDir: string): string {
  return join(workDir, 'part.parquet');
}

/**
 * Writes a query's rows, in their order. zstd at its fastest level: reading is not slower, and writing is much faster. Columns with more
 * than some thousand distinct values gain nothing from a dictionary, and building one in vain is a tenth of the work.
 */
export function copySql(query: string, part: string): string {
  return `COPY (${query}) TO ${sqlText(part)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 4000)`;
}
