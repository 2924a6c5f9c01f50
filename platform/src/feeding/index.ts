export { type LoadDeps, loadSource } from './load-source.ts';
export { type PreviewRequest, previewRows } from './preview.ts';
export { createFeeding, type FeedingDeps } from './service.ts';
