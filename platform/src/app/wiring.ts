import { readFileSync } from 'node:fs';
import { createFsBlobs } from '../adapters/blobs-fs/index.ts';
import { createProcessIsolate } from '../adapters/executor-process/index.ts';
import { createWorkerRuntime } from '../adapters/runtime-onnx/index.ts';
import '../adapters/sources/errors.ts';
import { openSqlStores, type SqlStores } from '../adapters/sql/index.ts';
import { createDeployment } from '../deployment/index.ts';
import type { DeploymentService } from '../deployment/types.ts';
import { createFeeding } from '../feeding/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { createIdSource } from '../kernel/ids.ts';
import { armKillPoint } from '../kernel/kill-points.ts';
import { builtModule } from '../kernel/module-path.ts';
import { createMonitoring } from '../monitoring/index.ts';
import type { PredictionSource } from '../monitoring/ports.ts';
import { createPipelines } from '../pipelines/index.ts';
import { createRegistry } from '../registry/index.ts';
import { createSelection } from '../selection/index.ts';
import { createValidation } from '../validation/index.ts';
import type { App } from './app.ts';
import { readBundle, servableFrom } from './bundles.ts';
import { codeDigest } from './code-digest.ts';
import { type Config, environmentVariable } from './config.ts';
import { explanationOf } from './explanations.ts';
import { findExternal } from './external.ts';
import { type HomeFolders, openHome, secretKey } from './home.ts';
import { createLauncher } from './launch.ts';
import { launchPipeline, studyPipeline } from './launch-flow.ts';
import { createLineageSender, type LineageSender } from './lineage.ts';
import { loadPipeline } from './load-flow.ts';
import { createLoader } from './loads.ts';
import { namedDigests } from './named-digests.ts';
import { sweepOrphans } from './orphans.ts';
import { overviewOf } from './overview.ts';
import { recoverStudies } from './recover-studies.ts';
import { withRollback } from './rollback.ts';
import { createStudies } from './studies.ts';

/** How often the schedule looks what is due. */
const FEED_TICK_MS = 1000;

/**
 * Opens the home folder and wires the rooms together. Afterwards live revisions serve and interrupted runs are marked.
 *
 * @throws HOME_NOT_WRITABLE, HOME_IN_USE, or what the database says.
 */
export async function openApp(config: Config): Promise<App> {
  armKillPoint(config.killAt);
  const startedAt = systemClock.now();
  const home = await openHome(config.home);
  const stores = await openSqlStores(
    config.databaseUrl === undefined
      ? { kind: 'sqlite', path: home.database }
      : { kind: 'postgres', url: config.databaseUrl },
    { clock: systemClock, project: 'default' },
  );
  const rooms = wireRooms(home, stores);
  // A server is mostly started to do something at once: the first child loads while the rest opens.
  rooms.isolate.warm();
  await rooms.pipelines.recover();
  await recoverStudies(stores);
  await rooms.feeding.restore();
  await rooms.deployment.restore();
  return finish({ config, stores, rooms, startedAt });
}

function wireRooms(home: HomeFolders, stores: SqlStores) {
  const clock = systemClock;
  const ids = createIdSource(clock);
  const { transactor, events } = stores;
  const blobs = createFsBlobs(home.blobs);
  const isolate = createProcessIsolate({ entry: builtModule(import.meta.url, './child.js') });
  const base = { transactor, events, clock, ids };
  const registry = createRegistry({ ...base, store: stores.models });
  const deployment = createDeployment({
    ...base,
    store: stores.deployments,
    feedback: stores.feedback,
    runtime: createWorkerRuntime(),
    logDir: home.predictions,
    loadServable: async (model, version) => {
      const { bundleDigest } = await registry.version(model, version);
      return servableFrom(blobs, await readBundle(blobs, bundleDigest), { model, version });
    },
  });
  const source = predictionSource(deployment);
  const monitoring = createMonitoring({ ...base, store: stores.monitors, blobs, source });
  return {
    ...base,
    blobs,
    isolate,
    registry,
    monitoring,
    deployment: withRollback({ deployment, monitoring, registry, blobs, transactor }),
    feeding: createFeeding({
      ...base,
      ...{
        store: stores.datasets,
        records: stores.records,
        quarantine: stores.quarantine,
        secrets: stores.secrets,
      },
      ...{ blobs, isolate, workRoot: home.work, pushRoot: home.pushed },
      secretKey: () => secretKey(home.root),
      environment: environmentVariable,
    }),
    selection: createSelection({ ...base, store: stores.studies, isolate }),
    validation: createValidation({ ...base, store: stores.reports, isolate, workRoot: home.work }),
    pipelines: createPipelines({
      ...base,
      store: stores.runs,
      queries: stores.runQueries,
      workRoot: home.work,
    }),
  };
}

/** Monitoring reads what deployment logged; the two rooms meet only here. */
function predictionSource(deployment: DeploymentService): PredictionSource {
  return {
    read: async (name, from, rowsMax) => {
      const { batches, next } = await deployment.readLog(name, from, rowsMax);
      return {
        batches: batches.map(({ request, ...batch }) => ({ ...batch, columns: request.columns })),
        next,
      };
    },
    labelled: async (name, after, limit) => {
      const { items, next } = await deployment.labelled(name, after, limit);
      return { items: items.map(({ prediction, label }) => ({ ...prediction, label })), next };
    },
  };
}

/** Tells an OpenLineage receiver what happens to data, where there is one. */
function lineageOf(
  { openLineageUrl: url, openLineageKey: apiKey }: Config,
  { events, records, transactor }: SqlStores,
  { pipelines, feeding, clock }: ReturnType<typeof wireRooms>,
): LineageSender | undefined {
  if (url === undefined) return undefined;
  const unlessGone = <T>(found: Promise<T>) => found.catch(() => undefined);
  return createLineageSender({
    ...{ url, apiKey, events, records, transactor, now: clock.now },
    facts: {
      run: (id) => unlessGone(pipelines.run(id)),
      manifest: (snapshot) => unlessGone(feeding.manifest(snapshot)),
    },
  });
}

function finish(parts: {
  config: Config;
  stores: SqlStores;
  rooms: ReturnType<typeof wireRooms>;
  startedAt: number;
}): App {
  const { config, stores, rooms, startedAt } = parts;
  let url = `http://${config.host}:${config.port}`;
  const launchRooms = { ...rooms, reports: stores.reports, threads: config.threads };
  const launcher = createLauncher({
    pipelines: rooms.pipelines,
    feeding: rooms.feeding,
    blobs: rooms.blobs,
    clock: rooms.clock,
    definition: launchPipeline(launchRooms),
    study: studyPipeline(launchRooms),
    codeDigest: codeDigest(),
    findExternal: () => findExternal(config),
    baseUrl: () => url,
  });
  const loads = createLoader({ ...rooms, definition: loadPipeline(rooms) });
  const lineage = lineageOf(config, stores, rooms);
  const feeder = setInterval(() => {
    void loads.feedDue();
    void lineage?.sendNew();
  }, FEED_TICK_MS);
  feeder.unref();
  let closing: Promise<void> | undefined;
  const close = async () => {
    clearInterval(feeder);
    await lineage?.close();
    await rooms.pipelines.close();
    await rooms.feeding.close();
    await rooms.isolate.close();
    await rooms.monitoring.close();
    await rooms.deployment.close();
    await stores.close();
  };
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', builtModule(import.meta.url, './wiring.js')), 'utf8'),
  ) as { version: string };
  return {
    ...rooms,
    ...launcher,
    ...createStudies({ ...rooms, config }),
    config,
    idempotency: stores.idempotency,
    loads,
    collect: async (request) => {
      const report = await rooms.feeding.collect(request, (digests) => namedDigests(stores, digests));
      const orphans = await sweepOrphans(stores, rooms.blobs, { dryRun: report.dryRun });
      return { ...report, orphans };
    },
    listening: (address) => {
      url = address;
    },
    explanation: (model, version) => explanationOf(rooms, model, version),
    overview: () => overviewOf(rooms),
    info: () => ({
      name: 'slipway',
      version,
      pid: process.pid,
      startedAt,
      database: stores.kind,
      memoryBytes: process.memoryUsage.rss(),
      node: process.version,
    }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
