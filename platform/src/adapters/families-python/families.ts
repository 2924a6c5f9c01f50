import { mkdirSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tree } from '../../estimators/types.ts';
import { SlipwayError, toSlipwayError } from '../../kernel/errors.ts';
import { builtModule } from '../../kernel/module-path.ts';
import type {
  ExternalFamilies,
  ExternalFit,
  ExternalFitted,
  ExternalLimits,
  ExternalRows,
} from '../../selection/ports.ts';
import { FitProcess } from './fit-process.ts';
import { decodeFrame, encodeFrame, type FrameArray } from './frame.ts';

const MEMORY_BYTES_DEFAULT = 8 * 2 ** 30;

export interface PythonFamiliesOptions {
  /** Absolute path of a Python that has the libraries. */
  readonly interpreter: string;
  /** Made when it is needed, removed by `close`. Jobs and answers are exchanged here. */
  readonly workDir: string;
  /** Variables the system needs to start a program (PATH, SystemRoot). Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Address space of one process; unlimited where the system cannot (macOS, Windows). Default 8 GiB. */
  readonly memoryBytesMax?: number;
  /** Default: the driver that is shipped with the program. */
  readonly driver?: string;
}

/** The families of `driver.py`. A process serves fits of one family until another family is asked for. */
export function createPythonFamilies(options: PythonFamiliesOptions): ExternalFamilies {
  const { interpreter, workDir } = options;
  const driver = options.driver ?? fileURLToPath(builtModule(import.meta.url, './driver.py'));
  const all = new Set<FitProcess>();
  const idle: FitProcess[] = [];
  let jobs = 0;
  const take = (family: ExternalFit['family']): FitProcess => {
    for (const process of idle.splice(0)) {
      if (process.alive && process.family === family) idle.push(process);
      else {
        process.kill();
        all.delete(process);
      }
    }
    const found = idle.pop();
    if (found !== undefined) return found;
    mkdirSync(workDir, { recursive: true });
    const memoryBytesMax = options.memoryBytesMax ?? MEMORY_BYTES_DEFAULT;
    const environment = options.environment ?? {};
    const started = new FitProcess({ interpreter, driver, family, memoryBytesMax, workDir, environment });
    all.add(started);
    return started;
  };
  const end = () => {
    for (const process of all) process.kill();
  };
  process.once('exit', end);
  return {
    fit: async (fit, limits) => {
      const runner = take(fit.family);
      const name = `fit-${++jobs}`;
      const order = { job: join(workDir, `${name}.job`), answer: join(workDir, `${name}.answer`) };
      try {
        return await runJob(runner, order, fit, limits);
      } finally {
        if (runner.alive) idle.push(runner);
        else all.delete(runner);
        await Promise.all([rm(order.job, { force: true }), rm(order.answer, { force: true })]);
      }
    },
    close: async () => {
      process.removeListener('exit', end);
      end();
      rmSync(workDir, { recursive: true, force: true });
    },
  };
}

async function runJob(
  runner: FitProcess,
  order: { readonly job: string; readonly answer: string },
  fit: ExternalFit,
  limits: ExternalLimits,
): Promise<ExternalFitted> {
  await writeFile(order.job, encodeJob(fit));
  await runner.run(order, limits);
  try {
    return decodeAnswer(await readFile(order.answer), fit);
  } catch (error) {
    throw new SlipwayError('FAMILY_FAILED', {
      message: `${fit.family} gave an answer that cannot be read: ${toSlipwayError(error).message}`,
      fix: 'The candidate is left out; report this with the versions of the libraries.',
      cause: error,
    });
  }
}

function encodeJob({
  family,
  task,
  classes,
  params,
  seed,
  train,
  valid,
  earlyStopping,
}: ExternalFit): Uint8Array {
  const validRows = valid?.target.length ?? 0;
  return encodeFrame({
    header: { family, task, classes, params, seed, earlyStopping, rows: train.target.length, validRows },
    arrays: {
      train: joined(train),
      target: train.target,
      ...(valid === undefined ? {} : { valid: joined(valid), validTarget: valid.target }),
    },
  });
}

/** Column after column. */
function joined({ columns, target }: ExternalRows): Float32Array {
  const all = new Float32Array(columns.length * target.length);
  columns.forEach((column, i) => {
    all.set(column, i * target.length);
  });
  return all;
}

function decodeAnswer(bytes: Uint8Array, fit: ExternalFit): ExternalFitted {
  const { header, arrays } = decodeFrame(bytes);
  const { rounds, seconds, base } = header as { rounds: number; seconds: number; base: number[] };
  const outputs = fit.task === 'multiclass' ? fit.classes : 1;
  const perRow = fit.task === 'regression' ? 1 : fit.classes;
  const predictions = arrays['predictions'] as Float64Array;
  if (predictions.length !== (fit.valid?.target.length ?? 0) * perRow)
    throw new RangeError('predictions are missing');
  if (base.length !== outputs || base.some((score) => !Number.isFinite(score))) {
    throw new RangeError(`base scores ${base.join(', ')} for ${outputs} outputs`);
  }
  const trees = splitTrees(arrays, fit.train.columns.length);
  if (trees.length % outputs !== 0) throw new RangeError(`${trees.length} trees for ${outputs} outputs`);
  return { trees, base, rounds, seconds, predictions };
}

const TREE_ARRAYS = ['feature', 'threshold', 'missingLeft', 'left', 'right', 'value'] as const;

/** @throws RangeError when a node points outside its tree, or back */
function splitTrees(arrays: Readonly<Record<string, FrameArray>>, features: number): Tree[] {
  let from = 0;
  return Array.from(arrays['sizes']!, (size) => {
    const tree = Object.fromEntries(
      TREE_ARRAYS.map((name) => [name, Array.from(arrays[name]!.subarray(from, from + size))]),
    ) as unknown as Tree;
    from += size;
    for (let node = 0; node < size; node++) {
      if (!Number.isFinite(tree.value[node]!)) throw new RangeError('a leaf is not a number');
      if (tree.feature[node]! < 0) continue;
      const children = [tree.left[node]!, tree.right[node]!];
      if (tree.feature[node]! >= features || children.some((child) => !(child > node && child < size))) {
        throw new RangeError('a tree is not one');
      }
    }
    return tree;
  });
}
