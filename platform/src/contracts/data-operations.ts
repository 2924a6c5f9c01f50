import { Type } from '@sinclair/typebox';
import { PageOf, PageQuery } from './common.ts';
import { ContractBody, ContractDetail, ContractEdit, ContractTrial, DataContract } from './data-contracts.ts';
import {
  DatasetSource,
  LoadAccepted,
  LoadRequestBody,
  LoadResult,
  QuarantineAction,
  QuarantineFix,
  QuarantinePage,
  QuarantineQuery,
  QuarantineResult,
  ScheduleSpec,
  SourceCheck,
  SourceSpec,
} from './data-loads.ts';
import {
  DerivedResult,
  JoinRequest,
  QueryReply,
  QueryRequest,
  SecretRequest,
  SecretSummary,
  SplitDetail,
  SplitRequest,
} from './data-query.ts';
import {
  BranchRequest,
  BranchSummary,
  CollectReport,
  CollectRequest,
  DatasetDiff,
  DiffQuery,
  ProposalDetail,
  ProposalRequest,
  ProposalSummary,
  ReviewRequest,
  TagRequest,
  TagSummary,
} from './data-versions.ts';
import { ById, ByName, closed, type Operation, Removed } from './operation.ts';

const ByBranch = Type.Object({ ...ByName.properties, branch: ByName.properties.name });
const ByTag = Type.Object({ ...ByName.properties, tag: ByName.properties.name });
const BySplit = Type.Object({ ...ByName.properties, split: ByName.properties.name });

/** What can be done with data sets, beyond looking at them. */
export const DATA_OPERATIONS = {
  loadDataset: {
    tag: 'datasets',
    summary: 'Load a source into a data set',
    params: ByName,
    body: LoadRequestBody,
    reply: LoadAccepted,
    status: 202,
  },
  getLoad: { tag: 'datasets', summary: 'Show how a load went', params: ById, reply: LoadResult },
  setSchedule: {
    tag: 'datasets',
    summary: 'Let a data set feed by itself, or stop it',
    params: ByName,
    body: closed({ schedule: Type.Union([ScheduleSpec, Type.Null()]) }),
    reply: DatasetSource,
  },
  checkSource: {
    tag: 'datasets',
    summary: 'Try a source: reach it, and list what it has',
    body: SourceSpec,
    reply: SourceCheck,
  },
  flushPushed: {
    tag: 'datasets',
    summary: 'Make a version of the rows pushed so far',
    params: ByName,
    reply: Type.Object({ version: Type.Union([Type.Integer(), Type.Null()]), rows: Type.Integer() }),
  },
  getContract: {
    tag: 'contracts',
    summary: 'Show the contract and its history',
    params: ByName,
    reply: ContractDetail,
  },
  editContract: {
    tag: 'contracts',
    summary: 'Change the contract that the next load is checked by',
    params: ByName,
    body: ContractEdit,
    reply: DataContract,
  },
  tryContract: {
    tag: 'contracts',
    summary: 'Count which of the present rows would break a contract',
    params: ByName,
    body: ContractBody,
    reply: ContractTrial,
  },
  listQuarantine: {
    tag: 'quarantine',
    summary: 'List rows that were kept back',
    params: ByName,
    query: QuarantineQuery,
    reply: QuarantinePage,
  },
  fixQuarantine: {
    tag: 'quarantine',
    summary: 'Correct rows that were kept back; replay loads them',
    params: ByName,
    body: QuarantineFix,
    reply: Type.Object({ fixed: Type.Integer() }),
  },
  actOnQuarantine: {
    tag: 'quarantine',
    summary: 'Replay, release or discard rows that were kept back',
    params: ByName,
    body: QuarantineAction,
    reply: QuarantineResult,
  },
  diffDataset: {
    tag: 'datasets',
    summary: 'Compare two versions: schema, statistics, rows',
    params: ByName,
    query: DiffQuery,
    reply: DatasetDiff,
  },
  createBranch: {
    tag: 'datasets',
    summary: 'Begin a branch',
    params: ByName,
    body: BranchRequest,
    reply: BranchSummary,
  },
  removeBranch: { tag: 'datasets', summary: 'Remove a branch', params: ByBranch, reply: Removed },
  createTag: {
    tag: 'datasets',
    summary: 'Name a version',
    params: ByName,
    body: TagRequest,
    reply: TagSummary,
  },
  removeTag: { tag: 'datasets', summary: 'Remove a name of a version', params: ByTag, reply: Removed },
  listProposals: {
    tag: 'proposals',
    summary: 'List proposals, newest first',
    query: closed({
      ...PageQuery.properties,
      dataset: Type.Optional(Type.String()),
      status: Type.Optional(Type.String()),
    }),
    reply: PageOf(ProposalSummary),
  },
  createProposal: {
    tag: 'proposals',
    summary: 'Propose a branch for main',
    params: ByName,
    body: ProposalRequest,
    reply: ProposalDetail,
  },
  getProposal: {
    tag: 'proposals',
    summary: 'Show a proposal: diff, checks, reviews',
    params: ById,
    reply: ProposalDetail,
  },
  reviewProposal: {
    tag: 'proposals',
    summary: 'Approve, reject or comment on a proposal',
    params: ById,
    body: ReviewRequest,
    reply: ProposalDetail,
  },
  mergeProposal: {
    tag: 'proposals',
    summary: 'Make the branch the newest version of main',
    params: ById,
    reply: ProposalDetail,
  },
  closeProposal: {
    tag: 'proposals',
    summary: 'Close a proposal without merging',
    params: ById,
    reply: ProposalDetail,
  },
  listSplits: {
    tag: 'datasets',
    summary: 'List splits with their proofs',
    params: ByName,
    reply: Type.Object({ items: Type.Array(SplitDetail) }),
  },
  createSplit: {
    tag: 'datasets',
    summary: 'Store a split rule and prove it on a version',
    params: ByName,
    body: SplitRequest,
    reply: SplitDetail,
  },
  removeSplit: { tag: 'datasets', summary: 'Remove a split rule', params: BySplit, reply: Removed },
  joinDatasets: {
    tag: 'datasets',
    summary: 'Join two data sets as of the time of each row',
    body: JoinRequest,
    reply: DerivedResult,
  },
  queryData: { tag: 'query', summary: 'Ask the snapshots with SQL', body: QueryRequest, reply: QueryReply },
  collectGarbage: {
    tag: 'datasets',
    summary: 'Remove versions and files that nothing refers to',
    body: CollectRequest,
    reply: CollectReport,
  },
  listSecrets: {
    tag: 'secrets',
    summary: 'List names of stored secrets',
    reply: Type.Object({ items: Type.Array(SecretSummary) }),
  },
  setSecret: {
    tag: 'secrets',
    summary: 'Store a secret, encrypted',
    body: SecretRequest,
    reply: SecretSummary,
  },
  removeSecret: { tag: 'secrets', summary: 'Remove a secret', params: ByName, reply: Removed },
} satisfies Record<string, Operation>;
