import { readFile } from 'node:fs/promises';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import type { TaskControl } from '../adapters/executor-process/index.ts';
import { createPythonFamilies } from '../adapters/families-python/index.ts';
import { createOnnxRuntime } from '../adapters/runtime-onnx/index.ts';
import type { ExplainableModel } from '../estimators/explain/explainer.ts';
import { systemClock } from '../kernel/clock.ts';
import { runStudy } from '../selection/index.ts';
import type { StudyRequest } from '../selection/types.ts';
import { explainModel, runValidation } from '../validation/index.ts';
import type { ExplanationRequest, ValidationRequest } from '../validation/types.ts';
import { systemEnvironment } from './config.ts';
import { type PackageRequest, packageModel } from './package-model.ts';

/** Tasks that fit or run models, as the child process runs them. */
export async function select(input: unknown, control: TaskControl): Promise<unknown> {
  const request = input as StudyRequest;
  const { external, journalDir } = request;
  return runStudy(request, {
    engine: createDuckdbEngine(),
    runtime: createOnnxRuntime(),
    clock: systemClock,
    ...(external === undefined
      ? {}
      : {
          external: createPythonFamilies({
            interpreter: external.interpreter,
            workDir: `${journalDir}-external`,
            environment: systemEnvironment(),
          }),
        }),
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
