import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CandidateComparison, StudyPlan, StudySummary } from '../../platform/src/contracts/studies.ts';
import { Workplace } from '../slipway-process.ts';

/** `slipway select` as a person uses it: plan, run, look, compare, take the model away; then deploy without searching again. */
describe('slipway select', () => {
  const place = new Workplace();
  let id = '';
  beforeAll(async () => {
    const rows = Array.from(
      { length: 500 },
      (_, i) =>
        `${(i * 7) % 101},${['a', 'b', 'c'][i % 3]},${(i * 7) % 101 > 50 !== (i % 3 === 0) ? 'yes' : 'no'}`,
    );
    const file = join(place.folder, 'rows.csv');
    writeFileSync(file, `x,k,y\n${rows.join('\n')}\n`);
    expect((await place.run(['data', 'add', 'rows', file])).code).toBe(0);
  });
  afterAll(() => place.close());

  it('plans before anything runs', async () => {
    const done = await place.run(['select', 'plan', 'rows', '--target', 'y', '--json']);
    const plan = done.lines.at(-1) as unknown as StudyPlan;
    expect(plan).toMatchObject({ task: 'binary', rows: 500, features: { numbers: 1, categories: 1 } });
    expect(plan.families.find(({ family }) => family === 'booster')).toMatchObject({ runs: true });
    const wrong = await place.run(['select', 'plan', 'rows', '--target', 'z']);
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('COLUMN_NOT_FOUND')]);
  });

  it('runs, and a launch of the same rows answers from it', async () => {
    const search = ['--data', 'rows', '--target', 'y', '--budget', '2s', '--position', '4', '--json'];
    const done = await place.run(['select', 'run', ...search]);
    expect(done.lines.at(-1)).toMatchObject({ ok: true });
    expect((await place.run(['deploy', 'ls', '--json'])).lines.at(-1)).toMatchObject({ items: [] });
    const studies = (await place.run(['select', 'ls', '--json'])).lines.at(-1) as unknown as {
      items: StudySummary[];
    };
    id = studies.items[0]!.id;
    const launched = await place.run(['launch', ...search]);
    const steps = launched.lines
      .filter((line) => line['type'] === 'step')
      .map((line) => `${line['step']} ${line['status']}`);
    expect(steps).toContain('select cached');
    expect(launched.lines.at(-1)).toMatchObject({ ok: true, model: { version: 1 } });
  });

  it('ranks, compares and exports', async () => {
    expect((await place.run(['select', 'leaderboard', id])).stdout).toMatch(/PARETO[\s\S]*\*/);
    const compared = await place.run(['select', 'compare', id, 'booster-quick', 'constant', '--json']);
    expect(compared.lines.at(-1) as unknown as CandidateComparison).toMatchObject({ verdict: 'a' });
    const file = join(place.folder, 'model.onnx');
    expect((await place.run(['select', 'export', id, file])).code).toBe(0);
    const session = await InferenceSession.create(readFileSync(file));
    const [probability] = session.outputNames;
    const feeds = {
      x: new Tensor('float32', [10, 90], [2, 1]),
      k: new Tensor('string', ['b', 'b'], [2, 1]),
    };
    const out = await session.run(feeds);
    expect(out[probability!]!.dims[0]).toBe(2);
  });

  it('resumes a finished study as what it is, and names one that is not there', async () => {
    expect((await place.run(['select', 'resume', id])).code).toBe(0);
    const wrong = await place.run(['select', 'resume', 'nope']);
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('STUDY_NOT_FOUND')]);
  });
});
