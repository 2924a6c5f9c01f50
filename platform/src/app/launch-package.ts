import type { ModelBundle } from '../estimators/bundle.ts';
import { canonicalJson, digestOf } from '../kernel/canonical-json.ts';
import type { StepContext, StepDefinition, StepOutcome } from '../pipelines/types.ts';
import { writeBundle } from './bundles.ts';
import { count } from './launch-feed.ts';
import { planFromParams } from './launch-plan.ts';
import type { LaunchRooms } from './launch-rooms.ts';
import { modelCard } from './model-card.ts';
import type { PackagedModel, PackageRequest } from './package-model.ts';
import { asJson, outputsOf, type PackageOutputs } from './step-outputs.ts';

/** Fixes what will be judged and served: graph, signature and coercions under one digest, with card and baseline beside them. */
export function packageStep(rooms: LaunchRooms): StepDefinition {
  return {
    name: 'package',
    cacheKey: (context) => {
      const { seed } = planFromParams(context.params);
      const { modelDigest, split, studyId } = outputsOf(context, 'select');
      return digestOf({
        package: 2,
        modelDigest,
        split,
        studyId,
        seed,
        snapshot: outputsOf(context, 'feed').snapshot,
      });
    },
    stillValid: async (outputs) => {
      const { bundleDigest, onnxDigest, baselineDigest, explainerDigest } =
        outputs as unknown as PackageOutputs;
      const present = await Promise.all(
        [bundleDigest, onnxDigest, baselineDigest, explainerDigest].map((d) => rooms.blobs.has(d)),
      );
      return present.every(Boolean);
    },
    run: (context) => packageRun(rooms, context),
  };
}

async function packageRun(rooms: LaunchRooms, context: StepContext): Promise<StepOutcome> {
  const select = outputsOf(context, 'select');
  const packaged = await packageInChild(rooms, context);
  const baseline = await rooms.blobs.put(new TextEncoder().encode(canonicalJson(packaged.baseline)));
  const explainer = await rooms.blobs.putFile(packaged.explainerPath, { consume: true });
  const card = modelCard({
    plan: planFromParams(context.params),
    feed: outputsOf(context, 'feed'),
    select,
    packaged,
  });
  const bundle: ModelBundle = {
    format: 1,
    modelDigest: select.modelDigest,
    signature: select.signature,
    coercions: select.coercions,
    onnxDigest: select.onnxDigest,
    family: packaged.family,
    card,
    split: select.split,
    parity: packaged.parity,
    baselineDigest: baseline.digest,
    explainerDigest: explainer.digest,
  };
  const written = await writeBundle(rooms.blobs, bundle);
  const onnxBytes = (await rooms.blobs.get(select.onnxDigest)).length;
  const outputs: PackageOutputs = {
    modelDigest: select.modelDigest,
    bundleDigest: written.digest,
    onnxDigest: select.onnxDigest,
    baselineDigest: baseline.digest,
    explainerDigest: explainer.digest,
    bytes: onnxBytes + written.bytes,
    family: packaged.family,
    parity: packaged.parity,
    card,
  };
  const { maxAbsDelta, rows } = packaged.parity;
  return {
    outputs: asJson(outputs),
    summary: `${count(Math.ceil(outputs.bytes / 1024))} KB, graph equals trainer within ${maxAbsDelta.toExponential(1)} on ${count(rows)} rows`,
  };
}

async function packageInChild(rooms: LaunchRooms, context: StepContext): Promise<PackagedModel> {
  const feed = outputsOf(context, 'feed');
  const select = outputsOf(context, 'select');
  const best = select.leaderboard.find((row) => row.candidate === select.winner);
  const request: PackageRequest = {
    partPath: await rooms.blobs.localPath(feed.partDigest),
    schema: feed.schema,
    workDir: context.workDir,
    split: select.split,
    signature: select.signature,
    coercions: select.coercions,
    onnxPath: await rooms.blobs.localPath(select.onnxDigest),
    storedModelPath: await rooms.blobs.localPath(select.trainedModelDigest),
    reference: best === undefined ? null : { metric: select.metric, value: best.score },
  };
  return rooms.isolate.run<PackageRequest, PackagedModel>('package', request, { signal: context.signal });
}
