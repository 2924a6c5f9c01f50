import type { Engine } from '../../ports/engine.ts';
import type { SourceConnector } from '../ports.ts';
import type { LoadStatus } from './job.ts';

export interface RunLoadContext {
  readonly engine: Engine;
  readonly sources: (uri: string) => SourceConnector;
  readonly onProgress: (status: LoadStatus) => void;
  readonly signal: AbortSignal;
}
