/** Linear map from a domain to a range; a domain without width maps to the middle. */
export function linear(d0: number, d1: number, r0: number, r1: number): (value: number) => number {
  if (d0 === d1) return () => (r0 + r1) / 2;
  return (value) => r0 + ((value - d0) / (d1 - d0)) * (r1 - r0);
}

/** About `wanted` round ticks (1, 2, 5 × 10^k) covering at most [min, max]. */
export function ticks(min: number, max: number, wanted: number): number[] {
  if (!(max > min) || wanted < 1) return [min];
  const step = roundStep((max - min) / wanted);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

export function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const ratio = raw / power;
  return power * (ratio > 5 ? 10 : ratio > 2 ? 5 : ratio > 1 ? 2 : 1);
}

/** A round domain around all values, with some air. */
export function niceDomain(values: readonly number[], air = 0.08): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const width = high - low || Math.abs(high) * 0.1 || 1;
  const step = roundStep(width / 4);
  return [Math.floor((low - width * air) / step) * step, Math.ceil((high + width * air) / step) * step];
}
