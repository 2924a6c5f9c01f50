import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frontOf, type ParetoPoint } from './pareto.tsx';
import { linear, niceDomain, ticks } from './scale.ts';

describe('scales', () => {
  it('map ends to ends, and a domain without width to the middle', () => {
    const x = linear(10, 20, 0, 100);
    expect([x(10), x(15), x(20)]).toEqual([0, 50, 100]);
    expect(linear(3, 3, 0, 100)(3)).toBe(50);
  });

  it('give round ticks inside the domain, and a domain around all values', () => {
    expect(ticks(0, 1, 4)).toEqual([0, 0.5, 1]);
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (low, width) => {
          const made = ticks(low, low + width, 5);
          expect(made.length).toBeLessThan(13);
          expect(made.every((tick) => tick >= low - width * 1e-6 && tick <= low + width * (1 + 1e-6))).toBe(
            true,
          );
          const [from, to] = niceDomain([low, low + width]);
          expect(from <= low && to >= low + width).toBe(true);
        },
      ),
    );
  });
});

describe('the Pareto front', () => {
  it('keeps what no other beats in quality and cost', () => {
    const point = (name: string, score: number, cost: number): ParetoPoint => ({
      name,
      score,
      spread: 0,
      cost,
      best: false,
    });
    const points = [point('slow-best', 0.9, 100), point('quick', 0.8, 10), point('beaten', 0.79, 50)];
    expect(frontOf(points, true).map((entry) => entry.name)).toEqual(['quick', 'slow-best']);
    expect(frontOf(points, false).map((entry) => entry.name)).toEqual(['quick', 'beaten']);
  });
});
