import type { Page, PageQuery } from '../contracts/common.ts';
import type { LaunchProgress, LaunchStepLine } from '../contracts/launch.ts';
import type { LogLine, PipelineSummary, RunDetail, RunSummary } from '../contracts/runs.ts';
import type { Tx } from '../ports/transaction.ts';

/** JSON values: what steps receive and leave. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

export interface StepContext {
  readonly runId: string;
  readonly attemptId: string;
  readonly params: JsonObject;
  /** Outputs of an earlier, completed (or cached) step. */
  outputsOf(step: string): JsonObject;
  /** Durable, batched. */
  log(message: string, level?: 'info' | 'warning' | 'error'): void;
  /** Live only. */
  progress(message: string, fraction?: number, remainingSeconds?: number): void;
  /** Aborted when the run is cancelled, the server stops, or the lease is lost. */
  readonly signal: AbortSignal;
  /** Private to this step of this run key; survives a kill, removed when the run completes. */
  readonly workDir: string;
}

export interface StepOutcome {
  readonly outputs: JsonObject;
  /** One sentence for people. */
  readonly summary: string;
  /**
   * Makes the step's results visible, in the same transaction that completes the step (conditional on epoch and state):
   * published exactly once, whatever is killed when. What it returns is merged into the outputs.
   */
  publish?(tx: Tx): Promise<JsonObject | undefined>;
  /**
   * Called once after the commit, best effort: makes this process act on what is now true (switch a pointer). A kill before it
   * loses nothing, because the next server start restores from what was committed. Its failure is logged, not raised.
   */
  committed?(outputs: JsonObject): Promise<void>;
}

export interface StepDefinition {
  readonly name: string;
  /**
   * Identity of the step's work from the run's parameters and earlier outputs: a completed step with the same key is not run
   * again. Made of content fingerprints. `undefined`: never cached across runs (it is still not redone within a run key).
   */
  cacheKey?(context: Pick<StepContext, 'params' | 'outputsOf'>): string | undefined;
  /** Asked before a hit is used: do the outputs still exist? Default: yes. */
  stillValid?(outputs: JsonObject): Promise<boolean>;
  run(context: StepContext): Promise<StepOutcome>;
}

export interface PipelineDefinition {
  readonly name: string;
  readonly steps: readonly StepDefinition[];
  /** Pipelines whose completed steps of the same name and cache key answer here, too. */
  readonly sharesCacheWith?: readonly string[];
}

export interface StartRequest {
  /** Identity of the whole run: interrupted with this key → resumed; completed → every step cached. */
  readonly key: string;
  /** At most one live run per (pipeline, name); another key meanwhile throws RUN_LIVE (exit 5). */
  readonly name: string;
  readonly params: JsonObject;
  /** Ignore completed runs and cached steps. */
  readonly force: boolean;
}

export interface StartedRun {
  readonly runId: string;
  /** An interrupted run was adopted. */
  readonly resumed: boolean;
  /** A completed run with this key answers: nothing is executed. */
  readonly cached: boolean;
}

/** What live followers get. The final state is read from the store. */
export type RunSignal = LaunchStepLine | LaunchProgress | { readonly type: 'ended' };

export interface PipelineService {
  /** Persists run and steps before anything is executed, then executes in the background. */
  start(definition: PipelineDefinition, request: StartRequest): Promise<StartedRun>;
  /** Past step lines first, then live ones, until 'ended'. */
  follow(runId: string, listener: (signal: RunSignal) => void): Promise<() => void>;
  cancel(runId: string): Promise<void>;
  run(runId: string): Promise<RunDetail>;
  runs(query: PageQuery & { pipeline?: string; status?: string }): Promise<Page<RunSummary>>;
  logs(runId: string, query: { after?: number; limit?: number; step?: string }): Promise<LogLine[]>;
  pipelines(): Promise<PipelineSummary[]>;
  /** At server start: runs and attempts that were live when the last server died become `interrupted`. */
  recover(): Promise<number>;
  /** Stops live runs (they become `interrupted`) and flushes logs. */
  close(): Promise<void>;
}
