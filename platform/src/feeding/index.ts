export type { FeedingDeps } from './context.ts';
export { FEEDING_ERRORS } from './errors.ts';
export { type LoadContext, loadSource } from './load.ts';
export type { LoadJob, LoadOutcome, LoadStatus } from './loads/job.ts';
export type { LoadCommand, StagedLoad } from './loads/load-service.ts';
export type { RunLoadContext } from './loads/run-context.ts';
export { runLoad } from './loads/run-load.ts';
export { createFeeding } from './service.ts';
export type { FeedingService } from './service-types.ts';
export { measurePart, mergeStatistics, profileOf } from './statistics.ts';
export type {
  ColumnStatistics,
  LoadedSource,
  LoadProgress,
  LoadRequest,
  PartStatistics,
  SnapshotManifest,
  SnapshotRow,
  StagedSnapshot,
} from './types.ts';
export { feedingWork, type WorkContext } from './work.ts';
