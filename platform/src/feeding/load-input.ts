import type { Engine } from '../ports/engine.ts';
import type { PlainSource } from './source-file.ts';
import type { LoadProgress, LoadRequest, SourceFormat } from './types.ts';

/** What every format's loader is given. */
export interface LoadInput {
  readonly request: LoadRequest;
  readonly source: PlainSource;
  /** First bytes of the unpacked source. */
  readonly head: Buffer;
  readonly format: SourceFormat;
  readonly workDir: string;
  readonly engine: Engine;
  readonly report: (progress: LoadProgress) => void;
}
