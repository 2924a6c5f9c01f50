import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exportOnnx } from '../../estimators/onnx/export.ts';
import { checkParity } from '../../estimators/onnx/parity.ts';
import { predictModel } from '../../estimators/predict.ts';
import type { BoosterModel, Task } from '../../estimators/types.ts';
import { createRng } from '../../kernel/rng.ts';
import type { ExternalFamily, ExternalFit } from '../../selection/ports.ts';
import type { FeatureMatrix } from '../../tables/features.ts';
import { createOnnxRuntime } from '../runtime-onnx/index.ts';
import { findPython } from './environment.ts';
import { createPythonFamilies } from './families.ts';
import { decodeFrame, encodeFrame } from './frame.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-python-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const python = process.env['SLIPWAY_TEST_PYTHON'] ?? process.env['SLIPWAY_PYTHON'] ?? 'python3';
const found = await findPython(python).catch((error: Error) => error.message);
if (typeof found === 'string') console.log(`skipped: fits in Python (${found})`);
const environment = typeof found === 'string' ? undefined : found;
const ENV = { PATH: process.env['PATH'] ?? '' };

/** 400 training and 200 other rows × 4 features, a fifth of the values missing in two of them. */
function rowsFor(task: Task, classes: number): { fit: Omit<ExternalFit, 'family'>; valid: FeatureMatrix } {
  const rng = createRng(3);
  const draw = (rows: number) => {
    const columns = Array.from({ length: 4 }, (_, c) =>
      Float32Array.from({ length: rows }, () =>
        c % 2 === 0 && rng.next() < 0.2 ? Number.NaN : c === 3 ? rng.int(5) : rng.next() * 10 - 5,
      ),
    );
    const target = Float64Array.from({ length: rows }, (_, i) => {
      const known = (value: number) => (Number.isNaN(value) ? 2 : value);
      const score = known(columns[0]![i]!) + columns[1]![i]! * (columns[3]![i]! > 2 ? 1 : -1) + rng.next();
      if (task === 'regression') return 1000 + score;
      return task === 'binary' ? Number(score > 0) : score < -2 ? 0 : score > 2 ? 2 : 1;
    });
    return { columns, target };
  };
  const [train, valid] = [draw(400), draw(200)];
  const params = {
    rounds: 60,
    learningRate: 0.1,
    leaves: 7,
    depth: 4,
    leafRowsMin: 5,
    featureFraction: 0.9,
    earlyStoppingRounds: 10,
  };
  const features = valid.columns.map((values, i) => ({ kind: 'numeric', name: `f${i}`, values }) as const);
  const fit = { task, classes, params, seed: 7, train, valid, earlyStopping: true };
  return { fit, valid: { rows: 200, features } };
}

function modelFrom(
  task: Task,
  fitted: { base: readonly number[]; trees: BoosterModel['trees'] },
): BoosterModel {
  const features = Array.from({ length: 4 }, (_, i) => ({ name: `f${i}`, kind: 'numeric' }) as const);
  return { family: 'booster', task, features, ...fitted };
}

describe('the frame', () => {
  it('gives back header and arrays', () => {
    const arrays = { a: Float32Array.of(1, Number.NaN), b: new Int32Array(0), c: Uint8Array.of(1, 2, 3) };
    const { header, arrays: got } = decodeFrame(encodeFrame({ header: { rows: 2, name: 'ü' }, arrays }));
    expect(header).toEqual({ rows: 2, name: 'ü' });
    expect(got).toEqual(arrays);
  });

  it('refuses what is not whole', () => {
    const whole = encodeFrame({ header: {}, arrays: { a: new Float64Array(4) } });
    expect(() => decodeFrame(whole.subarray(0, whole.length - 8))).toThrow('not whole');
    expect(() => decodeFrame(new Uint8Array(16))).toThrow('not a frame');
  });
});

describe.skipIf(environment === undefined)('a family in Python', () => {
  const families = createPythonFamilies({
    interpreter: environment?.interpreter ?? '',
    workDir: join(root, 'fits'),
    environment: ENV,
  });
  afterAll(() => families.close());
  const there = new Set(environment?.libraries.map(({ family }) => family));

  const cases: readonly [ExternalFamily, Task, number][] = [
    ...(['lightgbm', 'xgboost', 'catboost', 'sklearn-hgb'] as const).flatMap((family) => [
      [family, 'binary', 2] as [ExternalFamily, Task, number],
      [family, 'multiclass', 3] as [ExternalFamily, Task, number],
      [family, 'regression', 1] as [ExternalFamily, Task, number],
    ]),
    ['sklearn-forest', 'regression', 1],
    ['sklearn-extra', 'regression', 1],
  ];
  it.each(cases)(
    '%s answers %s as its trees and its graph do',
    async (family, task, classes) => {
      if (!there.has(family)) return console.log(`skipped: ${family} is not installed`);
      const { fit, valid } = rowsFor(task, classes);
      const fitted = await families.fit({ ...fit, family }, { secondsMax: 60 });
      const model = modelFrom(task, fitted);
      const own = predictModel(model, valid);
      expect(own.length).toBe(fitted.predictions.length);
      const scale = task === 'regression' ? 1000 : 1;
      const delta = Math.max(...own.map((value, i) => Math.abs(value - fitted.predictions[i]!))) / scale;
      expect(delta).toBeLessThan(1e-5);
      expect(fitted.rounds).toBeGreaterThan(3);
      const labels = task === 'regression' ? [] : Array.from({ length: classes }, (_, k) => `c${k}`);
      const graph = await createOnnxRuntime().load(exportOnnx(model, { task, labels }), classes);
      const report = await checkParity(model, valid, (matrix) =>
        graph.run({
          rows: matrix.rows,
          tensors: new Map(matrix.features.map((f) => [f.name, f.kind === 'numeric' ? f.values : []])),
        }),
      );
      await graph.release();
      expect(report.passed).toBe(true);
      const again = await families.fit({ ...fit, family }, { secondsMax: 60 });
      expect(again.trees).toEqual(fitted.trees);
    },
    60_000,
  );

  it('that raises says what the library said', async () => {
    const { fit } = rowsFor('binary', 2);
    const broken = { ...fit, family: 'lightgbm' as const, params: { ...fit.params, learningRate: -1 } };
    await expect(families.fit(broken, { secondsMax: 60 })).rejects.toMatchObject({
      code: 'FAMILY_FAILED',
      message: expect.stringContaining('learning_rate'),
    });
  });

  it('that has too little memory is told so', async () => {
    const small = createPythonFamilies({
      ...{ interpreter: environment!.interpreter, workDir: join(root, 'small'), environment: ENV },
      memoryBytesMax: 300 * 2 ** 20,
    });
    const { fit } = rowsFor('binary', 2);
    await expect(small.fit({ ...fit, family: 'lightgbm' }, { secondsMax: 60 })).rejects.toMatchObject({
      code: 'FAMILY_OUT_OF_MEMORY',
    });
    await small.close();
  });
});

/** Stands in for the driver: what a process does to a study does not depend on a library. */
function driven(script: string, memoryBytesMax = 2 ** 32) {
  const driver = join(root, `driver-${Math.random().toString(36).slice(2)}.py`);
  writeFileSync(driver, script);
  const workDir = join(root, 'driven');
  return createPythonFamilies({ interpreter: python, workDir, environment: ENV, driver, memoryBytesMax });
}

const anyPython = await findPython(python).then(
  () => true,
  (error: { code: string }) => error.code === 'PYTHON_UNSUITABLE',
);

describe.skipIf(!anyPython)('a process', () => {
  const { fit } = rowsFor('binary', 2);
  const job = { ...fit, family: 'lightgbm' } as const;

  it('that crashes loses its fit, and the next fit has a new one', async () => {
    const families = driven(
      "import os, sys\nsys.stdin.readline()\nprint('oh no', file=sys.stderr)\nsys.stderr.flush()\nos.abort()\n",
    );
    for (let i = 0; i < 2; i++) {
      await expect(families.fit(job, { secondsMax: 30 })).rejects.toMatchObject({
        code: 'FAMILY_FAILED',
        message: expect.stringMatching(/SIGABRT.*oh no/),
      });
    }
    await families.close();
    expect(existsSync(join(root, 'driven'))).toBe(false);
  });

  it('that hangs is ended at its limit', async () => {
    const families = driven('import time\ntime.sleep(600)\n');
    await expect(families.fit(job, { secondsMax: 0.5 })).rejects.toMatchObject({ code: 'FAMILY_TIMED_OUT' });
    await families.close();
  });

  it('that is given up is ended at once', async () => {
    const families = driven('import time\ntime.sleep(600)\n');
    const abort = new AbortController();
    const fitting = families.fit(job, { secondsMax: 60, signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(fitting).rejects.toMatchObject({ code: 'CANCELLED' });
    await families.close();
  });

  it('that answers nonsense is not believed', async () => {
    const families = driven(
      "import json, sys\norder = json.loads(sys.stdin.readline())\nopen(order['answer'], 'wb').write(b'nothing')\nprint('{\"ok\": true}', flush=True)\nsys.stdin.readline()\n",
    );
    await expect(families.fit(job, { secondsMax: 30 })).rejects.toMatchObject({ code: 'FAMILY_FAILED' });
    await families.close();
  });
});

describe('an interpreter', () => {
  it('that is not there is an error of its own', async () => {
    await expect(findPython('/nowhere/python')).rejects.toMatchObject({ code: 'PYTHON_NOT_FOUND' });
  });

  it('that is another program is one, too', async () => {
    await expect(findPython(process.execPath)).rejects.toMatchObject({ code: 'PYTHON_NOT_FOUND' });
  });
});
