export { FEEDING_ERRORS } from './errors.ts';
export { type LoadContext, loadSource } from './load.ts';
export { type PreviewRequest, previewRows } from './preview.ts';
export { createFeeding, type FeedingDeps } from './service.ts';
export type {
  FeedingService,
  LoadedSource,
  LoadProgress,
  LoadRequest,
  SnapshotManifest,
  SnapshotRow,
  StagedSnapshot,
} from './types.ts';
