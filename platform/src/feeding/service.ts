import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SourceCheck } from '../contracts/data-loads.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { isName } from '../kernel/names.ts';
import {
  DatasetLocks,
  type FeedingContext,
  type FeedingDeps,
  findVersion,
  inChild,
  inFolder,
  partFiles,
  requireDataset,
} from './context.ts';
import { editContract, getContract, trialOf } from './contracts/contract-service.ts';
import { datasetDetail, listDatasets, snapshotDetail } from './describe.ts';
import { dueFeeds, feedOf, noteLoad, openFeeds, refreshFeed, setSchedule, tellFailure } from './feeds.ts';
import { type LoadCommand, publishLoad, stageLoad } from './loads/load-service.ts';
import type { FetchedFile } from './ports.ts';
import { createPush, type PushService } from './push/push-service.ts';
import { heldItems } from './quarantine/held-items.ts';
import { actOnQuarantine, fixQuarantine, itemOf, listQuarantine } from './quarantine/quarantine-service.ts';
import { exportRows, joinDatasets, previewRows, query } from './queries/query-service.ts';
import { removeSecret, resolveSecrets, setSecret } from './secrets.ts';
import type { FeedingService } from './service-types.ts';
import { createSplit, listSplits, removeSplit } from './splits/split-service.ts';
import type { LoadRequest, StagedSnapshot } from './types.ts';
import { collectGarbage } from './versions/collect.ts';
import {
  closeProposal,
  createProposal,
  getProposal,
  listProposals,
  mergeProposal,
  reviewProposal,
} from './versions/proposals.ts';
import { createBranch, createTag, diffDataset, removeBranch, removeTag } from './versions/version-service.ts';

/** The room as one service; each file beside this one holds one concern. */
export function createFeeding(deps: FeedingDeps): FeedingService {
  const context: FeedingContext = { ...deps, locks: new DatasetLocks(), feedCache: new Map() };
  const push = createPush(context);
  return {
    ...loads(context, push),
    ...looks(context, push),
    ...contractsAndQuarantine(context),
    ...versions(context),
    ...questions(context),
    restore: async () => {
      await openFeeds(context);
      const folders = await readdir(deps.pushRoot).catch(() => []);
      await push.restore(folders.filter(isName));
    },
    close: () => push.close(),
  };
}

function loads(context: FeedingContext, push: PushService) {
  return {
    stage: (request, control) => stageFile(context, request, control),
    publish: async (tx, staged) => {
      const { version } = await publishLoad(context, tx, staged);
      return { version: version! };
    },
    singlePart: (snapshot) => singlePart(context, snapshot),
    stageLoad: (command, control, workDir) => stageLoad(context, command, control, workDir),
    publishLoad: (tx, staged) => publishLoad(context, tx, staged),
    loadEnded: async (dataset, { error, stored }) => {
      await refreshFeed(context, dataset);
      if (stored) await noteLoad(context, dataset, error);
      if (error !== null) await tellFailure(context, dataset, error);
    },
    exclusively: (dataset, work) => context.locks.run(dataset, work),
    stored: async (dataset) => {
      const feed = await feedOf(context, dataset);
      if (feed?.spec != null) return { spec: feed.spec, options: feed.options };
      await requireDataset(context, dataset);
      throw new SlipwayError('SOURCE_NOT_STORED', {
        message: `${dataset} has no stored source to load from`,
        fix: `Name one: \`slipway data add ${dataset} <source>\`.`,
        details: { dataset },
      });
    },
    setSchedule: (dataset, schedule) => setSchedule(context, dataset, schedule),
    due: () => dueFeeds(context),
    checkSource: async (spec) => {
      const secrets = await resolveSecrets(context, spec.credentials ?? {});
      return inFolder(context, 'check', (workDir) =>
        inChild<SourceCheck>(context, 'check', { spec, secrets, workDir }, { timeoutMs: 60_000 }),
      );
    },
    push: (dataset, rows) => push.push(dataset, rows),
    flush: (dataset) => push.flush(dataset),
  } satisfies Partial<FeedingService>;
}

function looks(context: FeedingContext, push: PushService) {
  return {
    list: (page) => listDatasets(context, page),
    get: (name) => datasetDetail(context, name, push.pendingRows(name)),
    snapshot: async (name, ref) => snapshotDetail(context, await findVersion(context, name, ref)),
    manifest: async (snapshotId) => {
      const row = await context.store.snapshotById(snapshotId);
      if (row !== undefined) return row.manifest;
      throw new SlipwayError('DATASET_NOT_FOUND', {
        message: `there is no snapshot ${snapshotId}`,
        fix: 'List data sets with `slipway data ls`.',
      });
    },
    preview: (name, wanted) => previewRows(context, name, wanted),
    remove: (name) => removeDataset(context, name),
  } satisfies Partial<FeedingService>;
}

function contractsAndQuarantine(context: FeedingContext) {
  return {
    getContract: (dataset) => getContract(context, dataset),
    editContract: (dataset, edit) => editContract(context, dataset, edit),
    tryContract: (dataset, body) => trialOf(context, dataset, body),
    listQuarantine: (dataset, wanted) => listQuarantine(context, dataset, wanted),
    fixQuarantine: (dataset, fix) => fixQuarantine(context, dataset, fix),
    actOnQuarantine: (dataset, action) => actOnQuarantine(context, dataset, action),
    exportQuarantine: async function* (dataset) {
      await requireDataset(context, dataset);
      for await (const item of heldItems(context, dataset)) {
        const bytes = item.record.bytes.toString('base64');
        yield `${JSON.stringify({ ...itemOf(item), bytes })}\n`;
      }
    },
  } satisfies Partial<FeedingService>;
}

function versions(context: FeedingContext) {
  return {
    diff: (dataset, wanted) => diffDataset(context, dataset, wanted),
    createBranch: (dataset, request) => createBranch(context, dataset, request),
    removeBranch: (dataset, name) => removeBranch(context, dataset, name),
    createTag: (dataset, request) => createTag(context, dataset, request),
    removeTag: (dataset, name) => removeTag(context, dataset, name),
    createProposal: (dataset, request) => createProposal(context, dataset, request),
    listProposals: (wanted) => listProposals(context, wanted),
    getProposal: (id) => getProposal(context, id),
    reviewProposal: (id, request) => reviewProposal(context, id, request),
    mergeProposal: (id) => mergeProposal(context, id),
    closeProposal: (id) => closeProposal(context, id),
    collect: (request, named) => collectGarbage(context, request, named),
  } satisfies Partial<FeedingService>;
}

function questions(context: FeedingContext) {
  return {
    listSplits: (dataset) => listSplits(context, dataset),
    createSplit: (dataset, request) => createSplit(context, dataset, request),
    removeSplit: (dataset, name) => removeSplit(context, dataset, name),
    query: (request, signal) => query(context, request, signal),
    exportRows: (request) => exportRows(context, request),
    join: (request) => joinDatasets(context, request),
    listSecrets: async () => context.secrets.names(),
    setSecret: (name, value) => setSecret(context, name, value),
    removeSecret: (name) => removeSecret(context, name),
  } satisfies Partial<FeedingService>;
}

/** A launch's own file: a whole load, under the contract if the data set has one. */
async function stageFile(
  context: FeedingContext,
  request: LoadRequest,
  control: Parameters<FeedingService['stage']>[1],
) {
  const { name, path, fileName, header, types } = request;
  const file: FetchedFile = { path, fileName, uri: basename(fileName), bytes: 0, temporary: false };
  const command: LoadCommand = {
    dataset: name,
    input: { kind: 'files', files: [file] },
    options: {
      mode: 'replace',
      ...(header === undefined ? {} : { header }),
      ...(types === undefined ? {} : { types }),
    },
  };
  const workDir = join(context.workRoot, `load-${context.ids()}`);
  await mkdir(workDir, { recursive: true });
  try {
    return await stageLoad(context, command, control, workDir);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function singlePart(context: FeedingContext, { manifest, id }: StagedSnapshot): Promise<string> {
  const [first, ...others] = manifest.parts;
  if (first !== undefined && others.length === 0) return first.digest;
  const paths = (await partFiles(context, manifest)).map(({ path }) => path);
  return inFolder(context, 'compact', async (workDir) => {
    const path = join(workDir, 'whole.parquet');
    const source = { dataset: manifest.dataset, version: 0, snapshot: id, schema: manifest.schema, paths };
    await inChild(context, 'compact', { source, path, workDir });
    return (await context.blobs.putFile(path, { consume: true })).digest;
  });
}

/** Blobs stay until they are collected: another data set may have the same parts. */
async function removeDataset(context: FeedingContext, name: string): Promise<void> {
  await requireDataset(context, name);
  const used = await context.store.usedBy(name);
  if (used.length > 0) {
    const models = [...new Set(used.map((entry) => `${entry.model} v${entry.version}`))];
    throw new SlipwayError('DATASET_IN_USE', {
      message: `${models.slice(0, 5).join(', ')} ${models.length === 1 ? 'was' : 'were'} trained on ${name}`,
      fix: 'Remove those models first, or keep the data set: it is their lineage.',
      details: { dataset: name, models },
    });
  }
  await context.locks.run(name, () =>
    context.transactor.transaction(async (tx) => {
      await context.store.remove(tx, name);
      await context.quarantine.remove(tx, name);
      await context.events.append(tx, { type: 'dataset.removed', subject: `datasets/${name}`, data: {} });
    }),
  );
  await refreshFeed(context, name);
}
