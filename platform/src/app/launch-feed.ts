import type { StagedLoad } from '../feeding/index.ts';
import type { StagedSnapshot } from '../feeding/types.ts';
import { digestOf } from '../kernel/canonical-json.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { StepContext, StepDefinition } from '../pipelines/types.ts';
import type { ColumnType } from '../tables/table.ts';
import { type LaunchPlan, planFromParams } from './launch-plan.ts';
import type { LaunchRooms } from './launch-rooms.ts';
import type { SourceFile } from './source-file.ts';
import { asJson, type FedSnapshot, type FeedOutputs } from './step-outputs.ts';

/** Rows in, snapshot out. The user's own test file becomes a data set of its own, read with the training columns' types. */
export function feedStep(rooms: LaunchRooms): StepDefinition {
  return {
    name: 'feed',
    cacheKey: ({ params }) => feedKey(planFromParams(params)),
    stillValid: async (outputs) => {
      const fed = outputs as unknown as FeedOutputs;
      const parts = [fed.partDigest, ...(fed.test === null ? [] : [fed.test.partDigest])];
      return (await Promise.all(parts.map((digest) => rooms.blobs.has(digest)))).every(Boolean);
    },
    run: async (context) => {
      const plan = planFromParams(context.params);
      const given = plan.data;
      const staged =
        given === null
          ? await stage(rooms, context, {
              ...{ plan, file: plan.source!, dataset: plan.name, types: plan.types },
            })
          : { id: given.snapshot, manifest: await rooms.feeding.manifest(given.snapshot) };
      const stagedTest =
        plan.testSource === null
          ? null
          : await stage(rooms, context, {
              plan,
              file: plan.testSource,
              dataset: `${plan.name}-test`,
              types: typesOf(staged),
            });
      const part = await rooms.feeding.singlePart(staged);
      const testPart = stagedTest === null ? '' : await rooms.feeding.singlePart(stagedTest);
      const { rows, quarantined } = staged.manifest;
      return {
        outputs: asJson({
          ...fedSnapshot(staged, part, given?.version ?? 0),
          test: stagedTest === null ? null : fedSnapshot(stagedTest, testPart, 0),
        }),
        summary: `${count(rows)} rows, ${count(quarantined)} in quarantine, ${staged.manifest.schema.columns.length} columns`,
        publish: async (tx) => {
          const version =
            'report' in staged ? (await rooms.feeding.publish(tx, staged)).version : given!.version;
          if (stagedTest === null) return { version };
          const test = await rooms.feeding.publish(tx, stagedTest);
          return { version, test: asJson(fedSnapshot(stagedTest, testPart, test.version)) };
        },
      };
    },
  };
}

function feedKey(plan: LaunchPlan): string {
  const { name, source, data, testSource, types, header } = plan;
  return digestOf({
    reader: 1,
    name,
    source: source?.digest ?? null,
    ...(data === null ? {} : { data: data.snapshot }),
    test: testSource?.digest ?? null,
    types,
    header,
  });
}

interface StageRequest {
  readonly plan: LaunchPlan;
  readonly file: SourceFile;
  readonly dataset: string;
  readonly types: Readonly<Record<string, ColumnType>>;
}

async function stage(rooms: LaunchRooms, context: StepContext, request: StageRequest): Promise<StagedLoad> {
  const { plan, file, dataset, types } = request;
  const began = rooms.clock.elapsed();
  const staged = await rooms.feeding.stage(
    { name: dataset, path: file.path, fileName: file.fileName, header: plan.header, types },
    {
      signal: context.signal,
      onProgress: ({ message, rows, bytes, bytesTotal }) => {
        const seconds = Math.max(0.001, (rooms.clock.elapsed() - began) / 1000);
        const fraction = bytesTotal > 0 ? Math.min(1, bytes / bytesTotal) : undefined;
        const rate = rows > 0 ? `, ${count(Math.round(rows / seconds))} rows/s` : '';
        const remaining =
          fraction === undefined || fraction < 0.05 ? undefined : (seconds * (1 - fraction)) / fraction;
        context.progress(`${message} ${count(rows)} rows${rate}`, fraction, remaining);
      },
    },
  );
  if (staged.manifest.source.digest !== file.digest) {
    throw new SlipwayError('SOURCE_CHANGED', {
      message: `${file.fileName} changed while it was being read`,
      fix: 'Run the same command again when nothing writes to the file any more.',
    });
  }
  context.log(`read ${file.fileName}: ${staged.manifest.sourceRows} rows in the source`);
  return staged;
}

function typesOf(staged: StagedSnapshot): Record<string, ColumnType> {
  return Object.fromEntries(staged.manifest.schema.columns.map((column) => [column.name, column.type]));
}

function fedSnapshot(staged: StagedSnapshot, partDigest: string, version: number): FedSnapshot {
  const { manifest, id } = staged;
  return {
    dataset: manifest.dataset,
    version,
    snapshot: id,
    rows: manifest.rows,
    quarantined: manifest.quarantined,
    columns: manifest.schema.columns.length,
    partDigest,
    schema: manifest.schema,
    fingerprint: manifest.fingerprint,
  };
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}
