import { join } from 'node:path';
import type { DeploymentDetail, DeploymentSummary, Revision } from '../contracts/deployments.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { EventLog } from '../ports/events.ts';
import type { Transactor, Tx } from '../ports/transaction.ts';
import './errors.ts';
import type { DeploymentRow, DeploymentStore, FeedbackStore, ModelRuntime, ModelWorker } from './ports.ts';
import { PredictionLog } from './prediction-log/prediction-log.ts';
import { PredictionReader } from './prediction-reader.ts';
import { explainBatch } from './reasons.ts';
import { deploymentNotFound, type Route, Router } from './router.ts';
import { TrafficCounter } from './traffic.ts';
import type {
  DecodedRequest,
  DeploymentService,
  PredictionBatch,
  PreparedRevision,
  ServableModel,
} from './types.ts';

export interface DeploymentDeps {
  readonly store: DeploymentStore;
  readonly feedback: FeedbackStore;
  readonly runtime: ModelRuntime;
  /** Folder with one folder of segments per deployment. */
  readonly logDir: string;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly loadServable: (model: string, version: number) => Promise<ServableModel>;
}

export function createDeployment(deps: DeploymentDeps): DeploymentService {
  const router = new Router(deps.runtime, (name) => makeRoute(deps, name));
  const service: Internals = { deps, router, prepared: new Map() };
  const reader = new PredictionReader(deps, router);
  return {
    prepare: (deployment, model) => prepare(service, deployment, model),
    publish: async (tx, prepared, reason) => ({
      revision: (await record(deps, tx, prepared, reason)).revision,
    }),
    activate: (deployment, revision) => activate(service, deployment, revision),
    discard: async ({ token }) => {
      await service.prepared.get(token)?.worker.close();
      service.prepared.delete(token);
    },
    rollback: async (deployment, revision) => {
      await rollback(service, deployment, revision);
      return detail(service, deployment);
    },
    probe: async (model) => (await router.start(model)).close(),
    predict: (deployment, request) => predict(service, deployment, request),
    explain: (deployment, request, batch) => explainBatch(router, deployment, request, batch),
    live: (deployment) => router.live(deployment).live.model,
    list: async (query) => {
      const page = await deps.store.list(query);
      return { ...page, items: await Promise.all(page.items.map((row) => summary(service, row))) };
    },
    get: (name) => detail(service, name),
    predictions: (name, query) => reader.newest(name, query),
    prediction: (id) => reader.one(id),
    feedback: (request) => reader.feedback(request),
    readLog: (name, from, rowsMax) => reader.readLog(name, from, rowsMax),
    labelled: (name, after, limit) => reader.labelled(name, after, limit),
    observe: (deployment, reply) => router.find(deployment)?.traffic.observe(reply),
    remove: (name) => remove(service, name),
    restore: () => restore(service),
    close: () => router.close(),
  };
}

interface Internals {
  readonly deps: DeploymentDeps;
  readonly router: Router;
  /** Loaded revisions that are not published or not yet switched to, by token. */
  readonly prepared: Map<
    string,
    { readonly deployment: string; readonly model: ServableModel; readonly worker: ModelWorker }
  >;
}

function makeRoute({ logDir, clock }: DeploymentDeps, name: string): Route {
  const log = new PredictionLog(join(logDir, name), { clock });
  return {
    name,
    log,
    traffic: new TrafficCounter(clock),
    live: undefined,
    previous: undefined,
    failure: undefined,
  };
}

async function prepare(
  { deps, router, prepared }: Internals,
  deployment: string,
  model: ServableModel,
): Promise<PreparedRevision> {
  const worker = await router.start(model);
  // What an earlier attempt loaded and never published is not needed any more.
  for (const [token, old] of prepared) {
    if (old.deployment !== deployment) continue;
    prepared.delete(token);
    void old.worker.close();
  }
  const token = deps.ids();
  prepared.set(token, { deployment, model, worker });
  return { deployment, model, token };
}

async function record(
  deps: DeploymentDeps,
  tx: Tx,
  prepared: PreparedRevision,
  reason: string,
): Promise<Revision> {
  const { deployment, model } = prepared;
  const { version, modelDigest } = model;
  const row = { model: model.model, version, modelDigest, createdAt: deps.clock.now(), reason };
  const revision = await deps.store.insertRevision(tx, deployment, row);
  const data = { revision: revision.revision, model: model.model, version, reason };
  await deps.events.append(tx, { type: 'deployment.revision', subject: `deployments/${deployment}`, data });
  return revision;
}

async function activate(
  { deps, router, prepared }: Internals,
  deployment: string,
  revision: number,
): Promise<void> {
  const row = await requireRow(deps, deployment);
  const published = row.revisions.find((candidate) => candidate.revision === revision);
  if (published === undefined) throw noSuchRevision(deployment, revision);
  if (router.find(deployment)?.live?.revision === revision) return;
  const token = [...prepared].find(
    ([, entry]) => entry.deployment === deployment && entry.model.modelDigest === published.modelDigest,
  )?.[0];
  const ready = token === undefined ? undefined : prepared.get(token);
  if (token !== undefined) prepared.delete(token);
  const model = {
    ...(ready?.model ?? (await deps.loadServable(published.model, published.version))),
    version: published.version,
  };
  router.switchTo(deployment, { revision, model, worker: ready?.worker ?? (await router.start(model)) });
}

/**
 * The earlier version is recorded as a new revision, so that the history only grows; its worker is reused when it is still warm.
 */
async function rollback({ deps, router }: Internals, deployment: string, revision?: number): Promise<void> {
  const row = await requireRow(deps, deployment);
  const target =
    revision === undefined
      ? row.revisions.find((candidate) => candidate.role === 'previous')
      : row.revisions.find((candidate) => candidate.revision === revision && candidate.role !== 'live');
  if (target === undefined) {
    throw new SlipwayError('NO_EARLIER_REVISION', {
      message:
        revision === undefined
          ? `${deployment} has only ever had one revision`
          : `${deployment} cannot go back to revision ${revision}`,
      fix: `Its revisions: ${row.revisions.map((entry) => `${entry.revision} (v${entry.version}, ${entry.role})`).join(', ')}.`,
      details: { deployment, revision },
    });
  }
  const route = router.find(deployment);
  const warm = route?.previous?.model.modelDigest === target.modelDigest ? route.previous : undefined;
  const model = warm?.model ?? (await deps.loadServable(target.model, target.version));
  const worker = warm?.worker ?? (await router.start(model));
  const reason = `rollback to revision ${target.revision}`;
  const recorded = await deps.transactor.transaction((tx) =>
    record(deps, tx, { deployment, model, token: '' }, reason),
  );
  if (warm !== undefined && route !== undefined) route.previous = undefined;
  router.switchTo(deployment, { revision: recorded.revision, model, worker });
}

async function predict(
  { deps, router }: Internals,
  deployment: string,
  request: DecodedRequest,
): Promise<PredictionBatch> {
  const route = router.live(deployment);
  const { model, worker, revision } = route.live;
  const outputs = await worker.predict(request);
  const outputsPerRow = Math.max(1, model.signature.labels.length);
  const ids = Array.from({ length: request.rows }, () => deps.ids());
  if (request.rows > 0) {
    const { columns } = request;
    await route.log.append({
      revision,
      modelDigest: model.modelDigest,
      ids,
      columns,
      outputs,
      outputsPerRow,
    });
  }
  return { ids, outputs, outputsPerRow, revision, model };
}

async function requireRow({ store }: DeploymentDeps, name: string) {
  const row = await store.find(name);
  if (row !== undefined) return row;
  const known = (await store.list({ limit: 1000 })).items.map((entry) => entry.name);
  throw deploymentNotFound(name, known);
}

function noSuchRevision(deployment: string, revision: number): SlipwayError {
  return new SlipwayError('DEPLOYMENT_NOT_FOUND', {
    message: `${deployment} has no revision ${revision}`,
    fix: `See slipway deploy show ${deployment}.`,
  });
}

async function summary({ deps, router }: Internals, row: DeploymentRow): Promise<DeploymentSummary> {
  const route = router.find(row.name);
  const stored = await deps.store.find(row.name);
  const live = stored?.revisions.find((revision) => revision.revision === row.liveRevision);
  const status = route?.live !== undefined ? 'serving' : route?.failure !== undefined ? 'failed' : 'loading';
  return {
    name: row.name,
    status,
    model: live?.model ?? row.name,
    version: live?.version ?? 0,
    revision: row.liveRevision,
    url: `/v2/models/${row.name}`,
    traffic: (route?.traffic ?? new TrafficCounter(deps.clock)).read(route?.log.gapRows ?? 0),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

async function detail(service: Internals, name: string): Promise<DeploymentDetail> {
  const row = await requireRow(service.deps, name);
  const base = await summary(service, row);
  const route = service.router.find(name);
  const model = route?.live?.model ?? (await service.deps.loadServable(base.model, base.version));
  const { failure } = route ?? {};
  return {
    ...base,
    revisions: [...row.revisions],
    signature: model.signature,
    ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
    urls: { infer: `/v2/models/${name}/infer`, invocations: `/models/${name}/invocations` },
  };
}

async function remove({ deps, router }: Internals, name: string): Promise<void> {
  await requireRow(deps, name);
  await deps.transactor.transaction(async (tx) => {
    await deps.store.remove(tx, name);
    await deps.events.append(tx, { type: 'deployment.removed', subject: `deployments/${name}`, data: {} });
  });
  await router.remove(name);
}

/** Loads every live revision. One that cannot be loaded is marked and answers 503; the others serve. */
async function restore({ deps, router }: Internals): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await deps.store.list({ limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { name, liveRevision } of page.items) {
      const route = router.route(name);
      try {
        const row = await requireRow(deps, name);
        const live = row.revisions.find((revision) => revision.revision === liveRevision);
        if (live === undefined) throw noSuchRevision(name, liveRevision);
        const model = await deps.loadServable(live.model, live.version);
        router.switchTo(name, { revision: live.revision, model, worker: await router.start(model) });
      } catch (error) {
        route.failure = toSlipwayError(error);
      }
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
