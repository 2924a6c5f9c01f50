import { cpus, totalmem } from 'node:os';
import type { CandidateComparison, StudyPlan, StudyPlanRequest } from '../contracts/studies.ts';
import type { FeedingService } from '../feeding/service-types.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { PipelineService } from '../pipelines/types.ts';
import type { BlobStore } from '../ports/blobs.ts';
import { compareCandidates, planStudy } from '../selection/index.ts';
import type { SelectionService } from '../selection/types.ts';
import type { Config } from './config.ts';
import { findExternal } from './external.ts';
import { openDataset } from './launch.ts';
import type { SelectOutputs } from './step-outputs.ts';

export interface Studies {
  planStudy(request: StudyPlanRequest): Promise<StudyPlan>;
  compareCandidates(studyId: string, names: { a: string; b: string }): Promise<CandidateComparison>;
  /** Run that the study is a step of. @throws STUDY_NOT_FOUND, STUDY_WITHOUT_MODEL */
  runOfStudy(studyId: string): Promise<string>;
  /** The winner's graph as a file, with what its inputs and outputs mean. @throws STUDY_WITHOUT_MODEL */
  studyModel(
    studyId: string,
  ): Promise<{ path: string; fileName: string; signature: SelectOutputs['signature'] }>;
}

/** What can be asked of studies beside running them. */
export function createStudies(rooms: {
  readonly selection: SelectionService;
  readonly feeding: Pick<FeedingService, 'snapshot'>;
  readonly pipelines: Pick<PipelineService, 'run'>;
  readonly blobs: BlobStore;
  readonly config: Config;
}): Studies {
  const { selection, feeding, pipelines, blobs } = rooms;
  const runOfStudy = async (studyId: string) => {
    const { runId } = await selection.get(studyId);
    if (runId === undefined) throw withoutModel(studyId, 'it was made before runs were noted with studies');
    return runId;
  };
  return {
    runOfStudy,
    planStudy: async ({ data, target, task, exclude }) => {
      const { dataset, version } = await openDataset(feeding, data);
      const { rows, profile } = await feeding.snapshot(dataset, version);
      return planStudy({
        ...{ dataset, version, rows, profile, target, task: task ?? 'auto', exclude: exclude ?? [] },
        external: await findExternal(rooms.config).catch(() => undefined),
        machine: { cores: cpus().length, memoryBytes: totalmem() },
      });
    },
    compareCandidates: async (studyId, { a, b }) => compareCandidates(await selection.get(studyId), a, b),
    studyModel: async (studyId) => {
      const { name, status } = await selection.get(studyId);
      const run = await pipelines.run(await runOfStudy(studyId));
      const outputs = run.steps.find((step) => step.name === 'select')?.outputs as
        | Partial<SelectOutputs>
        | undefined;
      if (outputs?.onnxDigest === undefined || outputs.signature === undefined)
        throw withoutModel(studyId, `it is ${status}`);
      return {
        path: await blobs.localPath(outputs.onnxDigest),
        fileName: `${name}.onnx`,
        signature: outputs.signature,
      };
    },
  };
}

function withoutModel(studyId: string, why: string): SlipwayError {
  return new SlipwayError('STUDY_WITHOUT_MODEL', {
    message: `study ${studyId.slice(0, 40)} has no model: ${why}`,
    fix: 'Wait until it is completed, or run it again: `slipway select resume <study>`.',
    details: { studyId },
  });
}
