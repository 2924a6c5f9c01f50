import type { ReportDetail } from '../contracts/validations.ts';
import { canonicalJson, digestOf } from '../kernel/canonical-json.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import type { StepContext, StepDefinition } from '../pipelines/types.ts';
import type { ValidationRequest, ValidationService } from '../validation/types.ts';
import { readBundle } from './bundles.ts';
import { planFromParams } from './launch-plan.ts';
import type { LaunchRooms } from './launch-rooms.ts';
import { asJson, outputsOf, type SelectOutputs, type ValidateOutputs } from './step-outputs.ts';

/** Judges the packaged bytes. The step completes whatever the verdict: the report is the result; the gate stands before deploy. */
export function validateStep(rooms: LaunchRooms): StepDefinition {
  return {
    name: 'validate',
    run: async (context) => {
      const request = await validationRequest(rooms, context);
      // Beside the judging and on the rows that it opens: neither sees what the other found.
      const explained = explain(rooms, context, request);
      // Awaited below; without this a failure of the judging would leave it unhandled.
      explained.catch(() => undefined);
      const report = await rooms.validation.judge(request, {
        signal: context.signal,
        onProgress: ({ message, fraction }) => context.progress(message, fraction),
      });
      const testKey = testKeyOf(context);
      if (report.verdict === 'error') {
        // The report is kept for whoever looks for the cause; the step fails, so that running again judges again.
        await rooms.transactor.transaction((tx) => rooms.validation.publish(tx, report, { testKey }));
        throw new SlipwayError('VALIDATION_ERROR', {
          message: `a check crashed: ${crashedChecks(report)}`,
          fix: 'Read the report; run the same command again once the cause is mended.',
          details: { reportId: report.id },
        });
      }
      return {
        outputs: asJson(validateOutputs(report, await explained)),
        summary: `${report.verdict}: ${report.blocking} blocking, ${report.warnings} warnings, ${report.ledger.length} tests; ${report.metric.metric} ${report.metric.value.toFixed(4)}`,
        publish: async (tx) => {
          await rooms.validation.publish(tx, report, { testKey });
          return undefined;
        },
      };
    },
  };
}

async function validationRequest(
  rooms: LaunchRooms,
  context: StepContext,
): Promise<Parameters<ValidationService['judge']>[0]> {
  const plan = planFromParams(context.params);
  const feed = outputsOf(context, 'feed');
  const select = outputsOf(context, 'select');
  const packaged = outputsOf(context, 'package');
  const { signature, coercions } = select;
  const champion = await championUnderTest(rooms, plan.name, select);
  return {
    model: plan.name,
    modelDigest: packaged.modelDigest,
    candidate: {
      name: select.winner,
      onnxPath: await rooms.blobs.localPath(packaged.onnxDigest),
      signature,
      coercions,
    },
    baselines: await Promise.all(
      select.baselines.map(async ({ name, onnxDigest }) => ({
        name,
        onnxPath: await rooms.blobs.localPath(onnxDigest),
        signature,
        coercions,
      })),
    ),
    ...(champion === undefined ? {} : { champion }),
    partPath: await rooms.blobs.localPath(feed.partDigest),
    schema: feed.schema,
    split: select.split,
    ...(feed.test === null
      ? {}
      : {
          testPart: {
            partPath: await rooms.blobs.localPath(feed.test.partDigest),
            schema: feed.test.schema,
            description: `${feed.test.dataset} v${feed.test.version}`,
          },
        }),
    snapshotId: feed.snapshot,
    metric: select.metric,
    policy: plan.policy,
    guards: select.guards,
    leaks: plan.leaks,
    classes: select.classes,
    seed: plan.seed,
    testKey: testKeyOf(context),
  };
}

async function championUnderTest(
  rooms: LaunchRooms,
  name: string,
  select: SelectOutputs,
): Promise<ValidationRequest['champion']> {
  const champion = await rooms.registry.champion(name);
  if (champion === undefined) return undefined;
  const { signature } = champion;
  // Another target or task is another question: there is nothing to compare, and the new version simply follows.
  if (signature.target !== select.target || signature.task !== select.task) return undefined;
  const bundle = await readBundle(rooms.blobs, champion.bundleDigest);
  return {
    name: `v${champion.version}`,
    version: champion.version,
    onnxPath: await rooms.blobs.localPath(bundle.onnxDigest),
    signature: bundle.signature,
    coercions: bundle.coercions,
    split: bundle.split,
    snapshotId: champion.lineage.dataset.snapshot,
  };
}

/** The blob of the explanation. A model that cannot be explained is judged all the same: then there is none, and the log says why. */
async function explain(
  rooms: LaunchRooms,
  context: StepContext,
  request: Awaited<ReturnType<typeof validationRequest>>,
): Promise<string | null> {
  try {
    const { candidate, classes, partPath, schema, split, testPart, seed } = request;
    const explainerPath = await rooms.blobs.localPath(outputsOf(context, 'package').explainerDigest);
    const explanation = await rooms.validation.explain(
      {
        ...{ candidate, classes, partPath, schema, split, seed, explainerPath },
        ...(testPart === undefined ? {} : { testPart }),
      },
      { signal: context.signal },
    );
    return (await rooms.blobs.put(new TextEncoder().encode(canonicalJson(explanation)))).digest;
  } catch (error) {
    context.log(`the model could not be explained: ${toSlipwayError(error).message}`);
    return null;
  }
}

function validateOutputs(report: ReportDetail, explanationDigest: string | null): ValidateOutputs {
  const { id, verdict, findings, metric, metrics } = report;
  return { reportId: id, verdict, findings, metric, metrics, explanationDigest };
}

/** The same test rows under the same rule: opening them again is counted. */
function testKeyOf(context: StepContext): string {
  const feed = outputsOf(context, 'feed');
  return digestOf({ test: feed.test?.snapshot ?? feed.snapshot, split: outputsOf(context, 'select').split });
}

function crashedChecks(report: ReportDetail): string {
  const crashed = report.ledger.filter((entry) => entry.outcome === 'error');
  return [...new Set(crashed.map((entry) => entry.check))].join(', ') || 'unknown';
}
