import { afterAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine, readParquetTable } from '../adapters/engine-duckdb/index.ts';
import { LoadTrials, rowsOf } from './load-trials.ts';

const trials = new LoadTrials({ engine: createDuckdbEngine(), readPart: readParquetTable });
afterAll(() => trials.remove());

const profileOf = async (text: string, fileName = 'x.csv') =>
  Object.fromEntries((await trials.load(text, { fileName })).profile.map((column) => [column.name, column]));

describe('profile', () => {
  it('has the moments and quantiles of the values (checked by hand: 1, 2, 3, 4, 10)', async () => {
    const { v } = await profileOf('v,s\n1,a\n2,b\n3,a\n4,\n10,ccc\n,a\n');
    expect(v).toMatchObject({ type: 'integer', count: 5, missing: 1, distinct: 5, min: 1, max: 10, mean: 4 });
    // Variance (9 + 4 + 1 + 0 + 36) / 4; quantiles by linear interpolation (type 7).
    expect(v!.sd).toBeCloseTo(Math.sqrt(12.5), 12);
    expect(v!.quantiles!.map((q) => Number(q.toFixed(10)))).toEqual([1.2, 2, 3, 4, 8.8]);
  });

  it('counts texts, most frequent first, ties in order of the text', async () => {
    const { s } = await profileOf('n,s\n1,b\n2,a\n3,a\n4,b\n5,\n6,long one\n');
    expect(s).toMatchObject({
      count: 5,
      missing: 1,
      distinct: 3,
      lengthMin: 1,
      lengthMax: 8,
      mean: null,
      quantiles: null,
    });
    expect(s!.top).toEqual([
      { value: 'a', count: 2 },
      { value: 'b', count: 2 },
      { value: 'long one', count: 1 },
    ]);
  });

  it('keeps its precision far from zero', async () => {
    const { t } = await profileOf(`t\n${rowsOf(1000, (i) => `${1e15 + (i % 2)}\n`)}`);
    expect(t!.mean).toBe(1e15 + 0.5);
    // The sample deviation of a fair 0/1 split of 1,000: sqrt(250 / 999).
    expect(t!.sd).toBeCloseTo(Math.sqrt(250 / 999), 9);
  });

  it('bins every value of the robust range, and leaves a far outlier out of the picture', async () => {
    const { v, k } = await profileOf(`v,k\n${rowsOf(1000, (i) => `${i / 10},${i % 5}\n`)}1e9,3\n`);
    expect(v!.histogram!.counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect(v!.histogram!.edges).toHaveLength(21);
    expect(v!.histogram!.edges.at(-1)).toBeLessThan(200);
    expect(k!.histogram).toEqual({ edges: [0, 1, 2, 3, 4, 5], counts: [200, 200, 200, 201, 200] });
  });

  it('stands on a constant column, on one that is all missing, and on dates', async () => {
    const { c, m, d, b } = await profileOf(
      'c,m,d,b\n5,,2020-01-01,true\n5,,2020-01-03,true\n5,,2020-01-02,false\n',
    );
    expect(c).toMatchObject({ distinct: 1, sd: 0, min: 5, max: 5, histogram: { counts: [3] } });
    expect(m).toMatchObject({ type: 'string', count: 0, missing: 3, distinct: 0, top: [], lengthMin: null });
    expect(d).toMatchObject({
      type: 'date',
      min: Date.UTC(2020, 0, 1),
      max: Date.UTC(2020, 0, 3),
      mean: Date.UTC(2020, 0, 2),
    });
    expect(b!.top).toEqual([
      { value: 'true', count: 2 },
      { value: 'false', count: 1 },
    ]);
  });

  it('estimates many distinct values, and gives no list of them', async () => {
    const { id } = await profileOf(`id\n${rowsOf(150_000, (i) => `key ${i}\n`)}`);
    expect(Math.abs(id!.distinct / 150_000 - 1)).toBeLessThan(0.1);
    expect(id!.top).toEqual([]);
  });
});
