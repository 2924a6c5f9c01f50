export { runKillPoints } from './kill-points.ts';
export { createPipelines, type PipelineDeps } from './service.ts';
