import type { LogLine } from '../contracts/runs.ts';
import type { Clock } from '../kernel/clock.ts';
import { LIMITS } from '../kernel/limits.ts';
import type { RunQueries } from './ports.ts';

const FLUSH_MS = 250;
/** Lines that wait at most; beyond it the oldest are dropped and the gap is said. */
const WAITING_MAX = 5000;

/** Batches log lines of one run into few transactions. */
export class LogBuffer {
  private waiting: Omit<LogLine, 'sequence'>[] = [];
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly runId: string,
    private readonly queries: RunQueries,
    private readonly clock: Clock,
  ) {}

  add(step: string, level: LogLine['level'], message: string): void {
    if (this.waiting.length >= WAITING_MAX) {
      this.waiting.shift();
      this.dropped++;
    }
    this.waiting.push({
      time: this.clock.now(),
      step,
      level,
      message: message.slice(0, LIMITS.logLineCharsMax),
    });
    this.timer ??= setTimeout(() => void this.flush().catch(() => undefined), FLUSH_MS).unref();
  }

  /** Durable when it resolves. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const lines = this.waiting;
    this.waiting = [];
    if (this.dropped > 0) {
      lines.unshift({
        time: this.clock.now(),
        step: lines[0]?.step ?? '',
        level: 'warning',
        message: `${this.dropped} log lines were dropped`,
      });
      this.dropped = 0;
    }
    this.writing = this.writing.catch(() => undefined).then(() => this.queries.appendLogs(this.runId, lines));
    return this.writing;
  }
}
