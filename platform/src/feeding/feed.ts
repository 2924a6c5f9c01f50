import type { LoadOptions, ScheduleSpec, SourceSpec } from '../contracts/data-loads.ts';
import type { SourcePosition } from './ports.ts';

/** Where a data set feeds from, how often, and how far it is. */
export interface Feed {
  readonly spec: SourceSpec | null;
  readonly options: LoadOptions;
  readonly schedule: ScheduleSpec | null;
  readonly position: SourcePosition | null;
  readonly lastLoadAt: number | null;
  readonly nextLoadAt: number | null;
  readonly failures: number;
  readonly lastError: string | null;
}
