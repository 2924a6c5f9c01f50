export interface PushLimits {
  /** Bytes waiting to be written; beyond it rows are refused with PUSH_BACKLOG. */
  readonly waitingBytesMax: number;
  /** Bytes written and not yet in a version. */
  readonly pendingBytesMax: number;
  readonly keysMax: number;
  /** Keys are remembered this long. */
  readonly keyMs: number;
}

export const PUSH_LIMITS: PushLimits = {
  waitingBytesMax: 64 * 1024 * 1024,
  pendingBytesMax: 8 * 1024 * 1024 * 1024,
  keysMax: 1_000_000,
  keyMs: 24 * 3600 * 1000,
};
