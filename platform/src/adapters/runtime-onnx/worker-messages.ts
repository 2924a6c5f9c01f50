import type { SerializedError } from '../../kernel/errors.ts';
import type { Coercions, DecodedColumn } from '../../tables/coercion.ts';

/** What the worker is started with. */
export interface WorkerSetup {
  readonly onnxPath: string;
  readonly coercions: Coercions;
  readonly outputs: number;
}

export type ToWorker =
  | {
      readonly type: 'run';
      readonly sequence: number;
      readonly rows: number;
      readonly columns: readonly DecodedColumn[];
    }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly sequence: number; readonly outputs: Float32Array<ArrayBuffer> }
  | { readonly type: 'failed'; readonly sequence: number; readonly error: SerializedError };
