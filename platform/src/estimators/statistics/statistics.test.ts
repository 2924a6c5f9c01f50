import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chiSquareUpper,
  chiSquareUpperQuantile,
  normalUpper,
  normalUpperQuantile,
  studentUpper,
  studentUpperQuantile,
} from './distributions.ts';
import { type Moments, welchTest } from './means.ts';
import { benjaminiHochberg } from './multiple-testing.ts';
import { fisherMidP, shareDifference, wilsonInterval } from './proportions.ts';
import { betaRegularised, logGamma } from './special.ts';

// Expected values are scipy's (stats, special) unless another source is named.
const close = (value: number, wanted: number, relative = 1e-10) =>
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(relative * Math.max(Math.abs(wanted), 1e-300));

describe('distributions equal those of an independent implementation', () => {
  it.each(specialCases())('%s', (_, value, wanted) => close(value, wanted));

  it('has quantiles that undo the tails', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-8, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        (p, df) => {
          close(chiSquareUpper(chiSquareUpperQuantile(p, df), df), p, 1e-7);
          close(studentUpper(studentUpperQuantile(p, df), df), p, 1e-7);
          close(normalUpper(normalUpperQuantile(p)), p, 1e-7);
        },
      ),
      { numRuns: 100 },
    );
  });
});

function specialCases(): [string, number, number][] {
  return [
    ['ln Γ(0.1)', logGamma(0.1), 2.252712651734206],
    ['ln Γ(123.4)', logGamma(123.4), 469.3360974421906],
    ['I_0.3(2, 5)', betaRegularised(0.3, 2, 5), 0.579825],
    ['P(Z > 1.96)', normalUpper(1.96), 0.024997895148220435],
    ['P(Z > 6)', normalUpper(6), 9.865876450376946e-10],
    ['P(Z > -1)', normalUpper(-1), 0.8413447460685429],
    ['z at .025', normalUpperQuantile(0.025), 1.959963984540054],
    ['χ² .99 with 9', chiSquareUpperQuantile(0.01, 9), 21.665994333461924],
    ['χ² .99 with 1', chiSquareUpperQuantile(0.01, 1), 6.6348966010212145],
    ['χ² .95 with 20', chiSquareUpperQuantile(0.05, 20), 31.410432844230918],
    ['χ² .9998 with 9', chiSquareUpperQuantile(0.0002, 9), 31.989028514652453],
    ['P(T > 2) with 5', studentUpper(2, 5), 0.050969739414929174],
    ['P(T > -2) with 5', studentUpper(-2, 5), 0.9490302605850709],
    ['P(T > 4) with 12.7', studentUpper(4, 12.7), 0.0007902671591990662],
    ['t .975 with 10', studentUpperQuantile(0.025, 10), 2.2281388519862753],
  ];
}

describe('proportions', () => {
  it("has Wilson's interval as printed by Newcombe (1998a, table I): 81 of 263, 15 of 148, 0 of 20, 1 of 29", () => {
    const shown = ([hits, rows]: readonly [number, number]) => {
      const { low, high } = wilsonInterval({ hits, rows });
      return [low.toFixed(4), high.toFixed(4)];
    };
    expect(shown([81, 263])).toEqual(['0.2553', '0.3662']);
    expect(shown([15, 148])).toEqual(['0.0624', '0.1605']);
    expect(shown([0, 20])).toEqual(['0.0000', '0.1611']);
    expect(shown([1, 29])).toEqual(['0.0061', '0.1718']);
  });

  it("has Newcombe's interval as printed in his paper (1998b, table II, method 10)", () => {
    const shown = (a: number, m: number, b: number, n: number) => {
      const { low, high } = shareDifference({ hits: a, rows: m }, { hits: b, rows: n });
      return [low.toFixed(4), high.toFixed(4)];
    };
    expect(shown(56, 70, 48, 80)).toEqual(['0.0524', '0.3339']);
    expect(shown(9, 10, 3, 10)).toEqual(['0.1705', '0.8090']);
    expect(shown(6, 7, 2, 7)).toEqual(['0.0582', '0.8062']);
    expect(shown(5, 56, 0, 29)).toEqual(['-0.0381', '0.1926']);
    expect(shown(0, 10, 0, 20)).toEqual(['-0.1611', '0.2775']);
    expect(shown(10, 10, 0, 10)).toEqual(['0.6075', '1.0000']);
  });

  it('has the mid-p of Fisher: the mean of the strict and the inclusive hypergeometric tail', () => {
    close(fisherMidP({ hits: 9, rows: 10 }, { hits: 3, rows: 10 }), 0.005120266730173851);
    close(fisherMidP({ hits: 60, rows: 200 }, { hits: 120, rows: 800 }), 1.3531527047669415e-6, 1e-8);
    expect(fisherMidP({ hits: 0, rows: 30 }, { hits: 0, rows: 70 })).toBe(0.5);
  });

  it('keeps its level when nothing is different', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(60),
        fc.nat(60),
        (m, n, x, y) => {
          const a = { hits: Math.min(x, m), rows: m };
          const b = { hits: Math.min(y, n), rows: n };
          // A difference and its mirror image share all of the probability.
          expect(
            fisherMidP(a, b) + fisherMidP({ ...a, hits: m - a.hits }, { ...b, hits: n - b.hits }),
          ).toBeCloseTo(1, 9);
        },
      ),
    );
  });
});

describe('means', () => {
  it("has Welch's test as scipy has it", () => {
    const of = (values: number[]): Moments => ({
      rows: values.length,
      sum: values.reduce((s, x) => s + x, 0),
      squares: values.reduce((s, x) => s + x * x, 0),
    });
    const a = of([27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]);
    const b = of([27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.2]);
    const test = welchTest(b, a);
    close(test.p, 0.004151712741660117, 1e-9);
    close(test.low, 0.7865788039175592, 1e-9);
    close(test.high, 4.853421196082442, 1e-9);
  });

  it('has no noise, and no doubt, where nothing varies', () => {
    const ones: Moments = { rows: 5, sum: 5, squares: 5 };
    expect(welchTest(ones, ones).p).toBe(1);
    expect(welchTest({ rows: 5, sum: 10, squares: 20 }, ones)).toEqual({ value: 1, low: 1, high: 1, p: 0 });
  });
});

describe('many tests', () => {
  it('adjusts the fifteen p values of Benjamini and Hochberg (1995): four are discoveries at .05', () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ];
    const q = benjaminiHochberg(p);
    expect(q.filter((value) => value <= 0.05)).toHaveLength(4);
    expect(q[0]).toBeCloseTo(0.0015, 10);
    expect(q[3]).toBeCloseTo(0.035625, 10);
    expect(q[14]).toBe(1);
  });

  it('is monotone, never below p, and blind to the order of the tests', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (p) => {
          const q = benjaminiHochberg(p);
          const reversed = benjaminiHochberg([...p].reverse()).reverse();
          expect(q).toEqual(reversed);
          for (let i = 0; i < p.length; i++) expect(q[i]).toBeGreaterThanOrEqual(p[i]! - 1e-12);
          const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!);
          for (let i = 1; i < order.length; i++)
            expect(q[order[i]!]).toBeGreaterThanOrEqual(q[order[i - 1]!]!);
        },
      ),
    );
    expect(benjaminiHochberg([])).toEqual([]);
  });
});
