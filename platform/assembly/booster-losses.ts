/**
 * Gradients, hessians and their quantisation. Arrays are padded to a multiple of four rows with weight 0, so that the
 * vector loops need no remainder; `rows4` is the padded number of rows.
 */

/** exp in two lanes by range reduction and a Taylor polynomial of degree 8: relative error below 1e-9, input clamped to ±700. */
@inline
function exp2Lanes(x: v128): v128 {
  const clamped = f64x2.max(f64x2.min(x, f64x2.splat(700)), f64x2.splat(-700));
  const k = f64x2.nearest(f64x2.mul(clamped, f64x2.splat(1.4426950408889634)));
  const r = f64x2.sub(clamped, f64x2.mul(k, f64x2.splat(0.6931471805599453)));
  let p = f64x2.add(f64x2.splat(0.0001984126984126984), f64x2.mul(r, f64x2.splat(0.0000248015873015873)));
  p = f64x2.add(f64x2.splat(0.001388888888888889), f64x2.mul(r, p));
  p = f64x2.add(f64x2.splat(0.008333333333333333), f64x2.mul(r, p));
  p = f64x2.add(f64x2.splat(0.041666666666666664), f64x2.mul(r, p));
  p = f64x2.add(f64x2.splat(0.16666666666666666), f64x2.mul(r, p));
  p = f64x2.add(f64x2.splat(0.5), f64x2.mul(r, p));
  p = f64x2.add(f64x2.splat(1), f64x2.mul(r, p));
  p = f64x2.add(f64x2.splat(1), f64x2.mul(r, p));
  const exponent = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k));
  return f64x2.mul(p, i64x2.shl(i64x2.add(exponent, i64x2.splat(1023)), 52));
}

@inline
function joinLanes(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

@inline
function storeMaxima(gMax: v128, hMax: v128, out: usize): void {
  let g: f32 = 0, h: f32 = 0;
  g = max<f32>(max<f32>(f32x4.extract_lane(gMax, 0), f32x4.extract_lane(gMax, 1)),
    max<f32>(f32x4.extract_lane(gMax, 2), f32x4.extract_lane(gMax, 3)));
  h = max<f32>(max<f32>(f32x4.extract_lane(hMax, 0), f32x4.extract_lane(hMax, 1)),
    max<f32>(f32x4.extract_lane(hMax, 2), f32x4.extract_lane(hMax, 3)));
  store<f64>(out, <f64>g);
  store<f64>(out, <f64>h, 8);
}

/**
 * Logistic loss: g = w (p - y), h = w p (1 - p), p = 1 / (1 + exp(-score)).
 *
 * @param score, target f64; weight, gradient, hessian f32
 * @param out receives two f64: max |g|, max h
 */
export function logisticGradients(
  score: usize, target: usize, weight: usize, rows4: u32, gradient: usize, hessian: usize, out: usize,
): void {
  let gMax = f32x4.splat(0), hMax = f32x4.splat(0);
  const one = f64x2.splat(1);
  for (let i: usize = 0; i < <usize>rows4; i += 4) {
    const at = i << 3;
    const p0 = f64x2.div(one, f64x2.add(one, exp2Lanes(f64x2.neg(v128.load(score + at)))));
    const p1 = f64x2.div(one, f64x2.add(one, exp2Lanes(f64x2.neg(v128.load(score + at, 16)))));
    const w = v128.load(weight + (i << 2));
    const residual = joinLanes(f64x2.sub(p0, v128.load(target + at)), f64x2.sub(p1, v128.load(target + at, 16)));
    const variance = joinLanes(f64x2.mul(p0, f64x2.sub(one, p0)), f64x2.mul(p1, f64x2.sub(one, p1)));
    const g = f32x4.mul(residual, w);
    const h = f32x4.mul(f32x4.max(variance, f32x4.splat(1e-16)), w);
    v128.store(gradient + (i << 2), g);
    v128.store(hessian + (i << 2), h);
    gMax = f32x4.max(gMax, f32x4.abs(g));
    hMax = f32x4.max(hMax, h);
  }
  storeMaxima(gMax, hMax, out);
}

/** Squared error ½(score - y)²: g = w (score - y), h = w. Arguments as `logisticGradients`. */
export function squaredGradients(
  score: usize, target: usize, weight: usize, rows4: u32, gradient: usize, hessian: usize, out: usize,
): void {
  let gMax = f32x4.splat(0), hMax = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>rows4; i += 4) {
    const at = i << 3;
    const w = v128.load(weight + (i << 2));
    const low = f64x2.sub(v128.load(score + at), v128.load(target + at));
    const high = f64x2.sub(v128.load(score + at, 16), v128.load(target + at, 16));
    const g = f32x4.mul(joinLanes(low, high), w);
    v128.store(gradient + (i << 2), g);
    v128.store(hessian + (i << 2), w);
    gMax = f32x4.max(gMax, f32x4.abs(g));
    hMax = f32x4.max(hMax, w);
  }
  storeMaxima(gMax, hMax, out);
}

/** The largest score per row over `outputs` class-major score arrays, `scoreBytes` apart. */
export function softmaxPeaks(score: usize, scoreBytes: usize, outputs: i32, rows4: u32, peak: usize): void {
  memory.copy(peak, score, <usize>rows4 << 3);
  for (let k = 1; k < outputs; k++) {
    const from = score + <usize>k * scoreBytes;
    for (let at: usize = 0; at < <usize>rows4 << 3; at += 16) {
      v128.store(peak + at, f64x2.max(v128.load(peak + at), v128.load(from + at)));
    }
  }
}

/** Σ over classes of exp(score - peak), per row. */
export function softmaxSums(
  score: usize, scoreBytes: usize, outputs: i32, rows4: u32, peak: usize, sum: usize,
): void {
  memory.fill(sum, 0, <usize>rows4 << 3);
  for (let k = 0; k < outputs; k++) {
    const from = score + <usize>k * scoreBytes;
    for (let at: usize = 0; at < <usize>rows4 << 3; at += 16) {
      const e = exp2Lanes(f64x2.sub(v128.load(from + at), v128.load(peak + at)));
      v128.store(sum + at, f64x2.add(v128.load(sum + at), e));
    }
  }
}

/**
 * Softmax loss for one class: g = w (p - [y = class]), h = w · factor · p (1 - p).
 * `score` is the class's own array; `peak` and `sum` are of the round's beginning.
 */
export function softmaxGradients(
  score: usize, peak: usize, sum: usize, target: usize, ofClass: f64, factor: f32, weight: usize, rows4: u32,
  gradient: usize, hessian: usize, out: usize,
): void {
  let gMax = f32x4.splat(0), hMax = f32x4.splat(0);
  const one = f64x2.splat(1), wanted = f64x2.splat(ofClass);
  for (let i: usize = 0; i < <usize>rows4; i += 4) {
    const at = i << 3;
    const p0 = f64x2.div(exp2Lanes(f64x2.sub(v128.load(score + at), v128.load(peak + at))), v128.load(sum + at));
    const p1 = f64x2.div(
      exp2Lanes(f64x2.sub(v128.load(score + at, 16), v128.load(peak + at, 16))), v128.load(sum + at, 16));
    const y0 = v128.and(f64x2.eq(v128.load(target + at), wanted), one);
    const y1 = v128.and(f64x2.eq(v128.load(target + at, 16), wanted), one);
    const w = v128.load(weight + (i << 2));
    const variance = joinLanes(f64x2.mul(p0, f64x2.sub(one, p0)), f64x2.mul(p1, f64x2.sub(one, p1)));
    const g = f32x4.mul(joinLanes(f64x2.sub(p0, y0), f64x2.sub(p1, y1)), w);
    const h = f32x4.mul(f32x4.mul(f32x4.max(variance, f32x4.splat(1e-16)), f32x4.splat(factor)), w);
    v128.store(gradient + (i << 2), g);
    v128.store(hessian + (i << 2), h);
    gMax = f32x4.max(gMax, f32x4.abs(g));
    hMax = f32x4.max(hMax, h);
  }
  storeMaxima(gMax, hMax, out);
}

/**
 * Quantises (g, h) with stochastic rounding, floor(x · scale + u) with u uniform in [0, 1), so that sums are unbiased, and
 * packs each pair into one i64: h in the low half, g in the high half. Four xorshift32 generators, one per lane.
 */
export function quantise(
  gradient: usize, hessian: usize, rows4: u32, gScale: f32, hScale: f32, seed: u32, packed: usize,
): void {
  const gs = f32x4.splat(gScale), hs = f32x4.splat(hScale), unit = f32x4.splat(5.9604644775390625e-8);
  // Distinct, never zero states.
  let state = i32x4(
    seed | 1, (seed * 0x9e3779b1) | 2, ((seed ^ 0x85ebca6b) * 0xc2b2ae35) | 4, ((seed ^ 0x27d4eb2f) * 0x165667b1) | 8);
  state = v128.xor(state, i32x4(0x12345678, 0x2468ace1, 0x3579bdf3, 0x4a5b6c7d));
  state = v128.or(state, i32x4.splat(0x00010000));
  for (let i: usize = 0; i < <usize>rows4; i += 4) {
    state = v128.xor(state, i32x4.shl(state, 13));
    state = v128.xor(state, i32x4.shr_u(state, 17));
    state = v128.xor(state, i32x4.shl(state, 5));
    const u = f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(state, 8)), unit);
    const g = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(f32x4.mul(v128.load(gradient + (i << 2)), gs), u)));
    const h = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(f32x4.mul(v128.load(hessian + (i << 2)), hs), u)));
    v128.store(packed + (i << 3), v128.shuffle<i32>(h, g, 0, 4, 1, 5));
    v128.store(packed + (i << 3), v128.shuffle<i32>(h, g, 2, 6, 3, 7), 16);
  }
}

/** Sums packed pairs over rows; out receives two f64: G, H. `index` 0 means rows 0…count. */
export function sumPacked(packed: usize, index: usize, count: u32, out: usize): void {
  let sum: i64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const row = index == 0 ? <usize>i : <usize>load<u32>(index + (<usize>i << 2));
    sum += load<i64>(packed + (row << 3));
  }
  store<f64>(out, <f64>(<i32>(sum >> 32)));
  store<f64>(out, <f64>(<i32>sum), 8);
}
