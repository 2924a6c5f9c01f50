import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import type { TaskControl } from '../adapters/executor-process/index.ts';
import { loadSource, previewRows } from '../feeding/index.ts';

/** Tasks of feeding, as the child process runs them. Inputs come from the same program's server process. */
export async function feed(input: unknown, control: TaskControl): Promise<unknown> {
  const { request, workDir } = input as { request: Parameters<typeof loadSource>[0]; workDir: string };
  return loadSource(request, { engine: createDuckdbEngine(), workDir, onProgress: control.onProgress });
}

export async function preview(input: unknown, _control: TaskControl): Promise<unknown> {
  return previewRows(input as Parameters<typeof previewRows>[0], { engine: createDuckdbEngine() });
}
