export { createDuckdbEngine } from './engine.ts';
export { readParquetTable } from './parquet.ts';
