import { runChild } from '../adapters/executor-process/index.ts';

/**
 * What runs in child processes, by task name. Everything native (DuckDB, fits, graphs of candidates) lives here, so that a crash
 * of it takes no live model down. Imports are lazy: a child loads only what its task needs.
 */
runChild(
  {
    load: async (input, control) => (await import('./tasks.ts')).load(input, control),
    data: async (input, control) => (await import('./tasks.ts')).data(input, control),
    select: async (input, control) => (await import('./tasks-models.ts')).select(input, control),
    package: async (input, control) => (await import('./tasks-models.ts')).packageTask(input, control),
    explain: async (input, control) => (await import('./tasks-models.ts')).explain(input, control),
    validate: async (input, control) => (await import('./tasks-models.ts')).validate(input, control),
  },
  async () => {
    await import('./tasks.ts');
    await import('@duckdb/node-api');
    await import('./tasks-models.ts');
    await import('onnxruntime-node');
  },
);
