import type { FastifyInstance } from 'fastify';
import type { App } from '../app/app.ts';
import type { EventStreams } from './event-streams.ts';

type Prometheus = typeof import('prom-client');

const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * `GET /metrics` for Prometheus. Process and HTTP families live in a registry of this server; deployments and monitors keep their
 * own counts and are read when asked. The library is loaded after the first request, so that the server listens sooner.
 */
export function registerMetrics(server: FastifyInstance, app: App, streams: EventStreams): void {
  let loading: Promise<{ prometheus: Prometheus; observe: Observe; text: () => Promise<string> }> | undefined;
  let observe: Observe | undefined;
  const load = () => {
    loading ??= import('prom-client').then((module) => {
      const own = ownRegistry(module, streams);
      observe = own.observe;
      return { prometheus: module, ...own };
    });
    return loading;
  };
  server.addHook('onResponse', async (request, reply) => {
    if (observe === undefined) await load();
    observe?.(
      [request.method, request.routeOptions.url ?? 'none', String(reply.statusCode)],
      reply.elapsedTime,
    );
  });
  server.get('/metrics', async (_request, reply) => {
    const { prometheus, text } = await load();
    const families = [...(await deploymentFamilies(app)), ...(await app.monitoring.metrics())];
    const parts = [await text(), await familiesText(prometheus, families)];
    return reply.type(prometheus.Registry.PROMETHEUS_CONTENT_TYPE).send(parts.join('\n'));
  });
}

type Observe = (labels: readonly [method: string, route: string, status: string], elapsedMs: number) => void;

function ownRegistry(prometheus: Prometheus, streams: EventStreams) {
  const registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry });
  new prometheus.Gauge({
    name: 'slipway_event_streams',
    help: 'Open streams of server-sent events',
    registers: [registry],
    collect() {
      this.set(streams.count);
    },
  });
  const seconds = new prometheus.Histogram({
    name: 'slipway_http_request_seconds',
    help: 'Time from the request to the end of the reply',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  const observe: Observe = (labels, elapsedMs) => seconds.labels(...labels).observe(elapsedMs / 1000);
  return { observe, text: () => registry.metrics() };
}

async function deploymentFamilies(app: App): Promise<Family[]> {
  const { items } = await app.deployment.list({ limit: 1000 });
  return items.flatMap(({ name, version, revision, traffic }) => {
    const family = (suffix: string, help: string, value: number | null, more?: Record<string, string>) =>
      value === null
        ? []
        : [{ name: `slipway_deployment_${suffix}`, help, value, labels: { deployment: name, ...more } }];
    return [
      ...family('requests_total', 'Requests since the server started', traffic.requests),
      ...family('predictions_total', 'Rows predicted since the server started', traffic.predictions),
      ...family('errors_total', 'Replies with status 5xx', traffic.errors),
      ...family('refused_total', 'Replies with status 4xx', traffic.refused),
      ...family('log_gap_total', 'Predictions that could not be logged', traffic.logGap),
      ...family('latency_milliseconds', 'Body read to reply written', traffic.p50Ms, { quantile: '0.5' }),
      ...family('latency_milliseconds', 'Body read to reply written', traffic.p95Ms, { quantile: '0.95' }),
      ...family('latency_milliseconds', 'Body read to reply written', traffic.p99Ms, { quantile: '0.99' }),
      ...family('version', 'Model version in service', version, { revision: String(revision) }),
    ];
  });
}

/** Values read at this moment, in a registry that lives for one answer. */
async function familiesText(prometheus: Prometheus, families: readonly Family[]): Promise<string> {
  const registry = new prometheus.Registry();
  const byName = new Map<string, Family[]>();
  for (const family of families) byName.set(family.name, [...(byName.get(family.name) ?? []), family]);
  for (const [name, members] of byName) {
    const labelNames = [...new Set(members.flatMap((member) => Object.keys(member.labels)))];
    const options = { name, help: members[0]!.help, labelNames, registers: [registry] };
    const counter = name.endsWith('_total') ? new prometheus.Counter(options) : undefined;
    const gauge = counter === undefined ? new prometheus.Gauge(options) : undefined;
    for (const { labels, value } of members) {
      counter?.inc({ ...labels }, value);
      gauge?.set({ ...labels }, value);
    }
  }
  return registry.metrics();
}
