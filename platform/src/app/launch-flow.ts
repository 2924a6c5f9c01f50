import type { PipelineDefinition } from '../pipelines/types.ts';
import { deployStep, monitorStep } from './launch-deploy.ts';
import { feedStep } from './launch-feed.ts';
import { packageStep } from './launch-package.ts';
import type { LaunchRooms } from './launch-rooms.ts';
import { selectStep } from './launch-select.ts';
import { validateStep } from './launch-validate.ts';

/**
 * The main job as a pipeline like any user's: it caches, resumes and leaves lineage as every other does.
 * The package comes before the verdict, because it fixes the digest that the verdict names.
 */
export function launchPipeline(rooms: LaunchRooms): PipelineDefinition {
  return {
    name: 'launch',
    sharesCacheWith: ['study'],
    steps: [
      feedStep(rooms),
      selectStep(rooms),
      packageStep(rooms),
      validateStep(rooms),
      deployStep(rooms),
      monitorStep(rooms),
    ],
  };
}

/** The first two steps of a launch alone: a model is found, nothing is deployed. What it did, a launch of the same rows need not do again. */
export function studyPipeline(rooms: LaunchRooms): PipelineDefinition {
  return { name: 'study', sharesCacheWith: ['launch'], steps: [feedStep(rooms), selectStep(rooms)] };
}
