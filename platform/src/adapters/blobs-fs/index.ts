export { createFsBlobs } from './blobs.ts';
