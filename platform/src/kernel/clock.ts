/** Time is passed in, so that tests and replays own it. */
export interface Clock {
  /** Wall time, integer milliseconds since the epoch, UTC. */
  now(): number;
  /** Monotonic milliseconds (fractional) for measuring durations. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
};
