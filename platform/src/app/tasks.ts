import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import type { TaskControl } from '../adapters/executor-process/index.ts';
import { createSources } from '../adapters/sources/index.ts';
import { feedingWork, type LoadJob, runLoad } from '../feeding/index.ts';

/** Tasks of feeding, as the child process runs them. Inputs come from the same program's server process. */
export async function load(input: unknown, control: TaskControl): Promise<unknown> {
  return runLoad(input as LoadJob, {
    engine: createDuckdbEngine(),
    sources: createSources(),
    onProgress: control.onProgress,
    signal: control.signal,
  });
}

export async function data(input: unknown, control: TaskControl): Promise<unknown> {
  const { op, input: work } = input as { op: string; input: unknown };
  return feedingWork(op, work, {
    engine: createDuckdbEngine(),
    sources: createSources(),
    signal: control.signal,
  });
}
