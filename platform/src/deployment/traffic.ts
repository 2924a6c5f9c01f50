import type { Traffic } from '../contracts/deployments.ts';
import type { Clock } from '../kernel/clock.ts';

/** Latency buckets grow by 2^(1/4), from 10 µs to over 100 s: quantiles are right within 9 %. */
const BUCKETS = 96;
const FIRST_MS = 0.01;
const SECONDS = 60;

/** What a deployment has answered since the server started, in constant memory. */
export class TrafficCounter {
  private requests = 0;
  private predictions = 0;
  private errors = 0;
  private refused = 0;
  private readonly latencies = new Uint32Array(BUCKETS);
  private readonly perSecond = new Uint32Array(SECONDS);
  private lastSecond = 0;

  constructor(private readonly clock: Clock) {}

  observe({ status, rows, latencyMs }: { status: number; rows: number; latencyMs: number }): void {
    this.requests++;
    this.predictions += rows;
    if (status >= 500) this.errors++;
    else if (status >= 400) this.refused++;
    const bucket = Math.round(4 * Math.log2(Math.max(latencyMs, FIRST_MS) / FIRST_MS));
    this.latencies[Math.min(BUCKETS - 1, bucket)]!++;
    const second = this.advance();
    this.perSecond[second % SECONDS]!++;
  }

  read(logGap: number): Traffic {
    const second = this.advance();
    const lastMinute = Array.from({ length: SECONDS }, (_, i) => this.perSecond[(second + 1 + i) % SECONDS]!);
    return {
      requests: this.requests,
      predictions: this.predictions,
      errors: this.errors,
      refused: this.refused,
      perSecond: lastMinute.reduce((sum, count) => sum + count, 0) / SECONDS,
      p50Ms: this.quantile(0.5),
      p95Ms: this.quantile(0.95),
      p99Ms: this.quantile(0.99),
      lastMinute,
      logGap,
    };
  }

  /** Empties the seconds that passed without a request. */
  private advance(): number {
    const now = Math.floor(this.clock.now() / 1000);
    const from = Math.max(this.lastSecond + 1, now - SECONDS + 1);
    for (let second = from; second <= now; second++) this.perSecond[second % SECONDS] = 0;
    this.lastSecond = Math.max(this.lastSecond, now);
    return this.lastSecond;
  }

  private quantile(share: number): number | null {
    const total = this.latencies.reduce((sum, count) => sum + count, 0);
    if (total === 0) return null;
    let left = Math.ceil(total * share);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.latencies[bucket]!;
      if (left <= 0) return Number((FIRST_MS * 2 ** (bucket / 4)).toPrecision(3));
    }
    return null;
  }
}
