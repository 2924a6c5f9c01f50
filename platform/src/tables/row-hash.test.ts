import { describe, expect, it } from 'vitest';
import { rowUnitHashes } from './row-hash.ts';
import { type Column, takeRows } from './table.ts';

const texts = (name: string, values: readonly string[]): Column => {
  const dictionary = [...new Set(values)];
  return { name, type: 'string', codes: Int32Array.from(values, (v) => dictionary.indexOf(v)), dictionary };
};
const numbers = (name: string, values: readonly number[]): Column => ({
  name,
  type: 'number',
  values: Float64Array.from(values),
});

describe('row hashes', () => {
  const rows = 20_000;
  const columns = [
    numbers(
      'n',
      Array.from({ length: rows }, (_, i) => i),
    ),
    texts(
      's',
      Array.from({ length: rows }, (_, i) => `v${i % 7}`),
    ),
  ];
  const hashes = rowUnitHashes(columns, rows, 'key');

  it('stay the same for ever', () => {
    const values = [
      ...rowUnitHashes([numbers('n', [1, 2.5, Number.NaN]), texts('s', ['a', 'b', 'ä'])], 3, 'split'),
    ];
    // Recorded from this implementation: a change here reshuffles every split ever made.
    expect(values).toMatchInlineSnapshot(`
      [
        0.6375704740079488,
        0.991171963428084,
        0.04147236856102865,
      ]
    `);
  });

  it('follow the content, not the place of a row or the order of its dictionary', () => {
    const order = Array.from({ length: rows }, (_, i) => rows - 1 - i);
    const turned = takeRows({ rows, columns }, order).columns;
    expect([...rowUnitHashes(turned, rows, 'key')]).toEqual([...hashes].reverse());
    const other = [texts('s', ['b', 'a', 'b'])];
    const same = [
      { name: 's', type: 'string', codes: Int32Array.of(1, 0, 1), dictionary: ['a', 'b'] } as const,
    ];
    expect(rowUnitHashes(other, 3, 'k')).toEqual(rowUnitHashes(same, 3, 'k'));
  });

  it('are spread evenly over [0, 1): chi-square of 100 cells below its 99.9 % quantile', () => {
    const cells = new Array<number>(100).fill(0);
    for (const hash of hashes) cells[Math.floor(hash * 100)]!++;
    const chi = cells.reduce((sum, count) => sum + (count - rows / 100) ** 2 / (rows / 100), 0);
    expect(chi).toBeLessThan(148.2);
    expect(new Set(hashes).size).toBe(rows);
  });

  it('of two keys are unrelated', () => {
    const others = rowUnitHashes(columns, rows, 'another key');
    let covariance = 0;
    for (let i = 0; i < rows; i++) covariance += (hashes[i]! - 0.5) * (others[i]! - 0.5);
    // The correlation of 20,000 independent pairs has deviation 0.007; this is four of them.
    expect(Math.abs((covariance / rows) * 12)).toBeLessThan(0.03);
  });

  it('tell which column a value is in, and a missing value from a present one', () => {
    const pair = (a: string, b: string) => rowUnitHashes([texts('a', [a]), texts('b', [b])], 1, 'k')[0];
    expect(pair('x', 'y')).not.toBe(pair('y', 'x'));
    expect(pair('xy', '')).not.toBe(pair('x', 'y'));
    const missing: Column = { name: 'a', type: 'string', codes: Int32Array.of(-1), dictionary: [] };
    expect(rowUnitHashes([missing], 1, 'k')[0]).not.toBe(rowUnitHashes([texts('a', ['x'])], 1, 'k')[0]);
    expect(rowUnitHashes([], 0, 'k')).toHaveLength(0);
  });
});
