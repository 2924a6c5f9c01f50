import { describe, expect, it } from 'vitest';
import { age, bytes, count, digitsFor, fixed, number, percent, seconds, time } from './format.ts';

describe('format', () => {
  it('writes a true minus, commas, and a dash for what does not exist', () => {
    expect(count(-1234567)).toBe('\u22121,234,567');
    expect(number(null)).toBe('–');
    expect(fixed(Number.NaN, 2)).toBe('–');
    expect(fixed(-0.5, 2)).toBe('\u22120.50');
  });

  it('lets the interval set the precision: two digits of its half-width', () => {
    expect([0.0028, 0.5, 3, 0].map(digitsFor)).toEqual([4, 2, 1, 4]);
  });

  it('chooses units', () => {
    expect([bytes(0), bytes(1536), bytes(5 * 1024 ** 3)]).toEqual(['0 B', '1.5 KB', '5 GB']);
    expect([seconds(0.0234), seconds(12.34), seconds(600), seconds(7200)]).toEqual([
      '23 ms',
      '12.3 s',
      '10 min',
      '2 h',
    ]);
    expect(age(0, 100_000_000)).toBe('1 d 3 h');
    expect(percent(0.1234)).toBe('12.3 %');
    expect(time(Date.UTC(2026, 10, 23, 14, 10))).toBe('23 Nov 2026, 14:10');
  });
});
