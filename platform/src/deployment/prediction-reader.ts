import type { FeedbackReply, FeedbackRequest, LoggedPrediction } from '../contracts/deployments.ts';
import type { Clock } from '../kernel/clock.ts';
import { idTimeMs } from '../kernel/ids.ts';
import type { EventLog } from '../ports/events.ts';
import type { Transactor } from '../ports/transaction.ts';
import { loggedPrediction } from './logged.ts';
import type { DeploymentStore, FeedbackStore } from './ports.ts';
import { unknownPrediction } from './prediction-log/prediction-log.ts';
import type { PredictionRecord } from './prediction-log/record.ts';
import type { Route, Router } from './router.ts';
import { deploymentNotFound } from './router.ts';
import type { LoggedBatch, LogPosition, ServableModel } from './types.ts';

export interface ReaderDeps {
  readonly store: DeploymentStore;
  readonly feedback: FeedbackStore;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly loadServable: (model: string, version: number) => Promise<ServableModel>;
}

const LISTED_DEFAULT = 50;
const LISTED_MAX = 1000;

/** Everything that reads prediction logs: listings, single look-ups, feedback and the monitor. */
export class PredictionReader {
  /** Models of logged revisions, for their column names. */
  private readonly models = new Map<string, ServableModel>();

  constructor(
    private readonly deps: ReaderDeps,
    private readonly router: Router,
  ) {}

  async newest(name: string, query: { limit?: number; before?: string }): Promise<LoggedPrediction[]> {
    const route = this.requireRoute(name);
    const limit = Math.min(query.limit ?? LISTED_DEFAULT, LISTED_MAX);
    const records = route.log.newest(limit, query.before);
    const found: LoggedPrediction[] = [];
    for (const record of records) {
      const model = await this.modelOf(name, record);
      for (let row = 0; row < record.ids.length; row++) {
        if (query.before === undefined || record.ids[row]! < query.before)
          found.push(loggedPrediction(record, row, model));
      }
    }
    return this.withLabels(found.slice(-limit).reverse());
  }

  async one(id: string): Promise<LoggedPrediction> {
    const place = this.locate(id);
    if (place === undefined) throw unknownPrediction(id);
    const model = await this.modelOf(place.route.name, place.record);
    return (await this.withLabels([loggedPrediction(place.record, place.row, model)]))[0]!;
  }

  async feedback(request: FeedbackRequest): Promise<FeedbackReply> {
    const now = this.deps.clock.now();
    const unknown: string[] = [];
    const items = request.items.flatMap(({ predictionId, label, time }) => {
      const place = this.locate(predictionId);
      if (place === undefined) {
        unknown.push(predictionId);
        return [];
      }
      return [{ predictionId, deployment: place.route.name, label, time: time ?? now, receivedAt: now }];
    });
    if (items.length > 0) {
      await this.deps.transactor.transaction(async (tx) => {
        await this.deps.feedback.record(tx, items);
        for (const name of new Set(items.map((item) => item.deployment))) {
          const labels = items.filter((item) => item.deployment === name).length;
          await this.deps.events.append(tx, {
            type: 'deployment.feedback',
            subject: `deployments/${name}`,
            data: { labels },
          });
        }
      });
    }
    return { accepted: items.length, unknown };
  }

  async readLog(
    name: string,
    from: LogPosition | undefined,
    rowsMax: number,
  ): Promise<{ batches: LoggedBatch[]; next: LogPosition }> {
    const route = this.router.find(name);
    if (route === undefined) return { batches: [], next: from ?? ':0' };
    const { records, next } = route.log.read(from, rowsMax);
    const batches = records.map((record): LoggedBatch => {
      const { revision, modelDigest, ids, columns, outputs, outputsPerRow } = record;
      const times = Float64Array.from(ids, idTimeMs);
      return {
        deployment: name,
        revision,
        modelDigest,
        times,
        ids,
        request: { rows: ids.length, columns },
        outputs,
        outputsPerRow,
      };
    });
    return { batches, next };
  }

  async labelled(name: string, afterSequence: number, limit: number) {
    const route = this.router.find(name);
    const rows = await this.deps.feedback.after(name, afterSequence, limit);
    const items: { prediction: LoggedPrediction; label: string | number | boolean }[] = [];
    for (const { predictionId, label } of rows) {
      const place = route?.log.find(predictionId);
      // Beyond the log's retention there is nothing left to join with.
      if (place === undefined) continue;
      const model = await this.modelOf(name, place.record);
      items.push({ prediction: loggedPrediction(place.record, place.row, model), label });
    }
    return { items, next: rows.at(-1)?.sequence ?? afterSequence };
  }

  private requireRoute(name: string): Route {
    const route = this.router.find(name);
    if (route === undefined) throw deploymentNotFound(name, this.router.names());
    return route;
  }

  private locate(id: string): { route: Route; record: PredictionRecord; row: number } | undefined {
    for (const name of this.router.names()) {
      const route = this.router.find(name)!;
      const found = route.log.find(id);
      if (found !== undefined) return { route, ...found };
    }
    return undefined;
  }

  private async modelOf(deployment: string, record: PredictionRecord): Promise<ServableModel> {
    const key = `${deployment}:${record.revision}`;
    const known = this.models.get(key);
    if (known !== undefined) return known;
    const row = await this.deps.store.find(deployment);
    const revision = row?.revisions.find((candidate) => candidate.revision === record.revision);
    if (revision === undefined) throw deploymentNotFound(deployment, this.router.names());
    const model = await this.deps.loadServable(revision.model, revision.version);
    this.models.set(key, model);
    return model;
  }

  private async withLabels(predictions: readonly LoggedPrediction[]): Promise<LoggedPrediction[]> {
    const labels = await this.deps.feedback.labels(predictions.map((prediction) => prediction.id));
    return predictions.map((prediction) => {
      const label = labels.get(prediction.id);
      return label === undefined
        ? prediction
        : { ...prediction, label: typeof label === 'boolean' ? String(label) : label };
    });
  }
}
