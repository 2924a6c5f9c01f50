import { describe, expect, it } from 'vitest';
import type { ColumnProfile } from '../contracts/profile.ts';
import { type PlanInput, planStudy } from './plan.ts';

const column = (name: string, facts: Partial<ColumnProfile> = {}): ColumnProfile => ({
  ...{ name, type: 'number', missingTokens: [], count: 1000, missing: 0, distinct: 500, top: [] },
  ...{ min: 0, max: 1, mean: 0, sd: 1, quantiles: null, histogram: null, lengthMin: null, lengthMax: null },
  ...facts,
});
const input = (facts: Partial<PlanInput> = {}): PlanInput => ({
  ...{ dataset: 'rows', version: 2, rows: 1000, target: 'y', task: 'auto', exclude: [] },
  profile: [
    column('x'),
    column('k', { type: 'string', distinct: 12 }),
    column('y', { type: 'string', distinct: 2 }),
  ],
  machine: { cores: 2, memoryBytes: 8e9 },
  external: undefined,
  ...facts,
});

describe('a plan', () => {
  it('reads the task from the target, and counts what there is to learn from', () => {
    expect(planStudy(input())).toMatchObject({
      ...{ task: 'binary', classes: 2, rows: 1000, folds: 5 },
      features: { numbers: 1, categories: 1, dates: 0 },
    });
    const task = (facts: Partial<ColumnProfile>) =>
      planStudy(input({ profile: [column('x'), column('y', facts)] })).task;
    expect(task({ distinct: 900 })).toBe('regression');
    expect(task({ type: 'integer', distinct: 4 })).toBe('multiclass');
    expect(task({ type: 'integer', distinct: 300 })).toBe('regression');
  });

  it('costs more with more rows, and refuses what does not fit into memory', () => {
    const family = (rows: number, memoryBytes = 8e9) => {
      const profile = [
        column('x', { count: rows }),
        column('z', { count: rows }),
        column('y', { type: 'boolean', distinct: 2, count: rows }),
      ];
      return planStudy(input({ rows, profile, machine: { cores: 2, memoryBytes } })).families.find(
        ({ family: name }) => name === 'booster',
      )!;
    };
    expect(family(50_000).fitSeconds).toBeGreaterThan(family(5_000).fitSeconds);
    expect(family(50_000).fitBytes).toBeGreaterThan(family(5_000).fitBytes);
    expect(family(50_000)).toMatchObject({ runs: true, reasons: [] });
    const small = family(50_000, 1e6);
    expect(small.runs).toBe(false);
    expect(small.reasons.join()).toMatch(/memory/);
  });

  it('names what is wrong with the target', () => {
    const code = (facts: Partial<PlanInput>) => {
      try {
        planStudy(input(facts));
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'planned';
    };
    expect(code({ target: 'yy' })).toBe('COLUMN_NOT_FOUND');
    expect(code({ profile: [column('y', { distinct: 1 })] })).toBe('TARGET_CONSTANT');
    expect(code({ profile: [column('y', { count: 0, distinct: 0 })] })).toBe('TARGET_MISSING');
    const few = planStudy(
      input({ profile: [column('x'), column('y', { type: 'boolean', distinct: 2, count: 5 })] }),
    );
    expect(few.families.every(({ runs }) => !runs)).toBe(true);
  });
});
