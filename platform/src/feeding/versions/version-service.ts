import type {
  BranchRequest,
  BranchSummary,
  DatasetDiff,
  DiffQuery,
  TagRequest,
  TagSummary,
} from '../../contracts/data-versions.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { requireName } from '../../kernel/names.ts';
import {
  type BranchBody,
  currentContract,
  type FeedingContext,
  findVersion,
  inChild,
  inFolder,
  requireDataset,
  sourceOf,
} from '../context.ts';
import { MAIN_BRANCH, type SnapshotRow } from '../types.ts';

export async function branchesOf(deps: FeedingContext, dataset: string): Promise<BranchSummary[]> {
  const records = await deps.records.list<BranchBody>('branch', dataset);
  return records.map(({ name, body, updatedAt }) => ({ name, ...body, updatedAt }));
}

export async function tagsOf(deps: FeedingContext, dataset: string): Promise<TagSummary[]> {
  const records = await deps.records.list<{ version: number }>('tag', dataset);
  return records.map(({ name, body, createdAt }) => ({ name, version: body.version, createdAt }));
}

export async function createBranch(
  deps: FeedingContext,
  dataset: string,
  { name, version }: BranchRequest,
): Promise<BranchSummary> {
  const from = await findVersion(deps, dataset, version);
  await requireFree(deps, dataset, name, 'branch');
  const at = deps.clock.now();
  const body: BranchBody = { version: from.version, base: from.version };
  await deps.transactor.transaction(async (tx) => {
    await deps.records.put(tx, 'branch', { dataset, name, body, at });
    const data = { branch: name, version: from.version };
    await deps.events.append(tx, { type: 'dataset.branch', subject: `datasets/${dataset}`, data });
  });
  return { name, ...body, updatedAt: at };
}

/** One name means one thing: branches, tags and version numbers share one room. */
async function requireFree(
  deps: FeedingContext,
  dataset: string,
  name: string,
  what: 'branch' | 'tag',
): Promise<void> {
  requireName(what, name);
  const other = what === 'branch' ? 'tag' : 'branch';
  const taken =
    name === MAIN_BRANCH ||
    /^v?\d+$/.test(name) ||
    (await deps.records.get(other, dataset, name)) !== undefined ||
    (what === 'branch' && (await deps.records.get('branch', dataset, name)) !== undefined);
  if (!taken) return;
  throw new SlipwayError('CONFLICT', {
    message: `'${name}' already means something in ${dataset}`,
    fix: 'Choose another name; main and version numbers are taken.',
    details: { dataset, name },
  });
}

export async function removeBranch(deps: FeedingContext, dataset: string, name: string): Promise<void> {
  await requireDataset(deps, dataset);
  if ((await deps.records.get('branch', dataset, name)) === undefined)
    throw unknownName(dataset, name, 'branch');
  const open = (await deps.records.list<{ branch: string; status: string }>('proposal', dataset)).find(
    ({ body }) => body.branch === name && body.status === 'open',
  );
  if (open !== undefined) {
    throw new SlipwayError('CONFLICT', {
      message: `proposal ${open.name} wants to merge ${name}`,
      fix: `Merge or close it first: \`slipway data merge ${open.name}\`.`,
      details: { proposal: open.name },
    });
  }
  await deps.transactor.transaction(async (tx) => {
    await deps.records.remove(tx, 'branch', dataset, name);
    const data = { branch: name };
    await deps.events.append(tx, { type: 'dataset.branch-removed', subject: `datasets/${dataset}`, data });
  });
}

/** Names a version; a tag that exists moves. */
export async function createTag(
  deps: FeedingContext,
  dataset: string,
  { name, version }: TagRequest,
): Promise<TagSummary> {
  const row = await findVersion(deps, dataset, version);
  await requireFree(deps, dataset, name, 'tag');
  const at = deps.clock.now();
  await deps.transactor.transaction(async (tx) => {
    await deps.records.put(tx, 'tag', { dataset, name, body: { version: row.version }, at });
    const data = { tag: name, version: row.version };
    await deps.events.append(tx, { type: 'dataset.tag', subject: `datasets/${dataset}`, data });
  });
  return { name, version: row.version, createdAt: at };
}

export async function removeTag(deps: FeedingContext, dataset: string, name: string): Promise<void> {
  await requireDataset(deps, dataset);
  if ((await deps.records.get('tag', dataset, name)) === undefined) throw unknownName(dataset, name, 'tag');
  await deps.transactor.transaction(async (tx) => {
    await deps.records.remove(tx, 'tag', dataset, name);
    const data = { tag: name };
    await deps.events.append(tx, { type: 'dataset.tag-removed', subject: `datasets/${dataset}`, data });
  });
}

function unknownName(dataset: string, name: string, what: string): SlipwayError {
  return new SlipwayError('NOT_FOUND', {
    message: `${dataset} has no ${what} '${name}'`,
    fix: `\`slipway data show ${dataset}\` lists them.`,
  });
}

export async function diffDataset(
  deps: FeedingContext,
  dataset: string,
  query: DiffQuery,
): Promise<DatasetDiff> {
  const to = await findVersion(deps, dataset, query.to);
  const from =
    query.from === undefined ? await before(deps, to) : await findVersion(deps, dataset, query.from);
  const contract = await currentContract(deps, dataset);
  const key = query.key === undefined ? (contract?.body.key ?? []) : splitKey(query.key);
  return diffVersions(deps, from, to, key);
}

function splitKey(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

async function before(deps: FeedingContext, to: SnapshotRow): Promise<SnapshotRow> {
  if (to.parent !== null) return findVersion(deps, to.dataset, to.parent);
  throw new SlipwayError('DATASET_VERSION_NOT_FOUND', {
    message: `version ${to.version} of ${to.dataset} is its first: there is nothing to compare it with`,
    fix: 'Name two versions with --from and --to.',
    details: { dataset: to.dataset, version: to.version },
  });
}

export async function diffVersions(
  deps: FeedingContext,
  from: SnapshotRow,
  to: SnapshotRow,
  key: readonly string[],
): Promise<DatasetDiff> {
  const sources = { from: await sourceOf(deps, from), to: await sourceOf(deps, to) };
  const schemaOf = ({ manifest }: SnapshotRow) =>
    JSON.stringify(manifest.schema.columns.map((c) => [c.name, c.type]));
  const identical = from.manifest.fingerprint === to.manifest.fingerprint && schemaOf(from) === schemaOf(to);
  return inFolder(deps, 'diff', (workDir) =>
    inChild<DatasetDiff>(deps, 'diff', { ...sources, identical, key, workDir }),
  );
}
