import type { LoadAccepted, LoadRequestBody, LoadResult } from '../contracts/data-loads.ts';
import type { FeedingService } from '../feeding/service-types.ts';
import { refuseCredentials } from '../feeding/source-address.ts';
import { digestOf } from '../kernel/canonical-json.ts';
import type { Clock } from '../kernel/clock.ts';
import { errorSpec, SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { requireName } from '../kernel/names.ts';
import type { JsonObject, PipelineDefinition, PipelineService } from '../pipelines/types.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { LoadOutputs, LoadPlan } from './load-flow.ts';
import { openSource, type SourceFile } from './source-file.ts';

export interface LoaderServices {
  readonly feeding: FeedingService;
  readonly pipelines: PipelineService;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly definition: PipelineDefinition;
}

export interface Loader {
  /** Starts a load; an interrupted one with the same source and options is resumed. */
  load(dataset: string, request: LoadRequestBody, caller: { readonly local: boolean }): Promise<LoadAccepted>;
  loadResult(runId: string): Promise<LoadResult>;
  /** Starts what is due. Called by a timer; never throws. */
  feedDue(): Promise<void>;
}

export function createLoader(services: LoaderServices): Loader {
  const load: Loader['load'] = async (dataset, request, caller) => {
    requireName('data set', dataset);
    const { plan, file } = await planOf(services, { dataset, request, local: caller.local });
    const started = await services.pipelines.start(services.definition, {
      key: await keyOf(services, plan, file),
      name: dataset,
      params: plan as unknown as JsonObject,
      force: false,
    });
    return { ...started, dataset };
  };
  return {
    load,
    loadResult: (runId) => resultOf(services, runId),
    feedDue: async () => {
      for (const dataset of services.feeding.due()) {
        try {
          await load(dataset, {}, { local: true });
        } catch (error) {
          const { code, message } = toSlipwayError(error);
          // One that is still under way is no failure: it will be due again.
          if (code !== 'RUN_LIVE')
            await services.feeding.loadEnded(dataset, { error: message, stored: true });
        }
      }
    },
  };
}

async function planOf(
  { feeding, blobs }: LoaderServices,
  asked: { readonly dataset: string; readonly request: LoadRequestBody; readonly local: boolean },
): Promise<{ plan: LoadPlan; file: SourceFile | undefined }> {
  const { dataset, request, local } = asked;
  const options = request.options ?? {};
  if (request.source !== undefined && request.file !== undefined) {
    throw new SlipwayError('USAGE', {
      message: 'the load names both a source and a file',
      fix: 'Send one of source and file.',
    });
  }
  if (request.file !== undefined) {
    const file = await openSource(request.file, { local }, blobs);
    const { path, fileName, bytes } = file;
    return {
      file,
      plan: { dataset, spec: null, file: { path, fileName, bytes }, options, stored: false, remember: null },
    };
  }
  if (request.source !== undefined) {
    if (/^(file:|\/|sqlite:)/.test(request.source.uri) && !local) throw notLocal();
    // Told before anything is fetched, and before it could lie in a run's parameters.
    refuseCredentials(request.source.uri);
    const schedule = request.schedule === undefined ? {} : { schedule: request.schedule };
    const remember = request.remember === false ? null : schedule;
    const plan = { dataset, spec: request.source, file: null, options, stored: false, remember };
    return { file: undefined, plan };
  }
  const known = await feeding.stored(dataset);
  return {
    file: undefined,
    plan: {
      dataset,
      spec: known.spec,
      file: null,
      options: { ...known.options, ...options },
      stored: true,
      remember: null,
    },
  };
}

function notLocal(): SlipwayError {
  return new SlipwayError('LAUNCH_PATH_REFUSED', {
    message: 'a path on the server was named from another machine',
    fix: 'Upload the file: the slipway command does it by itself when --url is given.',
  });
}

/**
 * The same load as one that was interrupted has the same key and resumes it. One that was completed does not: the data set moved on,
 * or at least looked at its source again.
 */
async function keyOf(
  { feeding }: LoaderServices,
  { dataset, spec, options, file: local }: LoadPlan,
  file: SourceFile | undefined,
): Promise<string> {
  const now = await feeding.get(dataset).catch((error: unknown) => {
    if (error instanceof SlipwayError && error.code === 'DATASET_NOT_FOUND') return undefined;
    throw error;
  });
  return digestOf({
    ...{ dataset, spec, options },
    file: file?.digest ?? null,
    fileName: local?.fileName ?? null,
    versions: now?.versions.map(({ version }) => version) ?? [],
    contract: now?.contractVersion ?? 0,
    lastLoadAt: now?.feed?.lastLoadAt ?? null,
  });
}

async function resultOf({ pipelines, clock }: LoaderServices, runId: string): Promise<LoadResult> {
  const run = await pipelines.run(runId);
  const plan = run.params as unknown as LoadPlan;
  const outputs = run.steps[0]?.outputs as Partial<LoadOutputs> | undefined;
  const seconds = run.seconds ?? (clock.now() - run.createdAt) / 1000;
  return {
    ...{ runId, dataset: plan.dataset, status: run.status, seconds },
    unchanged: outputs?.unchanged ?? false,
    version: outputs?.version ?? null,
    snapshot: outputs?.unchanged === false ? (outputs.snapshot ?? null) : null,
    sourceRows: outputs?.sourceRows ?? 0,
    loaded: outputs?.loaded ?? 0,
    quarantined: outputs?.quarantined ?? 0,
    reasons: [...(outputs?.reasons ?? [])],
    ...(run.error === undefined ? {} : { error: run.error, exit: errorSpec(run.error.code)?.exit ?? 1 }),
  };
}
