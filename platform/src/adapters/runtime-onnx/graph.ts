import { createRequire } from 'node:module';
import type { InferenceSession, Tensor, TypedTensor } from 'onnxruntime-node';
import { defineErrors, SlipwayError } from '../../kernel/errors.ts';
import type { Graph, GraphInput, GraphRuntime } from '../../ports/inference.ts';

defineErrors({
  MODEL_UNREADABLE: { status: 422, exit: 2, kind: 'user', title: 'The model file cannot be loaded' },
});

/** The parts of onnxruntime-node that are used, loaded when the first graph is: requiring it costs tens of milliseconds. */
interface Ort {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor;
}

let loaded: Ort | undefined;

function ort(): Ort {
  loaded ??= createRequire(import.meta.url)('onnxruntime-node') as Ort;
  return loaded;
}

/** Graphs in this thread: for children and workers. `run` blocks the calling thread while the graph computes. */
export function createOnnxRuntime(): GraphRuntime {
  return {
    load: async (onnx, outputs) => {
      const session = await createSession(onnx);
      // The exporter puts the numeric output first; its name gives way when a feature has it.
      const wanted = session.outputNames[0];
      if (wanted === undefined) {
        throw new SlipwayError('MODEL_UNREADABLE', {
          message: 'the graph has no output',
          fix: 'Export the model with Slipway: its first output holds probabilities or predictions.',
        });
      }
      return graphOf(session, wanted, outputs);
    },
  };
}

async function createSession(onnx: Uint8Array): Promise<InferenceSession> {
  try {
    return await ort().InferenceSession.create(onnx, {
      // Parallelism comes from workers and batches; threads inside one small run only cost.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new SlipwayError('MODEL_UNREADABLE', {
      message: `the ONNX file cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'Check that the file is whole and uses operators of ai.onnx 17 and ai.onnx.ml 3.',
      cause: error,
    });
  }
}

function graphOf(session: InferenceSession, wanted: string, outputs: number): Graph {
  return {
    run: async ({ rows, tensors }: GraphInput) => {
      if (rows === 0) return new Float32Array(0);
      const { Tensor } = ort();
      const feeds: Record<string, Tensor> = {};
      for (const name of session.inputNames) {
        const data = tensors.get(name);
        if (data === undefined) throw new Error(`the graph input '${name}' is not given`);
        feeds[name] = new Tensor(data instanceof Float32Array ? 'float32' : 'string', data, [rows, 1]);
      }
      const results = await session.run(feeds, [wanted]);
      const values = (results[wanted] as TypedTensor<'float32'>).data;
      if (values.length !== rows * outputs)
        throw new Error(`the graph gave ${values.length} values for ${rows} × ${outputs}`);
      return values;
    },
    release: () => session.release(),
  };
}
