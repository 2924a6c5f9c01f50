import type { DeploymentService } from '../deployment/types.ts';
import type { FeedingService } from '../feeding/service-types.ts';
import type { Clock } from '../kernel/clock.ts';
import type { MonitoringService } from '../monitoring/types.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { Isolate } from '../ports/isolate.ts';
import type { Transactor } from '../ports/transaction.ts';
import type { RegistryService } from '../registry/types.ts';
import type { SelectionService } from '../selection/types.ts';
import type { ReportStore } from '../validation/ports.ts';
import type { ValidationService } from '../validation/types.ts';

/** The rooms and ports that the steps of a launch call. */
export interface LaunchRooms {
  readonly feeding: FeedingService;
  readonly selection: SelectionService;
  readonly validation: ValidationService;
  readonly reports: ReportStore;
  readonly registry: RegistryService;
  readonly deployment: DeploymentService;
  readonly monitoring: MonitoringService;
  readonly blobs: BlobStore;
  readonly isolate: Isolate;
  readonly transactor: Transactor;
  readonly clock: Clock;
  readonly threads: number;
}
