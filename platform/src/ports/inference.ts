/** An ONNX graph that can be run: the same bytes that serve. */
export interface GraphInput {
  readonly rows: number;
  /** By graph input name: float32 values (NaN = missing) or strings ('' = missing). */
  readonly tensors: ReadonlyMap<string, Float32Array | readonly string[]>;
}

export interface Graph {
  /** Row-major rows × outputs: probabilities per class, or the value. */
  run(input: GraphInput): Promise<Float32Array>;
  /** Never while a run is under way. */
  release(): Promise<void>;
}

export interface GraphRuntime {
  /** @param outputs 2+ for classification (one per class), 1 for regression. Throws MODEL_UNREADABLE. */
  load(onnx: Uint8Array, outputs: number): Promise<Graph>;
}
