import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadOptions, ScheduleSpec, SourceSpec } from '../contracts/data-loads.ts';
import type { LoadCommand } from '../feeding/loads/load-service.ts';
import type { FetchedFile } from '../feeding/ports.ts';
import type { FeedingService } from '../feeding/service-types.ts';
import type { Clock } from '../kernel/clock.ts';
import type { JsonObject, PipelineDefinition, StepContext } from '../pipelines/types.ts';
import { count } from './launch-feed.ts';

/** Parameters of a load's run. Plain JSON; credentials are references. */
export interface LoadPlan {
  readonly dataset: string;
  readonly spec: SourceSpec | null;
  readonly file: { readonly path: string; readonly fileName: string; readonly bytes: number } | null;
  readonly options: LoadOptions;
  /** The source is the data set's stored one: how it ends is noted with its schedule. */
  readonly stored: boolean;
  /** The source becomes the stored one when the load succeeds. */
  readonly remember: { readonly schedule?: ScheduleSpec | null } | null;
}

export interface LoadOutputs {
  readonly unchanged: boolean;
  readonly snapshot: string;
  readonly version: number | null;
  readonly sourceRows: number;
  readonly loaded: number;
  readonly quarantined: number;
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly warnings: readonly string[];
  readonly contractChanges: readonly string[];
}

/** Loading a source into a data set, as a pipeline: it is logged, can be cancelled, and resumes after a kill with what was fetched. */
export function loadPipeline(rooms: {
  readonly feeding: FeedingService;
  readonly clock: Clock;
}): PipelineDefinition {
  const { feeding } = rooms;
  return {
    name: 'load',
    steps: [
      {
        name: 'load',
        run: async (context) => {
          const plan = context.params as unknown as LoadPlan;
          const workDir = join(context.workDir, `attempt-${context.attemptId}`);
          await mkdir(workDir, { recursive: true });
          try {
            return await runLoad(rooms, plan, context, workDir);
          } catch (error) {
            // Somebody stopped it, or the server is closing: nothing was wrong with the source.
            if (!context.signal.aborted) {
              const message = error instanceof Error ? error.message : String(error);
              await feeding.loadEnded(plan.dataset, { error: message, stored: plan.stored });
            }
            throw error;
          } finally {
            await rm(workDir, { recursive: true, force: true });
          }
        },
      },
    ],
  };
}

async function runLoad(
  { feeding, clock }: { readonly feeding: FeedingService; readonly clock: Clock },
  plan: LoadPlan,
  context: StepContext,
  workDir: string,
) {
  const began = clock.elapsed();
  const staged = await feeding.stageLoad(
    commandOf(plan, join(context.workDir, 'fetch')),
    {
      signal: context.signal,
      onProgress: ({ message, rows, bytes, bytesTotal }) => {
        const seconds = Math.max(0.001, (clock.elapsed() - began) / 1000);
        const fraction = bytesTotal > 0 ? Math.min(1, bytes / bytesTotal) : undefined;
        const rate = rows > 0 ? ` ${count(rows)} rows, ${count(Math.round(rows / seconds))} rows/s` : '';
        context.progress(`${message}${rate}`, fraction);
      },
    },
    workDir,
  );
  const { report } = staged;
  for (const warning of report.warnings) context.log(warning, 'warning');
  for (const change of report.changes) context.log(`contract: ${change}`);
  const outputs: LoadOutputs = {
    ...{ unchanged: staged.unchanged, snapshot: staged.id, version: null },
    ...{ sourceRows: report.sourceRows, loaded: report.loaded, quarantined: report.quarantined },
    ...{ reasons: report.quarantineReasons, warnings: report.warnings, contractChanges: report.changes },
  };
  return {
    outputs: outputs as unknown as JsonObject,
    summary: staged.unchanged
      ? 'nothing new in the source'
      : `${count(report.loaded)} rows loaded, ${count(report.quarantined)} in quarantine, ${count(report.sourceRows)} in the source`,
    publish: async (tx: Parameters<FeedingService['publishLoad']>[0]): Promise<JsonObject> => {
      const { version } = await feeding.publishLoad(tx, staged);
      return { version };
    },
    committed: async () => {
      const stored = plan.stored || plan.remember !== null;
      if (stored) await feeding.loadEnded(plan.dataset, { error: null, stored });
    },
  };
}

function commandOf(plan: LoadPlan, fetchDir: string): LoadCommand {
  const { dataset, spec, file, options, remember } = plan;
  if (spec !== null) {
    const kept = remember === null ? {} : { remember: { spec, options, ...remember } };
    return { dataset, input: { kind: 'source', spec }, options, fetchDir, ...kept };
  }
  const local: FetchedFile = { ...file!, uri: file!.fileName, temporary: false };
  return { dataset, input: { kind: 'files', files: [local] }, options, fetchDir };
}
