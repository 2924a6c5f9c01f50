export { compareCandidates } from './compare.ts';
export { SELECTION_ERRORS } from './errors.ts';
export { planStudy } from './plan.ts';
export { createSelection, type SelectionParts } from './service.ts';
export { runStudy, type StudyTools } from './study.ts';
export type {
  SelectionService,
  StoredModel,
  StudyProgress,
  StudyRequest,
  StudyResult,
} from './types.ts';
