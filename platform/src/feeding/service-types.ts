import type { Page, PageQuery } from '../contracts/common.ts';
import type {
  ContractBody,
  ContractDetail,
  ContractEdit,
  ContractTrial,
  DataContract,
} from '../contracts/data-contracts.ts';
import type {
  DatasetSource,
  LoadOptions,
  PushReply,
  QuarantineAction,
  QuarantineFix,
  QuarantinePage,
  QuarantineQuery,
  QuarantineResult,
  ScheduleSpec,
  SourceCheck,
  SourceSpec,
} from '../contracts/data-loads.ts';
import type {
  DerivedResult,
  ExportRequest,
  JoinRequest,
  QueryReply,
  QueryRequest,
  SecretSummary,
  SplitDetail,
  SplitRequest,
} from '../contracts/data-query.ts';
import type {
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
} from '../contracts/data-versions.ts';
import type {
  DatasetDetail,
  DatasetSummary,
  RowsPreview,
  RowsQuery,
  SnapshotDetail,
} from '../contracts/datasets.ts';
import type { Tx } from '../ports/transaction.ts';
import type { LoadCommand, LoadControl, StagedLoad } from './loads/load-service.ts';
import type { LoadRequest, SnapshotManifest, StagedSnapshot } from './types.ts';

/** Loading a file or a source into a data set, in the two halves that a pipeline step needs. */
export interface LoadsService {
  /** Reads and checks in a child process and stores files; nothing is visible yet. */
  stageLoad(command: LoadCommand, control: LoadControl, workDir: string): Promise<StagedLoad>;
  /** @returns the version; the one before when the source had nothing new */
  publishLoad(tx: Tx, staged: StagedLoad): Promise<{ version: number | null }>;
  /**
   * After a commit or a failure: what is remembered of the feed is what was committed.
   *
   * @param end.stored the source is the data set's own: its schedule learns how it ended
   */
  loadEnded(dataset: string, end: { readonly error: string | null; readonly stored: boolean }): Promise<void>;
  /** Runs `work` when nothing else is made of this data set. */
  exclusively<T>(dataset: string, work: () => Promise<T>): Promise<T>;
  /** The stored source; throws SOURCE_NOT_STORED. */
  stored(dataset: string): Promise<{ spec: SourceSpec; options: LoadOptions }>;
  setSchedule(dataset: string, schedule: ScheduleSpec | null): Promise<DatasetSource>;
  /** Data sets whose scheduled time has come. */
  due(): string[];
  checkSource(spec: SourceSpec): Promise<SourceCheck>;
  push(
    dataset: string,
    rows: { readonly body: Buffer; readonly format: 'ndjson' | 'arrow'; readonly key: string },
  ): Promise<PushReply>;
  flush(dataset: string): Promise<{ version: number | null; rows: number }>;
}

export interface FeedingService extends LoadsService {
  /** Reads, checks, profiles and stores a file for a launch. Deterministic in the bytes, the options and the contract. */
  stage(request: LoadRequest, control: LoadControl): Promise<StagedLoad>;
  /** Makes the snapshot the newest version of its data set; the same snapshot again is the same version. */
  publish(tx: Tx, staged: StagedLoad): Promise<{ version: number }>;
  /** One file with all rows of a snapshot, in order: its only part, or its parts put together. Content-addressed. */
  singlePart(snapshot: StagedSnapshot): Promise<string>;
  list(query: PageQuery): Promise<Page<DatasetSummary>>;
  /** Throws DATASET_NOT_FOUND with the nearest name. */
  get(name: string): Promise<DatasetDetail>;
  /** @param ref version, tag or branch */
  snapshot(name: string, ref?: number | string): Promise<SnapshotDetail>;
  manifest(snapshotId: string): Promise<SnapshotManifest>;
  preview(name: string, query: RowsQuery): Promise<RowsPreview>;
  /** Throws DATASET_IN_USE while a model version refers to it. */
  remove(name: string): Promise<void>;

  getContract(dataset: string): Promise<ContractDetail>;
  editContract(dataset: string, edit: ContractEdit): Promise<DataContract>;
  tryContract(dataset: string, contract: ContractBody): Promise<ContractTrial>;

  listQuarantine(dataset: string, query: QuarantineQuery): Promise<QuarantinePage>;
  fixQuarantine(dataset: string, fix: QuarantineFix): Promise<{ fixed: number }>;
  actOnQuarantine(dataset: string, action: QuarantineAction): Promise<QuarantineResult>;
  /** Every row that was ever kept back, as NDJSON lines with their bytes. */
  exportQuarantine(dataset: string): AsyncIterable<string>;

  diff(dataset: string, query: DiffQuery): Promise<DatasetDiff>;
  createBranch(dataset: string, request: BranchRequest): Promise<BranchSummary>;
  removeBranch(dataset: string, name: string): Promise<void>;
  createTag(dataset: string, request: TagRequest): Promise<TagSummary>;
  removeTag(dataset: string, name: string): Promise<void>;
  createProposal(dataset: string, request: ProposalRequest): Promise<ProposalDetail>;
  listProposals(query: PageQuery & { dataset?: string; status?: string }): Promise<Page<ProposalSummary>>;
  getProposal(id: string): Promise<ProposalDetail>;
  reviewProposal(id: string, request: ReviewRequest): Promise<ProposalDetail>;
  mergeProposal(id: string): Promise<ProposalDetail>;
  closeProposal(id: string): Promise<ProposalDetail>;
  collect(
    request: CollectRequest,
    named: (digests: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<Omit<CollectReport, 'orphans'>>;

  listSplits(dataset: string): Promise<{ items: SplitDetail[] }>;
  createSplit(dataset: string, request: SplitRequest): Promise<SplitDetail>;
  removeSplit(dataset: string, name: string): Promise<void>;
  query(request: QueryRequest, signal?: AbortSignal): Promise<QueryReply>;
  exportRows(
    request: ExportRequest,
  ): Promise<{ stream: NodeJS.ReadableStream; rows: number; close: () => Promise<void> }>;
  join(request: JoinRequest): Promise<DerivedResult>;

  listSecrets(): Promise<SecretSummary[]>;
  setSecret(name: string, value: string): Promise<SecretSummary>;
  removeSecret(name: string): Promise<void>;

  /** At server start: feeds and push logs are opened. */
  restore(): Promise<void>;
  close(): Promise<void>;
}
