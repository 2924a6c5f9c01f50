/**
 * Bytes of WebAssembly memory a fit takes at most: bins twice, row arrays, one histogram per leaf. Held-out rows add their
 * share of bins and scores. Beside it the caller's own columns stay in memory.
 *
 * @param outputs 1 for binary and regression, else the number of classes
 */
export function boosterMemoryBytes(fit: {
  readonly rows: number;
  readonly features: number;
  readonly outputs: number;
  readonly leaves: number;
}): number {
  const { rows, features, outputs, leaves } = fit;
  const bins = 2 * rows * features;
  // target 8, weight 4, gradient 4, hessian 4, packed 8, index 4, spare 4, scratch 4, and threshold samples (index 4, values 4, sort 4, counters).
  const arrays = rows * 40 + 16 * Math.min(rows, 200_000);
  const softmax = outputs > 1 ? 16 * rows : 0;
  const scores = 8 * rows * outputs;
  const histograms = leaves * features * 2048;
  return bins + arrays + softmax + scores + histograms + 64 * 1024;
}
