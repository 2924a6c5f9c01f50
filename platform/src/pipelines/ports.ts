import type { Page, PageQuery } from '../contracts/common.ts';
import type {
  LogLine,
  PipelineSummary,
  RunDetail,
  RunStatus,
  RunSummary,
  StepStatus,
} from '../contracts/runs.ts';
import type { SerializedError } from '../kernel/errors.ts';
import type { Tx } from '../ports/transaction.ts';
import type { JsonObject } from './types.ts';

export interface AttemptRow {
  readonly id: string;
  readonly runId: string;
  readonly step: string;
  readonly epoch: number;
  readonly startedAt: number;
}

/** Where runs, steps and attempts are recorded. Every transition is one conditional statement; a refused one returns false. */
export interface RunStore {
  insertRun(
    tx: Tx,
    run: {
      id: string;
      pipeline: string;
      name: string;
      key: string;
      params: JsonObject;
      steps: readonly string[];
      createdAt: number;
    },
  ): Promise<void>;
  /** The newest run of this key. */
  findByKey(pipeline: string, key: string): Promise<RunDetail | undefined>;
  find(runId: string): Promise<RunDetail | undefined>;
  list(query: PageQuery & { pipeline?: string; status?: string; name?: string }): Promise<Page<RunSummary>>;
  /** Sets run status from one of `from`; false when it was in none of them. */
  setRunStatus(
    tx: Tx,
    runId: string,
    change: {
      from: readonly RunStatus[];
      to: RunStatus;
      at: number;
      error?: SerializedError;
      result?: JsonObject;
    },
  ): Promise<boolean>;
  /** Starts an attempt with epoch = last + 1 and marks the step running. */
  startAttempt(
    tx: Tx,
    attempt: {
      id: string;
      runId: string;
      step: string;
      startedAt: number;
      cacheKey?: string;
      reason: string;
    },
  ): Promise<AttemptRow>;
  /** Ends an attempt and its step; false when the epoch is not the step's newest or the step is not running. */
  endAttempt(
    tx: Tx,
    attempt: {
      runId: string;
      step: string;
      epoch: number;
      status: StepStatus;
      at: number;
      outputs?: JsonObject;
      error?: SerializedError;
    },
  ): Promise<boolean>;
  /** Marks a step as answered from the cache. */
  markCached(
    tx: Tx,
    step: { runId: string; step: string; outputs: JsonObject; cacheKey: string; reason: string; at: number },
  ): Promise<void>;
}

/** Reads that serve the cache, people and recovery. */
export interface RunQueries {
  /** Outputs of the newest completed step with this cache key in any run of these pipelines. */
  cachedOutputs(
    pipelines: readonly string[],
    step: string,
    cacheKey: string,
  ): Promise<{ runId: string; outputs: JsonObject } | undefined>;
  /** Runs recorded as live. */
  live(): Promise<RunSummary[]>;
  pipelines(): Promise<PipelineSummary[]>;
  appendLogs(runId: string, lines: readonly Omit<LogLine, 'sequence'>[]): Promise<void>;
  logs(runId: string, query: { after?: number; limit?: number; step?: string }): Promise<LogLine[]>;
}
