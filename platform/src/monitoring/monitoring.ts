import type { MonitorDetail, MonitorSummary } from '../contracts/monitors.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { EventLog } from '../ports/events.ts';
import type { Transactor } from '../ports/transaction.ts';
import { changesOf, conditionsOf } from './alerts.ts';
import { readOn, saveReading, WINDOW_MS } from './catch-up.ts';
import { detailOf, stateOf, summaryOf } from './monitor-view.ts';
import type { MonitorRow, MonitorStore, PredictionSource, WindowCounts } from './ports.ts';
import type { DriftBaseline, MonitoringService } from './types.ts';
import './errors.ts';

export interface MonitoringOptions {
  readonly store: MonitorStore;
  readonly blobs: BlobStore;
  readonly source: PredictionSource;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  /** Milliseconds between readings of all logs. Default 30 s; 0 = only when asked. */
  readonly everyMs?: number;
}

const EVERY_MS_DEFAULT = 30_000;
const MONITORS_MAX = 1000;
/** Readings per catch-up of one monitor: what is left is read the next time. */
const READINGS_MAX = 500;
/** "Now" is the last day of traffic. */
const CURRENT_MS = 24 * WINDOW_MS;
/** Hours shown: thirty days. */
const WINDOWS_SHOWN_MAX = 30 * 24;
const EVENTS_READ_MAX = 1000;
const ALERTS_SHOWN_MAX = 50;
const BASELINES_KEPT_MAX = 100;

/**
 * Watches deployments: tails their prediction logs into hourly counts, compares the last day with training, and announces what
 * begins and what is over. One reader per monitor at a time; counts and log position move in one transaction.
 */
export function createMonitoring(options: MonitoringOptions): MonitoringService {
  return new Monitoring(options);
}

class Monitoring implements MonitoringService {
  private readonly baselines = new Map<string, Promise<DriftBaseline>>();
  private readonly queues = new Map<string, Promise<void>>();
  private readonly timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: MonitoringOptions) {
    const everyMs = options.everyMs ?? EVERY_MS_DEFAULT;
    if (everyMs === 0) return;
    // A reading that fails (the disk is full) is tried again by the next one; whoever asks for a monitor sees the error.
    this.timer = setInterval(() => void this.catchUp().catch(() => undefined), everyMs);
    this.timer.unref();
  }

  create: MonitoringService['create'] = async (tx, monitor) => {
    const { store, clock, events } = this.options;
    const name = monitor.deployment;
    await store.upsert(tx, { name, ...monitor, createdAt: clock.now() });
    const { version, revision } = monitor;
    await events.append(tx, {
      type: 'monitor.created',
      subject: subjectOf(name),
      data: { version, revision },
    });
  };

  list: MonitoringService['list'] = async (query) => {
    const page = await this.options.store.list(query);
    const items: MonitorSummary[] = [];
    for (const monitor of page.items)
      items.push(summaryOf(monitor, await this.current(monitor), await this.shown(monitor)));
    return { ...page, items };
  };

  get: MonitoringService['get'] = async (name) => {
    await this.catchUpOne(name);
    const monitor = await this.find(name);
    const windows = await this.shown(monitor);
    return detailOf(monitor, await this.current(monitor), { windows, alerts: await this.alerts(name) });
  };

  catchUp: MonitoringService['catchUp'] = async (deployment) => {
    if (deployment !== undefined) return this.catchUpOne(deployment);
    const { items } = await this.options.store.list({ limit: MONITORS_MAX });
    for (const { name } of items) await this.catchUpOne(name);
  };

  metrics: MonitoringService['metrics'] = async () => {
    const { items } = await this.options.store.list({ limit: MONITORS_MAX });
    const families: Awaited<ReturnType<MonitoringService['metrics']>>[number][] = [];
    for (const monitor of items) {
      const { drift, window } = await this.current(monitor);
      const labels = { monitor: monitor.name, version: String(monitor.version) };
      const gauge = (name: string, help: string, value: number, more: Record<string, string> = {}) =>
        families.push({ name, help, labels: { ...labels, ...more }, value });
      gauge('slipway_monitor_rows', 'Predictions of the last day', window?.rows ?? 0);
      gauge(
        'slipway_monitor_drifted_features',
        'Features beyond their bound',
        drift.filter((f) => f.drifted).length,
      );
      for (const { feature, psi, bound, missing } of drift) {
        if (psi === null || bound === null) continue;
        gauge(
          'slipway_monitor_drift_ratio',
          'Stability index over its bound; above 1 is drift',
          psi / bound,
          { feature },
        );
        gauge('slipway_monitor_missing_share', 'Share of rows without a value', missing, { feature });
      }
    }
    return families;
  };

  close: MonitoringService['close'] = async () => {
    this.closed = true;
    clearInterval(this.timer);
    await Promise.allSettled(this.queues.values());
  };

  /** Readings of one monitor follow each other; a failed one does not fail the next. */
  private catchUpOne(name: string): Promise<void> {
    const before = this.queues.get(name) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(() => this.readAll(name));
    this.queues.set(name, next);
    const done = () => {
      if (this.queues.get(name) === next) this.queues.delete(name);
    };
    next.then(done, done);
    return next;
  }

  private async readAll(name: string): Promise<void> {
    const { store, transactor } = this.options;
    for (let i = 0; i < READINGS_MAX && !this.closed; i++) {
      const monitor = await store.find(name);
      if (monitor === undefined) return;
      const baseline = await this.baseline(monitor.baselineDigest);
      const reading = await readOn(monitor, baseline, this.options);
      if (reading === undefined || !reading.moved) break;
      await transactor.transaction((tx) => saveReading(tx, store, monitor, reading));
    }
    if (!this.closed) await this.announce(name);
  }

  private async announce(name: string): Promise<void> {
    const { store, transactor, events } = this.options;
    const monitor = await store.find(name);
    if (monitor === undefined) return;
    const baseline = await this.baseline(monitor.baselineDigest);
    const { window, drift, judged } = await this.current(monitor);
    if (window === undefined) return;
    const open = await this.openKeys(name, monitor.revision);
    const { begun, over } = changesOf(open, conditionsOf(baseline, window, drift), judged);
    if (begun.length + over.length === 0) return;
    const { revision, version } = monitor;
    await transactor.transaction(async (tx) => {
      for (const { key, feature, severity, summary, data } of begun) {
        const told = { key, feature, severity, summary, revision, version, ...data };
        await events.append(tx, { type: 'monitor.alert', subject: subjectOf(name), data: told });
      }
      for (const key of over) {
        const told = { key, feature: key.slice(key.indexOf(':') + 1), revision, version };
        await events.append(tx, { type: 'monitor.recovered', subject: subjectOf(name), data: told });
      }
    });
  }

  /** Conditions of this revision announced and not over. A new revision begins with none. */
  private async openKeys(name: string, revision: number): Promise<Set<string>> {
    const recent = await this.options.events.recent({ limit: EVENTS_READ_MAX, subject: subjectOf(name) });
    const open = new Set<string>();
    for (const { type, data } of recent.reverse()) {
      if (data['revision'] !== revision) continue;
      if (type === 'monitor.alert') open.add(String(data['key']));
      if (type === 'monitor.recovered') open.delete(String(data['key']));
    }
    return open;
  }

  private async alerts(name: string): Promise<MonitorDetail['alerts']> {
    const recent = await this.options.events.recent({
      limit: ALERTS_SHOWN_MAX,
      type: 'monitor.alert',
      subject: subjectOf(name),
    });
    return recent.map(({ sequence, time, data }) => ({
      id: String(sequence),
      time,
      severity: String(data['severity']),
      summary: String(data['summary']),
      feature: String(data['feature']),
    }));
  }

  private async current(monitor: MonitorRow): Promise<ReturnType<typeof stateOf>> {
    const since = this.options.clock.now() - CURRENT_MS;
    const windows = await this.options.store.windows(monitor.name, {
      revision: monitor.revision,
      since,
      limit: CURRENT_MS / WINDOW_MS + 2,
    });
    return stateOf(await this.baseline(monitor.baselineDigest), windows);
  }

  private shown({ name, revision }: MonitorRow): Promise<WindowCounts[]> {
    const since = this.options.clock.now() - WINDOWS_SHOWN_MAX * WINDOW_MS;
    return this.options.store.windows(name, { revision, since, limit: WINDOWS_SHOWN_MAX + 1 });
  }

  private async find(name: string): Promise<MonitorRow> {
    const monitor = await this.options.store.find(name);
    if (monitor !== undefined) return monitor;
    throw new SlipwayError('MONITOR_NOT_FOUND', {
      message: `there is no monitor '${name}'`,
      fix: 'List the monitors; each deployment has one of its name.',
      details: { name },
    });
  }

  /** Immutable by its digest, so it is read once. */
  private baseline(digest: string): Promise<DriftBaseline> {
    const known = this.baselines.get(digest);
    if (known !== undefined) return known;
    if (this.baselines.size >= BASELINES_KEPT_MAX) this.baselines.clear();
    const read = this.readBaseline(digest);
    this.baselines.set(digest, read);
    read.catch(() => this.baselines.delete(digest));
    return read;
  }

  private async readBaseline(digest: string): Promise<DriftBaseline> {
    const bytes = await this.options.blobs.get(digest);
    const baseline = JSON.parse(new TextDecoder().decode(bytes)) as DriftBaseline;
    if (baseline.format === 1) return baseline;
    throw new SlipwayError('MONITOR_BASELINE_INVALID', {
      message: `the baseline ${digest.slice(0, 12)} has format ${String(baseline.format)}; this version reads 1`,
      fix: 'Run the version of Slipway that wrote it, or launch the model again.',
    });
  }
}

function subjectOf(name: string): string {
  return `monitors/${name}`;
}
