import type { Page, PageQuery } from '../contracts/common.ts';
import type {
  DeploymentDetail,
  DeploymentSummary,
  FeedbackReply,
  FeedbackRequest,
  LoggedPrediction,
} from '../contracts/deployments.ts';
import type { ModelSignature } from '../contracts/models.ts';
import type { Tx } from '../ports/transaction.ts';
import type { Coercions, DecodedColumn } from '../tables/coercion.ts';

/** What a revision serves. */
export interface ServableModel {
  readonly model: string;
  readonly version: number;
  readonly modelDigest: string;
  readonly onnxPath: string;
  /** File with the trained model's `ExplainableModel`; absent from bundles of before there were any. */
  readonly explainerPath?: string;
  readonly signature: ModelSignature;
  readonly coercions: Coercions;
}

/** Raw columns of one request, decoded by the coercions; shared with the prediction log. */
export interface DecodedRequest {
  readonly rows: number;
  /** In the order of the coercions. */
  readonly columns: readonly DecodedColumn[];
}

export interface PredictionBatch {
  /** One id per row, time-ordered. */
  readonly ids: readonly string[];
  /** Row-major rows × outputs. */
  readonly outputs: Float32Array;
  readonly outputsPerRow: number;
  readonly revision: number;
  readonly model: ServableModel;
}

/** What each column did to the raw scores of some rows: base + the sum over the columns is the score. */
export interface RawContributions {
  readonly rows: number;
  readonly columns: readonly string[];
  /** Raw scores a row has: 1 (log-odds of the second label, or the value), or one per label. */
  readonly outputs: number;
  /** One per output. */
  readonly base: Float64Array;
  /** Row-major rows × outputs × columns. */
  readonly values: Float64Array;
}

/** A record as the monitor reads it from the log, columnar, in log order. */
export interface LoggedBatch {
  readonly deployment: string;
  readonly revision: number;
  readonly modelDigest: string;
  /** Epoch ms of the predictions. */
  readonly times: Float64Array;
  readonly ids: readonly string[];
  readonly request: DecodedRequest;
  readonly outputs: Float32Array;
  readonly outputsPerRow: number;
}

/** Position in a deployment's log; opaque to readers, ordered. */
export type LogPosition = string;

export interface DeploymentService {
  /** Loads and warms the model in a worker beside the live one. Throws MODEL_UNREADABLE. Nothing is switched yet. */
  prepare(deployment: string, model: ServableModel): Promise<PreparedRevision>;
  /** Records the revision (in the step's transaction); `activate` after the commit switches the pointer: 0 failed requests. */
  publish(tx: Tx, prepared: PreparedRevision, reason: string): Promise<{ revision: number }>;
  activate(deployment: string, revision: number): Promise<void>;
  discard(prepared: PreparedRevision): Promise<void>;
  /** Back to an earlier revision, whose worker is still warm where it is the previous one. */
  rollback(deployment: string, revision?: number): Promise<DeploymentDetail>;
  /** Loads the model only to prove that it can be served (the launch's first model), then drops it. */
  probe(model: ServableModel): Promise<void>;
  /** Decode → worker → outputs → log (acknowledged when written to the OS) → batch. Throws QUEUE_FULL (429) and input errors. */
  predict(deployment: string, request: DecodedRequest): Promise<PredictionBatch>;
  /** Why the revision of a batch answered as it did. Throws REASONS_UNAVAILABLE. */
  explain(deployment: string, request: DecodedRequest, batch: PredictionBatch): Promise<RawContributions>;
  /** The live model of a deployment, for decoding. Throws DEPLOYMENT_NOT_FOUND, DEPLOYMENT_NOT_READY. */
  live(deployment: string): ServableModel;
  list(query: PageQuery): Promise<Page<DeploymentSummary>>;
  get(name: string): Promise<DeploymentDetail>;
  predictions(name: string, query: { limit?: number; before?: string }): Promise<LoggedPrediction[]>;
  prediction(id: string): Promise<LoggedPrediction>;
  feedback(request: FeedbackRequest): Promise<FeedbackReply>;
  /** Reads the log on from a position: at most `rowsMax` rows. */
  readLog(
    name: string,
    from: LogPosition | undefined,
    rowsMax: number,
  ): Promise<{ batches: LoggedBatch[]; next: LogPosition }>;
  /** Feedback recorded since a sequence: joined label and prediction. */
  labelled(
    name: string,
    afterSequence: number,
    limit: number,
  ): Promise<{ items: { prediction: LoggedPrediction; label: string | number | boolean }[]; next: number }>;
  /** Counts one finished HTTP reply. */
  observe(deployment: string, reply: { status: number; rows: number; latencyMs: number }): void;
  remove(name: string): Promise<void>;
  /** At server start: loads every live revision. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export interface PreparedRevision {
  readonly deployment: string;
  readonly model: ServableModel;
  readonly token: string;
}
