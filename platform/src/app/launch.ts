import type { LaunchAccepted, LaunchLine, LaunchRequest, LaunchResult } from '../contracts/launch.ts';
import type { FeedingService } from '../feeding/service-types.ts';
import { digestOf } from '../kernel/canonical-json.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { JsonObject, PipelineDefinition, PipelineService } from '../pipelines/types.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { ExternalEnvironment } from '../selection/ports.ts';
import { launchKey, planLaunch, planToParams } from './launch-plan.ts';
import { launchResultOf } from './launch-result.ts';
import { openSource } from './source-file.ts';

export interface LaunchServices {
  readonly pipelines: PipelineService;
  readonly feeding: Pick<FeedingService, 'snapshot'>;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly definition: PipelineDefinition;
  /** The first two steps alone. */
  readonly study: PipelineDefinition;
  readonly codeDigest: string;
  /** The Python that fits external families, if there is one. */
  readonly findExternal: () => Promise<ExternalEnvironment | undefined>;
  /** Where the server is reached; known only once it listens. */
  readonly baseUrl: () => string;
}

export interface Launcher {
  /** Starts (or resumes, or answers from the cache) the main job. `local`: the caller is on this machine and may name paths. */
  launch(request: LaunchRequest, caller: { readonly local: boolean }): Promise<LaunchAccepted>;
  /** As a launch, until a model is found. */
  startStudy(request: LaunchRequest, caller: { readonly local: boolean }): Promise<LaunchAccepted>;
  /** Starts an interrupted or failed run of a launch or study again. @throws RUN_NOT_FOUND */
  resumeRun(runId: string): Promise<LaunchAccepted>;
  /** Step lines so far, live ones, then exactly one result. Returns the unsubscribe function. */
  followLaunch(runId: string, listener: (line: LaunchLine) => void): Promise<() => void>;
  launchResult(runId: string): Promise<LaunchResult>;
}

export function createLauncher(services: LaunchServices): Launcher {
  const { pipelines, feeding, blobs, clock, definition, study, codeDigest, baseUrl } = services;
  const launchResult = async (runId: string) =>
    launchResultOf(await pipelines.run(runId), baseUrl(), clock.now());
  const start = async (
    flow: PipelineDefinition,
    request: LaunchRequest,
    caller: { readonly local: boolean },
  ): Promise<LaunchAccepted> => {
    requireRows(request);
    const source = request.source === undefined ? null : await openSource(request.source, caller, blobs);
    const data = request.data === undefined ? null : await openDataset(feeding, request.data);
    const testSource =
      request.testSource === undefined ? null : await openSource(request.testSource, caller, blobs);
    const external = request.families === 'all' ? ((await services.findExternal()) ?? null) : null;
    const plan = planLaunch(request, { source, data, testSource, external }, clock.now());
    const key = launchKey(plan, codeDigest);
    const started = await pipelines.start(flow, {
      key: flow === definition ? key : digestOf({ pipeline: flow.name, key }),
      name: plan.name,
      params: planToParams(plan),
      force: request.force ?? false,
    });
    return { ...started, name: plan.name };
  };
  return {
    launchResult,
    launch: (request, caller) => start(definition, request, caller),
    startStudy: (request, caller) => start(study, request, caller),
    resumeRun: async (runId) => {
      const run = await pipelines.run(runId);
      const { key, name, params } = run;
      const flow = [definition, study].find((known) => known.name === run.pipeline);
      if (flow === undefined) throw notResumable(run.pipeline);
      const started = await pipelines.start(flow, {
        ...{ key, name, params: params as JsonObject, force: false },
      });
      return { ...started, name };
    },
    followLaunch: async (runId, listener) => {
      // The result must be the last line, exactly once, whether the run ends before, during or after subscribing.
      let finished = false;
      return pipelines.follow(runId, (signal) => {
        if (finished) return;
        if (signal.type !== 'ended') {
          listener(signal);
          return;
        }
        finished = true;
        launchResult(runId).then(listener, (error: unknown) => {
          listener({
            type: 'result',
            ok: false,
            error: { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) },
            runId,
            seconds: 0,
            links: {},
          });
        });
      });
    },
  };
}

function notResumable(pipeline: string): SlipwayError {
  return new SlipwayError('USAGE', {
    message: `runs of ${pipeline} are not resumed by hand`,
    fix: 'Give the command again.',
  });
}

function requireRows({ source, data }: LaunchRequest): void {
  if ((source === undefined) !== (data === undefined)) return;
  throw new SlipwayError('USAGE', {
    message:
      source === undefined ? 'the launch names no rows' : 'the launch names both a source and a data set',
    fix: 'Send one of source (a file) and data (a data set: orders, orders@v3).',
  });
}

/** @throws DATASET_NOT_FOUND, DATASET_VERSION_NOT_FOUND */
export async function openDataset(feeding: Pick<FeedingService, 'snapshot'>, reference: string) {
  const at = reference.indexOf('@');
  const found = await (at < 0
    ? feeding.snapshot(reference)
    : feeding.snapshot(reference.slice(0, at), reference.slice(at + 1)));
  return { dataset: found.dataset, version: found.version, snapshot: found.snapshot };
}
