/**
 * Decimal text to float64, correctly rounded: Clinger 1990 where a float64 multiplication is exact, else Eisel and Lemire 2021 with 128-bit
 * powers of five. What is beyond (20 digits, far exponents, subnormal results) is left to the caller.
 */

/** Powers of five in `powers` reach from 10^-64 to 10^64; see `number-powers.ts`. */
export const POWER_MIN: i32 = -64;
export const POWER_MAX: i32 = 64;

/** Digits at `at`, at most 16: how many bytes from `at` on are digits. */
@inline
export function digitRun(at: usize): i32 {
  const v = v128.load(at);
  const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10)));
  return ctz(~digits);
}

/** Eight digits, first in the lowest byte, as a number (Lemire 2022, "Quickly parsing eight digits"). */
@inline
export function eightDigits(word: u64): u64 {
  let w = word - 0x3030303030303030;
  w = w * 10 + (w >> 8);
  return (((w & 0x000000ff000000ff) * 0x000f424000000064) + (((w >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >> 32;
}

/** Appends `count` digits at `at` to `value`. */
@inline
export function appendDigits(value: u64, at: usize, count: i32): u64 {
  let from = at;
  let left = count;
  while (left >= 8) {
    value = value * 100000000 + eightDigits(load<u64>(from));
    from += 8;
    left -= 8;
  }
  for (; left > 0; left--) value = value * 10 + <u64>(load<u8>(from++) - 0x30);
  return value;
}

let productHigh: u64 = 0;
let productLow: u64 = 0;

@inline
function multiply(a: u64, b: u64): void {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const m1 = a1 * b0 + (low >> 32);
  const m2 = a0 * b1 + (m1 & 0xffffffff);
  productHigh = a1 * b1 + (m1 >> 32) + (m2 >> 32);
  productLow = (m2 << 32) | (low & 0xffffffff);
}

/** 10^0 to 10^22 as float64, and the powers of five: filled in by the caller. */
let tens: usize = 0;
let powers: usize = 0;

export function usePowers(tensAt: usize, powersAt: usize): void {
  tens = tensAt;
  powers = powersAt;
}

/** Whether the last `scaled` could say. */
export let exact: bool = true;

/** `digits` × 10^`exponent`, not negative; `exact` is false where it cannot be said here. */
export function scaled(digits: u64, exponent: i32): f64 {
  exact = true;
  if (digits == 0) return 0;
  if (digits <= 9007199254740992 && exponent >= -22 && exponent <= 22) {
    const power = load<f64>(tens + (<usize>abs(exponent) << 3));
    return exponent < 0 ? <f64>digits / power : <f64>digits * power;
  }
  if (exponent < POWER_MIN || exponent > POWER_MAX) {
    exact = false;
    return 0;
  }
  const zeros = clz(digits);
  const shifted = digits << zeros;
  const power = powers + (<usize>(exponent - POWER_MIN) << 4);
  multiply(shifted, load<u64>(power));
  if ((productHigh & 0x1ff) == 0x1ff) {
    const high = productHigh;
    const low = productLow;
    multiply(shifted, load<u64>(power, 8));
    const sum = low + productHigh;
    productHigh = sum < low ? high + 1 : high;
    productLow = sum;
  }
  const upper = productHigh >> 63;
  let mantissa = productHigh >> (upper + 9);
  let power2 = <i64>(((152170 + 65536) * exponent) >> 16) + 63 + <i64>upper - <i64>zeros + 1023;
  if (productLow <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1) {
    // Half way between two float64: the even one.
    if (mantissa << (upper + 9) == productHigh) mantissa &= ~1;
  }
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (mantissa >= 1 << 53) {
    mantissa = 1 << 52;
    power2++;
  }
  return reinterpret<f64>((mantissa & ~(<u64>1 << 52)) | (<u64>power2 << 52));
}

/**
 * The number at [from, to), whose grammar is known to be right: `-?digits(.digits)?([eE][+-]?digits)?`, a plus in front allowed, and
 * digits on one side of the dot at least. `exact` is false where it has more digits than a u64 holds, or `scaled` cannot say.
 */
export function numberAt(from: usize, to: usize): f64 {
  let at = from;
  const sign = load<u8>(at);
  if (sign == 0x2d || sign == 0x2b) at++;
  while (load<u8>(at) == 0x30 && at + 1 < to) at++;
  let count: i32 = digitRun(at);
  let value = appendDigits(0, at, min(count, 16));
  if (count >= 16) {
    exact = false;
    return 0;
  }
  at += count;
  let exponent: i32 = 0;
  if (at < to && load<u8>(at) == 0x2e) {
    at++;
    if (value == 0) {
      count = 0;
      while (at < to && load<u8>(at) == 0x30) {
        at++;
        exponent--;
      }
    }
    let run = digitRun(at);
    if (run == 16) {
      const more = digitRun(at + 16);
      run += more == 16 ? 100 : more;
    }
    if (count + run > 19) {
      exact = false;
      return 0;
    }
    value = appendDigits(value, at, run);
    exponent -= run;
    at += run;
  }
  if (at < to) {
    // An exponent.
    at++;
    const mark = load<u8>(at);
    if (mark == 0x2d || mark == 0x2b) at++;
    let power: i32 = 0;
    for (; at < to; at++) {
      power = power * 10 + <i32>(load<u8>(at) - 0x30);
      if (power > 10000) power = 10000;
    }
    exponent += mark == 0x2d ? -power : power;
  }
  const result = scaled(value, exponent);
  return sign == 0x2d ? -result : result;
}
