import type { RunDetail } from '../contracts/runs.ts';
import type { Clock } from '../kernel/clock.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { EventLog } from '../ports/events.ts';
import type { Transactor } from '../ports/transaction.ts';
import type { LiveRun } from './live-run.ts';
import type { LogBuffer } from './log-buffer.ts';
import type { RunQueries, RunStore } from './ports.ts';
import type { JsonObject, PipelineDefinition, StepDefinition } from './types.ts';

export interface ExecutionDeps {
  readonly store: RunStore;
  readonly queries: RunQueries;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export interface Execution {
  readonly definition: PipelineDefinition;
  readonly live: LiveRun;
  readonly runId: string;
  readonly workDir: string;
  /** Cached steps of other runs are not used. */
  readonly force: boolean;
}

/** One step of a live run. */
export interface StepRun {
  readonly execution: Execution;
  readonly log: LogBuffer;
  readonly run: RunDetail;
  readonly step: StepDefinition;
  readonly outputs: ReadonlyMap<string, JsonObject>;
}
