import { createHash } from 'node:crypto';
import type { EventRecord } from '../contracts/events.ts';
import type { RunDetail } from '../contracts/runs.ts';
import type { SnapshotManifest } from '../feeding/types.ts';

/**
 * OpenLineage run events (specification 2-0-2) of what Slipway does with data: a load, a launch, or a version made of pushed rows,
 * of quarantined rows or by a merge.
 */
export interface LineageEvent {
  readonly eventType: 'START' | 'COMPLETE' | 'FAIL' | 'ABORT';
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets?: Facets };
  readonly job: { readonly namespace: string; readonly name: string };
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
}

type Facets = Readonly<Record<string, object>>;

interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
  readonly inputFacets?: Facets;
  readonly outputFacets?: Facets;
}

const PRODUCER = 'urn:slipway';
const SPEC = 'https://openlineage.io/spec';
const NAMESPACE = 'slipway';
const MESSAGE_CHARS_MAX = 2000;

const facet = (name: string, version: string, body: object) => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/facets/${version}/${name}.json`,
  ...body,
});

/** Facts that an event needs and does not carry itself. */
export interface LineageFacts {
  readonly run: (id: string) => Promise<RunDetail | undefined>;
  readonly manifest: (snapshot: string) => Promise<SnapshotManifest | undefined>;
}

const ENDS: Readonly<Record<string, LineageEvent['eventType']>> = {
  'run.completed': 'COMPLETE',
  'run.failed': 'FAIL',
  'run.interrupted': 'ABORT',
};
/** Versions that no run made. */
const WITHOUT_RUN = new Set(['push', 'replay', 'release', 'proposal', 'join']);

/** What one event of the log says to OpenLineage; nothing for most. */
export async function lineageOf(event: EventRecord, facts: LineageFacts): Promise<LineageEvent[]> {
  const [kind, id] = event.subject.split('/') as [string, string];
  if (kind === 'runs' && (event.type === 'run.started' || event.type in ENDS)) {
    const run = await facts.run(id);
    return run === undefined ? [] : [await runEvent(event, run, facts)];
  }
  if (kind === 'datasets' && event.type === 'dataset.snapshot') {
    const operation = String(event.data['operation'] ?? 'proposal');
    if (!WITHOUT_RUN.has(operation)) return [];
    return versionEvents(event, operation, facts);
  }
  return [];
}

async function runEvent(event: EventRecord, run: RunDetail, facts: LineageFacts): Promise<LineageEvent> {
  const eventType = ENDS[event.type] ?? 'START';
  const message = event.data['message'];
  const outputs = eventType === 'COMPLETE' ? await outputsOf(run, facts) : [];
  const facets =
    message === undefined
      ? {}
      : { facets: { errorMessage: facet('ErrorMessageRunFacet', '1-0-1', errorBody(String(message))) } };
  return {
    ...envelope(event, eventType),
    run: { runId: uuidOf(run.id), ...facets },
    job: { namespace: NAMESPACE, name: `${run.pipeline}.${run.name}` },
    inputs: inputsOf(run, outputs[0]?.manifest),
    outputs: outputs.map(({ dataset }) => dataset),
  };
}

const errorBody = (message: string) => ({
  message: message.slice(0, MESSAGE_CHARS_MAX),
  programmingLanguage: 'TypeScript',
});

/** The snapshot that a step of the run made or read. */
async function outputsOf(
  run: RunDetail,
  { manifest }: LineageFacts,
): Promise<{ dataset: LineageDataset; manifest: SnapshotManifest }[]> {
  const found: { dataset: LineageDataset; manifest: SnapshotManifest }[] = [];
  for (const { outputs } of run.steps) {
    const { snapshot, version, unchanged } = outputs;
    if (typeof snapshot !== 'string' || unchanged === true) continue;
    const facts = await manifest(snapshot);
    if (facts !== undefined) found.push({ dataset: outputOf(facts, Number(version)), manifest: facts });
  }
  return found;
}

function outputOf(manifest: SnapshotManifest, version: number): LineageDataset {
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    namespace: NAMESPACE,
    name: manifest.dataset,
    facets: {
      schema: facet('SchemaDatasetFacet', '1-1-1', {
        fields: manifest.schema.columns.map(({ name, type }) => ({ name, type })),
      }),
      version: facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: String(version) }),
    },
    outputFacets: {
      outputStatistics: facet('OutputStatisticsOutputDatasetFacet', '1-0-2', {
        ...{ rowCount: manifest.rows, size: bytes, fileCount: manifest.parts.length },
      }),
    },
  };
}

function inputsOf(run: RunDetail, manifest: SnapshotManifest | undefined): LineageDataset[] {
  const spec = run.params['spec'] as { uri?: string; table?: string } | null | undefined;
  const uri = spec?.uri ?? manifest?.source.uri;
  if (uri === undefined || uri === '') return [];
  const rows = manifest?.sourceRows;
  return [
    {
      ...placeOf(uri, spec?.table),
      ...(rows === undefined
        ? {}
        : {
            inputFacets: {
              inputStatistics: facet('InputStatisticsInputDatasetFacet', '1-0-0', { rowCount: rows }),
            },
          }),
    },
  ];
}

/** OpenLineage names a place by the store it lies in and its name there. No user name, no query: neither names data. */
export function placeOf(uri: string, table?: string): { namespace: string; name: string } {
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    return { namespace: 'file', name: uri };
  }
  const path = decodeURIComponent(url.pathname).replace(/^\/+/, '');
  const scheme = url.protocol.slice(0, -1);
  if (scheme === 'file' || scheme === 'sqlite')
    return { namespace: 'file', name: table === undefined ? `/${path}` : `/${path}#${table}` };
  const namespace = `${scheme}://${url.host}`;
  if (table !== undefined) return { namespace, name: `${path}.${table}` };
  return { namespace, name: path === '' ? '/' : path };
}

/** A version without a run is a run of its own that begins and ends at once. */
async function versionEvents(
  event: EventRecord,
  operation: string,
  { manifest }: LineageFacts,
): Promise<LineageEvent[]> {
  const snapshot = event.data['snapshot'];
  const facts = typeof snapshot === 'string' ? await manifest(snapshot) : undefined;
  if (facts === undefined) return [];
  const dataset = event.subject.split('/')[1]!;
  const common = {
    run: { runId: uuidOf(createHash('sha256').update(`${event.sequence}:${snapshot}`).digest('hex')) },
    job: { namespace: NAMESPACE, name: `${operation}.${dataset}` },
    inputs: operation === 'push' ? [{ namespace: NAMESPACE, name: `push/${dataset}` }] : [],
  };
  return [
    { ...envelope(event, 'START'), ...common, outputs: [] },
    {
      ...envelope(event, 'COMPLETE'),
      ...common,
      outputs: [outputOf(facts, Number(event.data['version']))],
    },
  ];
}

function envelope(event: EventRecord, eventType: LineageEvent['eventType']) {
  return {
    eventType,
    eventTime: new Date(event.time).toISOString(),
    producer: PRODUCER,
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
  };
}

/** 32 hexadecimal digits as OpenLineage wants a run's id; version and variant bits stay as they are. */
function uuidOf(id: string): string {
  const hex = id.replaceAll('-', '').slice(0, 32).padEnd(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
