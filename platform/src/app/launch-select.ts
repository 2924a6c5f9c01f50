import { modelDigestOf, type SplitRule } from '../estimators/bundle.ts';
import { digestOf } from '../kernel/canonical-json.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import type { StepContext, StepDefinition } from '../pipelines/types.ts';
import type { StudyProgress, StudyResult } from '../selection/types.ts';
import { readBundle } from './bundles.ts';
import { type LaunchPlan, planFromParams } from './launch-plan.ts';
import type { LaunchRooms } from './launch-rooms.ts';
import { asJson, type FeedOutputs, outputsOf, type SelectOutputs } from './step-outputs.ts';

/** Finds the model. Its files are put into blobs before the step completes, so that a cached step can still be packaged. */
export function selectStep(rooms: LaunchRooms): StepDefinition {
  return {
    name: 'select',
    cacheKey: (context) => selectKey(planFromParams(context.params), outputsOf(context, 'feed')),
    stillValid: async (outputs) => {
      const { onnxDigest, modelDigest, baselines } = outputs as unknown as SelectOutputs;
      const digests = [onnxDigest, ...baselines.map((baseline) => baseline.onnxDigest)];
      const present = await Promise.all(digests.map((digest) => rooms.blobs.has(digest)));
      return modelDigest !== '' && present.every(Boolean);
    },
    run: async (context) => {
      const plan = planFromParams(context.params);
      const feed = outputsOf(context, 'feed');
      const target = resolveTarget(plan.target, feed);
      const watch = watchStudy(rooms, context, plan);
      sayExternal(context, plan);
      const { studyId, result } = await rooms.selection.run(
        {
          ...(await studyRequest(rooms, plan, feed, target)),
          dataset: feed.dataset,
          datasetVersion: feed.version,
          runId: context.runId,
        },
        { signal: context.signal, onProgress: watch.onProgress, journalKey: context.workDir },
      );
      await watch.settled();
      const outputs = await keepFiles(rooms, { studyId, result, target, firstModelAt: watch.firstModelAt() });
      const best = result.leaderboard.find((row) => row.candidate === result.winner);
      return {
        outputs: asJson(outputs),
        summary: `${result.winner}: ${result.metric} ${best === undefined ? '' : `${best.score.toFixed(4)} ± ${best.spread.toFixed(4)}`} out of ${result.leaderboard.length} candidates`,
      };
    },
  };
}

function selectKey(plan: LaunchPlan, feed: FeedOutputs): string | undefined {
  // A search bounded by time alone is not a function of its inputs, but its result is: the finished study answers again.
  const { target, task, positive, metric, exclude, budgetSeconds, position, seed, time, group, leaks } = plan;
  const options = {
    target,
    task,
    positive,
    metric,
    exclude,
    budgetSeconds,
    position,
    seed,
    time,
    group,
    leaks,
  };
  return digestOf({
    search: 1,
    name: plan.name,
    snapshot: feed.snapshot,
    test: feed.test?.snapshot ?? null,
    options,
    ...(plan.external === null ? {} : { external: externalIdentity(plan.external) }),
  });
}

/** What decides the trees of external families; where they are installed does not. */
function externalIdentity({ digest, libraries }: NonNullable<LaunchPlan['external']>) {
  return { digest, libraries: libraries.map(({ family, version }) => `${family} ${version}`) };
}

function resolveTarget(target: string, feed: FeedOutputs): string {
  const names = feed.schema.columns.map((column) => column.name);
  if (names.includes(target)) return target;
  if (target === 'last') return names.at(-1)!;
  const near = nearestName(target, names);
  throw new SlipwayError('COLUMN_NOT_FOUND', {
    message: `there is no column '${target}' in ${feed.dataset}`,
    fix: near === undefined ? `Columns: ${names.slice(0, 20).join(', ')}` : `Did you mean '${near}'?`,
    details: { target, ...(near === undefined ? {} : { nearest: near }), columns: names.slice(0, 100) },
  });
}

async function studyRequest(rooms: LaunchRooms, plan: LaunchPlan, feed: FeedOutputs, target: string) {
  const inheritedSplit = await championSplit(rooms, plan, target);
  return {
    name: plan.name,
    partPath: await rooms.blobs.localPath(feed.partDigest),
    schema: feed.schema,
    snapshotId: feed.snapshot,
    target,
    task: plan.task,
    ...(plan.positive === null ? {} : { positive: plan.positive }),
    ...(plan.metric === null ? {} : { metric: plan.metric }),
    exclude: plan.exclude,
    ...(plan.time === null ? {} : { time: plan.time }),
    ...(plan.group === null ? {} : { group: plan.group }),
    leaks: plan.leaks,
    budgetSeconds: plan.budgetSeconds,
    ...(plan.position === null ? {} : { position: plan.position }),
    seed: plan.seed,
    ...(inheritedSplit === undefined ? {} : { inheritedSplit }),
    separateTest: feed.test !== null,
    ...(plan.external === null ? {} : { external: plan.external }),
    threads: rooms.threads,
  };
}

/** A challenger keeps the champion's rule, so that the two can be compared on rows that neither was trained on. */
async function championSplit(
  rooms: LaunchRooms,
  plan: LaunchPlan,
  target: string,
): Promise<SplitRule | undefined> {
  const champion = await rooms.registry.champion(plan.name);
  if (champion === undefined || champion.signature.target !== target) return undefined;
  return (await readBundle(rooms.blobs, champion.bundleDigest)).split;
}

function sayExternal(context: StepContext, { families, external }: LaunchPlan): void {
  if (families === 'node') return;
  if (external === null) {
    context.log(
      'no Python families are installed: LightGBM, XGBoost, CatBoost and scikit-learn would be tried, too; `slipway doctor --python` installs them',
    );
    return;
  }
  const list = [...new Set(external.libraries.map(({ library, version }) => `${library} ${version}`))];
  context.log(`${list.join(', ')} from ${external.sealed ? 'the sealed environment' : external.interpreter}`);
}

/** Tells people what the study does, and loads the first servable model the moment it exists. */
function watchStudy(rooms: LaunchRooms, context: StepContext, plan: LaunchPlan) {
  let firstModelAt: number | null = null;
  let probing: Promise<void> = Promise.resolve();
  const onProgress = (progress: StudyProgress) => {
    switch (progress.type) {
      case 'guards':
        for (const finding of progress.guards) context.log(`guard ${finding.guard}: ${finding.summary}`);
        break;
      case 'first-model': {
        const { onnxPath, signature, coercions } = progress;
        const model = { model: plan.name, version: 0, modelDigest: '', onnxPath, signature, coercions };
        probing = rooms.deployment.probe(model).then(() => {
          firstModelAt = rooms.clock.now();
          context.log('the first model is exported, agrees with its graph and is loaded');
        });
        // A failure is raised by settled(); without this a rejection before that would be unhandled.
        probing.catch(() => undefined);
        break;
      }
      case 'candidate': {
        const { row, position, length, remainingSeconds } = progress;
        context.log(`${row.candidate}: ${row.metric} ${row.score.toFixed(5)} ± ${row.spread.toFixed(5)}`);
        context.progress(
          `${position} of ${length} candidates, newest ${row.candidate} ${row.metric} ${row.score.toFixed(4)}`,
          position / length,
          remainingSeconds,
        );
        break;
      }
      case 'candidate-failed': {
        const { failure, position, length } = progress;
        context.log(`${failure.candidate} is left out: ${failure.code}: ${failure.message}`);
        context.progress(
          `${position} of ${length} candidates, ${failure.candidate} left out`,
          position / length,
        );
        break;
      }
      case 'phase':
        context.progress(progress.message, progress.fraction);
        break;
    }
  };
  return { onProgress, settled: () => probing, firstModelAt: () => firstModelAt };
}

async function keepFiles(
  rooms: LaunchRooms,
  study: { studyId: string; result: StudyResult; target: string; firstModelAt: number | null },
): Promise<SelectOutputs> {
  const { studyId, result, target, firstModelAt } = study;
  const onnx = await rooms.blobs.putFile(result.winnerOnnxPath);
  const model = await rooms.blobs.putFile(result.winnerModelPath);
  const baselines = await Promise.all(
    result.baselines.map(async ({ name, onnxPath }) => ({
      name,
      onnxDigest: (await rooms.blobs.putFile(onnxPath)).digest,
    })),
  );
  const { task, metric, guards, leaderboard, schedule, split, splitDescription, trainRows, testRows } =
    result;
  const { classes, signature, coercions, winner, importance, firstModelSeconds } = result;
  return {
    ...{
      studyId,
      target,
      task,
      metric,
      guards,
      leaderboard,
      schedule,
      split,
      splitDescription,
      trainRows,
      testRows,
    },
    ...{ classes, signature, coercions, winner, importance, firstModelAt, firstModelSeconds, baselines },
    modelDigest: modelDigestOf(onnx.digest, signature, coercions),
    onnxDigest: onnx.digest,
    trainedModelDigest: model.digest,
  };
}
