const INTERVAL_MS = 250;

/**
 * Wraps a progress callback so that it is called at once and then four times a second at most. What a fit computes does
 * not depend on this clock, only how often the callback may stop it.
 *
 * @returns a function that answers false when the callback asked to stop
 */
export function createProgressGate(
  onProgress: ((fraction: number) => boolean) | undefined,
): (fraction: number) => boolean {
  if (onProgress === undefined) return () => true;
  let next = Number.NEGATIVE_INFINITY;
  return (fraction) => {
    const now = performance.now();
    if (now < next && fraction < 1) return true;
    next = now + INTERVAL_MS;
    return onProgress(fraction);
  };
}
