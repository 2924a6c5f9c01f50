import type { Page } from '../../contracts/common.ts';
import type {
  DatasetDiff,
  ProposalCheck,
  ProposalDetail,
  ProposalRequest,
  ProposalSummary,
  ReviewRequest,
} from '../../contracts/data-versions.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import {
  type BranchBody,
  currentContract,
  type FeedingContext,
  findVersion,
  requireDataset,
} from '../context.ts';
import { MAIN_BRANCH } from '../types.ts';
import { checksOf } from './proposal-checks.ts';
import { diffVersions } from './version-service.ts';

const PAGE_DEFAULT = 50;
const AUTHOR_DEFAULT = 'local';

/** What is stored; base and head are looked up while it is open, and stand still afterwards. */
type Stored = ProposalSummary;

export async function createProposal(
  deps: FeedingContext,
  dataset: string,
  request: ProposalRequest,
): Promise<ProposalDetail> {
  const main = await requireDataset(deps, dataset);
  const branch = await deps.records.get<BranchBody>('branch', dataset, request.branch);
  if (branch === undefined) {
    throw new SlipwayError('BRANCH_NOT_FOUND', {
      message: `${dataset} has no branch '${request.branch}'`,
      fix: `Begin it with \`slipway data branch ${dataset} ${request.branch}\`, load into it, then propose it.`,
      details: { dataset, branch: request.branch },
    });
  }
  if (branch.body.version === branch.body.base) {
    throw new SlipwayError('CONFLICT', {
      message: `${request.branch} has nothing that main lacks`,
      fix: `Load into it first: \`slipway data add ${dataset} <source> --branch ${request.branch}\`.`,
    });
  }
  const at = deps.clock.now();
  const proposal: Stored = {
    ...{ id: deps.ids(), dataset, branch: request.branch, title: request.title },
    ...{ description: request.description ?? '', author: request.author ?? AUTHOR_DEFAULT, status: 'open' },
    ...{ base: main.version, head: branch.body.version, reviews: [], mergedVersion: null },
    ...{ createdAt: at, updatedAt: at },
  };
  await store(deps, proposal, 'proposal.opened');
  return detail(deps, proposal);
}

async function store(deps: FeedingContext, proposal: Stored, event: string): Promise<void> {
  await deps.transactor.transaction(async (tx) => {
    const record = { dataset: proposal.dataset, name: proposal.id, body: proposal, at: proposal.updatedAt };
    await deps.records.put(tx, 'proposal', record);
    const data = { id: proposal.id, branch: proposal.branch, status: proposal.status };
    await deps.events.append(tx, { type: event, subject: `datasets/${proposal.dataset}`, data });
  });
}

export async function listProposals(
  deps: FeedingContext,
  query: { cursor?: string; limit?: number; dataset?: string; status?: string },
): Promise<Page<ProposalSummary>> {
  const all = (await deps.records.list<Stored>('proposal', query.dataset))
    .map(({ body }) => body)
    .filter(({ status }) => query.status === undefined || status === query.status)
    .reverse();
  const from = query.cursor === undefined ? 0 : all.findIndex(({ id }) => id === query.cursor) + 1;
  const limit = query.limit ?? PAGE_DEFAULT;
  const items = all.slice(from, from + limit);
  return from + limit < all.length ? { items, nextCursor: items.at(-1)!.id } : { items };
}

async function find(deps: FeedingContext, id: string): Promise<Stored> {
  const found = (await deps.records.list<Stored>('proposal')).find(({ name }) => name === id);
  if (found !== undefined) return found.body;
  throw new SlipwayError('NOT_FOUND', {
    message: `there is no proposal '${id}'`,
    fix: 'List them with `slipway data proposals`.',
    details: { id },
  });
}

export async function getProposal(deps: FeedingContext, id: string): Promise<ProposalDetail> {
  return detail(deps, await find(deps, id));
}

async function detail(deps: FeedingContext, stored: Stored): Promise<ProposalDetail> {
  const proposal = stored.status === 'open' ? await asOfNow(deps, stored) : stored;
  const diff = await diffOf(deps, proposal);
  const checks = proposal.status === 'open' ? await checksOf(deps, proposal, diff) : [];
  return { ...proposal, diff, checks, blocked: blockedBy(proposal, checks) };
}

async function asOfNow(deps: FeedingContext, stored: Stored): Promise<Stored> {
  const main = await requireDataset(deps, stored.dataset);
  const branch = await deps.records.get<BranchBody>('branch', stored.dataset, stored.branch);
  return { ...stored, base: main.version, head: branch?.body.version ?? stored.head };
}

/** Null when a version it compares was collected since. */
async function diffOf(deps: FeedingContext, { dataset, base, head }: Stored): Promise<DatasetDiff | null> {
  try {
    const contract = await currentContract(deps, dataset);
    const [from, to] = [await findVersion(deps, dataset, base), await findVersion(deps, dataset, head)];
    try {
      return await diffVersions(deps, from, to, contract?.body.key ?? []);
    } catch (error) {
      // A key that is none is no reason not to show the difference.
      if (
        error instanceof SlipwayError &&
        (error.code === 'KEY_NOT_UNIQUE' || error.code === 'COLUMN_NOT_FOUND')
      )
        return await diffVersions(deps, from, to, []);
      throw error;
    }
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'DATASET_VERSION_NOT_FOUND') return null;
    throw error;
  }
}

function blockedBy(proposal: Stored, checks: readonly ProposalCheck[]): string | null {
  if (proposal.status !== 'open') return `it is ${proposal.status}`;
  const failed = checks.find(({ status }) => status === 'fail');
  if (failed !== undefined) return `${failed.check}: ${failed.message}`;
  // The last word of each reviewer counts, and only about what is proposed now.
  const last = new Map(
    proposal.reviews
      .filter(({ verdict }) => verdict !== 'comment')
      .map((review) => [review.reviewer, review]),
  );
  const rejected = [...last.values()].find(({ verdict }) => verdict === 'reject');
  if (rejected !== undefined) return `${rejected.reviewer} rejected it`;
  const approved = [...last.values()].some(
    ({ verdict, head }) => verdict === 'approve' && head === proposal.head,
  );
  return approved ? null : 'nobody has approved what is proposed now';
}

export async function reviewProposal(
  deps: FeedingContext,
  id: string,
  request: ReviewRequest,
): Promise<ProposalDetail> {
  const stored = await find(deps, id);
  requireOpen(stored);
  const proposal = await asOfNow(deps, stored);
  const at = deps.clock.now();
  const review = {
    ...{
      reviewer: request.reviewer ?? AUTHOR_DEFAULT,
      verdict: request.verdict,
      comment: request.comment ?? '',
    },
    ...{ head: proposal.head, at },
  };
  const next = { ...proposal, reviews: [...proposal.reviews, review], updatedAt: at };
  await store(deps, next, 'proposal.reviewed');
  return detail(deps, next);
}

function requireOpen(proposal: Stored): void {
  if (proposal.status === 'open') return;
  throw new SlipwayError('CONFLICT', {
    message: `proposal ${proposal.id} is ${proposal.status}`,
    fix: 'Open a new one.',
    details: { id: proposal.id, status: proposal.status },
  });
}

export async function closeProposal(deps: FeedingContext, id: string): Promise<ProposalDetail> {
  const stored = await find(deps, id);
  requireOpen(stored);
  const next: Stored = { ...(await asOfNow(deps, stored)), status: 'closed', updatedAt: deps.clock.now() };
  await store(deps, next, 'proposal.closed');
  return detail(deps, next);
}

/** Makes the branch's newest rows main's newest version. @throws PROPOSAL_BLOCKED saying what stands in the way */
export async function mergeProposal(deps: FeedingContext, id: string): Promise<ProposalDetail> {
  const stored = await find(deps, id);
  requireOpen(stored);
  return deps.locks.run(stored.dataset, async () => {
    const now = await getProposal(deps, id);
    if (now.blocked !== null) {
      throw new SlipwayError('PROPOSAL_BLOCKED', {
        message: `${now.title} cannot be merged: ${now.blocked}`,
        fix: 'Mend what the checks say, or have somebody approve it: `slipway data review <id> --approve`.',
        details: { id, checks: now.checks, blocked: now.blocked },
      });
    }
    const head = await findVersion(deps, now.dataset, now.head);
    const at = deps.clock.now();
    const { diff: _diff, checks: _checks, blocked: _blocked, ...proposal } = now;
    const merged = await deps.transactor.transaction(async (tx) => {
      const row = await deps.store.insertSnapshot(tx, {
        ...{
          id: head.id,
          manifest: head.manifest,
          createdAt: at,
          branch: MAIN_BRANCH,
          operation: 'proposal',
        },
        ...{ parent: now.base, expected: now.base, contractVersion: head.contractVersion },
      });
      const next: Stored = { ...proposal, status: 'merged', mergedVersion: row.version, updatedAt: at };
      await deps.records.put(tx, 'proposal', { dataset: now.dataset, name: id, body: next, at });
      await deps.records.put(tx, 'branch', {
        ...{ dataset: now.dataset, name: now.branch, at },
        body: { version: row.version, base: row.version } satisfies BranchBody,
      });
      const { rows, quarantined } = head.manifest;
      const data = {
        version: row.version,
        snapshot: head.id,
        rows,
        quarantined,
        operation: 'proposal',
        proposal: id,
      };
      await deps.events.append(tx, { type: 'dataset.snapshot', subject: `datasets/${now.dataset}`, data });
      await deps.events.append(tx, {
        type: 'proposal.merged',
        subject: `datasets/${now.dataset}`,
        data: { id },
      });
      return next;
    });
    return detail(deps, merged);
  });
}
