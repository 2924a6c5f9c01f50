import type { SqlStores } from '../adapters/sql/index.ts';
import type { CollectReport, CollectRequest } from '../contracts/data-versions.ts';
import type { Explanation } from '../contracts/explanations.ts';
import type { Overview, ServerInfo } from '../contracts/system.ts';
import type { DeploymentService } from '../deployment/types.ts';
import type { FeedingService } from '../feeding/service-types.ts';
import type { Clock } from '../kernel/clock.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { MonitoringService } from '../monitoring/types.ts';
import type { PipelineService } from '../pipelines/types.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { EventLog } from '../ports/events.ts';
import type { Transactor } from '../ports/transaction.ts';
import type { RegistryService } from '../registry/types.ts';
import type { SelectionService } from '../selection/types.ts';
import type { ValidationService } from '../validation/types.ts';
import type { Config } from './config.ts';
import type { Launcher } from './launch.ts';
import type { Loader } from './loads.ts';
import type { Studies } from './studies.ts';

/** Everything the program can do, as server and tests see it. Built by `openApp` (wiring.ts), the only place that knows everything. */
export interface App extends Launcher, Studies {
  readonly config: Config;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly blobs: BlobStore;
  readonly idempotency: SqlStores['idempotency'];
  readonly feeding: FeedingService;
  readonly selection: SelectionService;
  readonly pipelines: PipelineService;
  readonly validation: ValidationService;
  readonly registry: RegistryService;
  readonly deployment: DeploymentService;
  readonly monitoring: MonitoringService;
  readonly loads: Loader;
  /** Removes versions and files that nothing refers to. */
  collect(request: CollectRequest): Promise<CollectReport>;
  /** What a version leans on. Throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, EXPLANATION_NOT_FOUND. */
  explanation(model: string, version: number): Promise<Explanation>;
  overview(): Promise<Overview>;
  info(): ServerInfo;
  /** Told by the server once it listens: links in results carry this address. */
  listening(address: string): void;
  /** Finishes what is under way, flushes and closes. Idempotent. */
  close(): Promise<void>;
}
