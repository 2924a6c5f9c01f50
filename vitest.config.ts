import { defineConfig } from 'vitest/config';

/** Children and workers run from `platform/dist`: build before testing (`npm test` does). */
export default defineConfig({
  test: {
    include: ['platform/src/**/*.test.ts', 'web/src/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Native code (DuckDB, onnxruntime) is at home in processes, not in worker threads.
    pool: 'forks',
    maxWorkers: 2,
  },
});
