import { readFile } from 'node:fs/promises';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import type { TaskControl } from '../adapters/executor-process/index.ts';
import { createOnnxRuntime } from '../adapters/runtime-onnx/index.ts';
import type { ExplainableModel } from '../estimators/explain/explainer.ts';
import { systemClock } from '../kernel/clock.ts';
import { runStudy } from '../selection/index.ts';
import type { StudyRequest } from '../selection/types.ts';
import { explainModel, runValidation } from '../validation/index.ts';
import type { ExplanationRequest, ValidationRequest } from '../validation/types.ts';
import { type PackageRequest, packageModel } from './package-model.ts';

/** Tasks that fit or run models, as the child process runs them. */
export async function select(input: unknown, control: TaskControl): Promise<unknown> {
  return runStudy(input as StudyRequest, {
    engine: createDuckdbEngine(),
    runtime: createOnnxRuntime(),
    clock: systemClock,
    onProgress: control.onProgress,
    signal: control.signal,
  });
}

export async function packageTask(input: unknown, _control: TaskControl): Promise<unknown> {
  return packageModel(input as PackageRequest);
}

export async function validate(input: unknown, control: TaskControl): Promise<unknown> {
  return runValidation(input as ValidationRequest, {
    engine: createDuckdbEngine(),
    runtime: createOnnxRuntime(),
    onProgress: control.onProgress,
  });
}

export async function explain(input: unknown, _control: TaskControl): Promise<unknown> {
  const { explainerPath, ...request } = input as ExplanationRequest;
  const stored = JSON.parse(await readFile(explainerPath, 'utf8')) as ExplainableModel;
  return explainModel(request, stored, { engine: createDuckdbEngine() });
}
