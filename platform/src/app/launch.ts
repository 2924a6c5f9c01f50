import type { LaunchAccepted, LaunchLine, LaunchRequest, LaunchResult } from '../contracts/launch.ts';
import type { Clock } from '../kernel/clock.ts';
import type { PipelineDefinition, PipelineService } from '../pipelines/types.ts';
import type { BlobStore } from '../ports/blobs.ts';
import { launchKey, planLaunch, planToParams } from './launch-plan.ts';
import { launchResultOf } from './launch-result.ts';
import { openSource } from './source-file.ts';

export interface LaunchServices {
  readonly pipelines: PipelineService;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly definition: PipelineDefinition;
  readonly codeDigest: string;
  /** Where the server is reached; known only once it listens. */
  readonly baseUrl: () => string;
}

export interface Launcher {
  launch(request: LaunchRequest, caller: { readonly local: boolean }): Promise<LaunchAccepted>;
  followLaunch(runId: string, listener: (line: LaunchLine) => void): Promise<() => void>;
  launchResult(runId: string): Promise<LaunchResult>;
}

export function createLauncher(services: LaunchServices): Launcher {
  const { pipelines, blobs, clock, definition, codeDigest, baseUrl } = services;
  const launchResult = async (runId: string) =>
    launchResultOf(await pipelines.run(runId), baseUrl(), clock.now());
  return {
    launchResult,
    launch: async (request, caller) => {
      const source = await openSource(request.source, caller, blobs);
      const testSource =
        request.testSource === undefined ? null : await openSource(request.testSource, caller, blobs);
      const plan = planLaunch(request, { source, testSource }, clock.now());
      const started = await pipelines.start(definition, {
        key: launchKey(plan, codeDigest),
        name: plan.name,
        params: planToParams(plan),
        force: request.force ?? false,
      });
      return { ...started, name: plan.name };
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
