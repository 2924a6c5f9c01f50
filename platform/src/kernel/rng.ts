import { createHash } from 'node:crypto';

/** A seeded generator: the same seed gives the same sequence on every platform. */
export interface Rng {
  /** Uniform in [0, 1) with 53 bits. */
  next(): number;
  /** Uniform integer in [0, bound). `bound` ≤ 2^32. */
  int(bound: number): number;
  /** Uniform 32-bit unsigned integer. */
  uint32(): number;
}

/** xoshiro128** (Blackman and Vigna, 2018), seeded from a 32-bit value through splitmix32. */
export function createRng(seed: number): Rng {
  let mix = seed >>> 0;
  const splitmix = () => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();
  const uint32 = () => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  return {
    uint32,
    next: () => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992,
    int: (bound) => Math.floor((uint32() / 4294967296) * bound),
  };
}

/** A 32-bit seed from any parts (strings, numbers): the same parts give the same seed for ever. */
export function seedOf(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32LE(0);
}
