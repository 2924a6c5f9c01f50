import type { RunSignal } from './types.ts';

/** Lines kept for followers that come later. Steps are few; progress is not kept. */
const LINES_MAX = 1000;

/** What a run in this process tells its followers, from its first line on. */
export class LiveRun {
  readonly abort = new AbortController();
  private readonly lines: RunSignal[] = [];
  private readonly listeners = new Set<(signal: RunSignal) => void>();
  private over = false;
  /** Settles when execution has ended and its end is recorded. */
  done: Promise<void> = Promise.resolve();

  constructor(readonly runId: string) {}

  get ended(): boolean {
    return this.over;
  }

  tell(signal: RunSignal): void {
    if (signal.type === 'ended') this.over = true;
    if (signal.type !== 'progress' && this.lines.length < LINES_MAX) this.lines.push(signal);
    for (const listener of [...this.listeners]) listener(signal);
  }

  follow(listener: (signal: RunSignal) => void): () => void {
    for (const line of this.lines) listener(line);
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }
}
