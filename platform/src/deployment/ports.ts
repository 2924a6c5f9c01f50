import type { Page, PageQuery } from '../contracts/common.ts';
import type { Revision } from '../contracts/deployments.ts';
import type { Tx } from '../ports/transaction.ts';
import type { DecodedRequest, RawContributions, ServableModel } from './types.ts';

export interface DeploymentRow {
  readonly name: string;
  readonly liveRevision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Where deployments, revisions and feedback are recorded. */
export interface DeploymentStore {
  /** Inserts revision n + 1 as live and makes the former live one `previous`. */
  insertRevision(
    tx: Tx,
    deployment: string,
    revision: Omit<Revision, 'revision' | 'role'>,
  ): Promise<Revision>;
  find(name: string): Promise<(DeploymentRow & { readonly revisions: readonly Revision[] }) | undefined>;
  list(query: PageQuery): Promise<Page<DeploymentRow>>;
  remove(tx: Tx, name: string): Promise<void>;
}

export interface FeedbackStore {
  /** Upserts labels by prediction id: the newest `time` wins. */
  record(
    tx: Tx,
    items: readonly {
      predictionId: string;
      deployment: string;
      label: string | number | boolean;
      time: number;
      receivedAt: number;
    }[],
  ): Promise<void>;
  after(
    deployment: string,
    sequence: number,
    limit: number,
  ): Promise<{ sequence: number; predictionId: string; label: string | number | boolean }[]>;
  labels(predictionIds: readonly string[]): Promise<Map<string, string | number | boolean>>;
}

/** One loaded model in a worker thread. Batches whatever queued while the previous run was busy; never a timer. */
export interface ModelWorker {
  /** Row-major rows × outputs. Throws QUEUE_FULL when more than the limit waits. */
  predict(request: DecodedRequest): Promise<Float32Array>;
  /** Of the trained model that the graph was exported from. Throws REASONS_UNAVAILABLE when it was not kept. */
  explain(request: DecodedRequest): Promise<RawContributions>;
  /** Rows waiting. */
  readonly queuedRows: number;
  /** Waits for what is under way, then ends the worker between runs (never inside one: that aborts the process). */
  close(): Promise<void>;
}

export interface ModelRuntime {
  /** Loads, warms and returns; throws MODEL_UNREADABLE. */
  start(model: ServableModel): Promise<ModelWorker>;
}
