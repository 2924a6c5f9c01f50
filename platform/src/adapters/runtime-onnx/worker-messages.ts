import type { RawContributions } from '../../deployment/types.ts';
import type { SerializedError } from '../../kernel/errors.ts';
import type { Coercions, DecodedColumn } from '../../tables/coercion.ts';

/** What the worker is started with. */
export interface WorkerSetup {
  readonly onnxPath: string;
  readonly coercions: Coercions;
  readonly outputs: number;
  /** File with an `ExplainableModel`, read when the first explanation is asked for. */
  readonly explainerPath: string | undefined;
}

export type ToWorker =
  | {
      readonly type: 'run';
      readonly sequence: number;
      readonly rows: number;
      readonly columns: readonly DecodedColumn[];
    }
  | {
      /** Answered by `explained`, whatever runs are under way. */
      readonly type: 'explain';
      readonly sequence: number;
      readonly rows: number;
      readonly columns: readonly DecodedColumn[];
    }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly sequence: number; readonly outputs: Float32Array<ArrayBuffer> }
  | { readonly type: 'explained'; readonly sequence: number; readonly contributions: RawContributions }
  | { readonly type: 'unexplained'; readonly sequence: number; readonly error: SerializedError }
  | { readonly type: 'failed'; readonly sequence: number; readonly error: SerializedError };
