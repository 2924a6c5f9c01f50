/** Tables for reading decimal numbers in WebAssembly, see `platform/assembly/lines-number.ts`. */
export const POWER_MIN = -64;
export const POWER_MAX = 64;

/** 10^0 to 10^22: those that a float64 holds exactly. */
export const EXACT_TENS: readonly number[] = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

const LOW = (1n << 64n) - 1n;

/**
 * The 128 leading bits of 5^q for each q from `POWER_MIN` to `POWER_MAX`, as pairs of high and low words: cut off above, and rounded up
 * below 0 (Eisel and Lemire; proof that these bits are enough: Mushtak and Lemire 2023).
 */
export function powersOfFive(): BigUint64Array {
  const words = new BigUint64Array(2 * (POWER_MAX - POWER_MIN + 1));
  for (let q = POWER_MIN; q <= POWER_MAX; q++) {
    const bits = q < 0 ? reciprocal(-q) : leading(5n ** BigInt(q));
    words[2 * (q - POWER_MIN)] = bits >> 64n;
    words[2 * (q - POWER_MIN) + 1] = bits & LOW;
  }
  return words;
}

function leading(value: bigint): bigint {
  const extra = value.toString(2).length - 128;
  return extra > 0 ? value >> BigInt(extra) : value << BigInt(-extra);
}

function reciprocal(q: number): bigint {
  const power = 5n ** BigInt(q);
  // The smallest z with 2^z >= power; no power of 5 is one of 2.
  const z = power.toString(2).length;
  const shift = q <= 27 ? z + 127 : 2 * z + 128;
  const bits = (1n << BigInt(shift)) / power + 1n;
  const extra = bits.toString(2).length - 128;
  return extra > 0 ? bits >> BigInt(extra) : bits;
}
