import type { PreparedRevision } from '../deployment/types.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { StepContext, StepDefinition } from '../pipelines/types.ts';
import type { NewVersion } from '../registry/types.ts';
import { readBundle, servableFrom } from './bundles.ts';
import { planFromParams } from './launch-plan.ts';
import type { LaunchRooms } from './launch-rooms.ts';
import { asJson, type DeployOutputs, outputsOf } from './step-outputs.ts';

/**
 * The gate, then registration and the new revision in one transaction. The model is loaded and warmed before anything is
 * published; the pointer switches after the commit, so that no request ever meets a model that is not there.
 */
export function deployStep(rooms: LaunchRooms): StepDefinition {
  return {
    name: 'deploy',
    run: async (context) => {
      const { name } = planFromParams(context.params);
      const packaged = outputsOf(context, 'package');
      const report = await rooms.validation.get(outputsOf(context, 'validate').reportId);
      rooms.validation.requirePass(report, packaged.modelDigest);
      const bundle = await readBundle(rooms.blobs, packaged.bundleDigest);
      const expected = await expectedVersion(rooms, name, packaged.modelDigest);
      const servable = await servableFrom(rooms.blobs, bundle, { model: name, version: expected });
      const prepared = await rooms.deployment.prepare(name, servable);
      const outputs = { model: name, version: expected, url: `/v2/models/${name}` };
      return {
        outputs,
        summary: `${name} v${expected} is served at /v2/models/${name}`,
        publish: async (tx) => {
          const { version } = await rooms.registry.register(tx, newVersion(context, report.metrics));
          if (version !== expected) throw versionTaken(name, expected);
          await rooms.reports.setVersion(tx, report.id, version);
          const { revision } = await rooms.deployment.publish(
            tx,
            prepared,
            `launch ${context.runId.slice(0, 8)}`,
          );
          return { revision };
        },
        committed: async (committed) => {
          await activate(rooms, prepared, (committed as unknown as DeployOutputs).revision);
        },
      };
    },
  };
}

async function activate(rooms: LaunchRooms, prepared: PreparedRevision, revision: number): Promise<void> {
  await rooms.deployment.activate(prepared.deployment, revision);
}

async function expectedVersion(rooms: LaunchRooms, name: string, digest: string): Promise<number> {
  const known = await rooms.registry.get(name).catch((error: unknown) => {
    if (error instanceof SlipwayError && error.code === 'MODEL_NOT_FOUND') return undefined;
    throw error;
  });
  if (known === undefined) return 1;
  return known.versions.find((version) => version.digest === digest)?.version ?? known.latestVersion + 1;
}

function versionTaken(name: string, expected: number): SlipwayError {
  return new SlipwayError('CONFLICT', {
    message: `version ${expected} of ${name} was registered by someone else meanwhile`,
    fix: 'Run the same command again.',
  });
}

function newVersion(context: StepContext, metrics: NewVersion['metrics']): NewVersion {
  const { name, source } = planFromParams(context.params);
  const feed = outputsOf(context, 'feed');
  const select = outputsOf(context, 'select');
  const packaged = outputsOf(context, 'package');
  const validate = outputsOf(context, 'validate');
  return {
    model: name,
    digest: packaged.modelDigest,
    bytes: packaged.bytes,
    family: packaged.family,
    metric: validate.metric,
    verdict: validate.verdict,
    signature: select.signature,
    metrics: [...metrics],
    card: packaged.card,
    bundleDigest: packaged.bundleDigest,
    ...(validate.explanationDigest === null ? {} : { explanationDigest: validate.explanationDigest }),
    parity: packaged.parity,
    lineage: {
      dataset: {
        name: feed.dataset,
        version: feed.version,
        snapshot: feed.snapshot,
        rows: feed.rows,
        source: source?.fileName ?? `${feed.dataset}@v${feed.version}`,
      },
      studyId: select.studyId,
      runId: context.runId,
      reportId: validate.reportId,
    },
  };
}

/** Watches the new revision against what its training part looked like. */
export function monitorStep(rooms: LaunchRooms): StepDefinition {
  return {
    name: 'monitor',
    run: async (context) => {
      const { name } = planFromParams(context.params);
      const { version, revision } = outputsOf(context, 'deploy');
      const { coercions } = outputsOf(context, 'select');
      const { baselineDigest } = outputsOf(context, 'package');
      return {
        outputs: asJson({ monitor: name }),
        summary: `${coercions.length} inputs and the prediction are watched`,
        publish: async (tx) => {
          await rooms.monitoring.create(tx, {
            deployment: name,
            version,
            revision,
            baselineDigest,
            coercions,
          });
          return undefined;
        },
      };
    },
  };
}
