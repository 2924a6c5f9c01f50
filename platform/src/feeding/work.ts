import type { Engine } from '../ports/engine.ts';
import type { TableSchema } from '../tables/table.ts';
import { type TrialWork, tryContract } from './contracts/trial-work.ts';
import './errors.ts';
import { copySql } from './part-file.ts';
import type { SourceConnector, SourceContext, SourceSpec } from './ports.ts';
import { type JoinWork, pointInTimeJoin } from './queries/join-work.ts';
import { exportQuery, type QueryWork, runQuery } from './queries/query.ts';
import { type RowsWork, readRows } from './queries/rows.ts';
import { type SnapshotSource, sourceSql } from './queries/snapshot-source.ts';
import { refuseCredentials } from './source-address.ts';
import { proveSplit, type SplitWork } from './splits/split-work.ts';
import { measurePart } from './statistics.ts';
import { type DiffWork, diffSnapshots } from './versions/diff-work.ts';

/** What the room runs in child processes beside loads: everything that opens the engine or a foreign source. */
export interface FeedingWork {
  readonly rows: RowsWork;
  readonly query: QueryWork;
  readonly export: Parameters<typeof exportQuery>[0];
  readonly diff: DiffWork;
  readonly split: SplitWork;
  readonly join: JoinWork;
  readonly trial: TrialWork;
  readonly measure: { readonly path: string; readonly schema: TableSchema; readonly workDir: string };
  readonly compact: { readonly source: SnapshotSource; readonly path: string; readonly workDir: string };
  readonly check: {
    readonly spec: SourceSpec;
    readonly secrets: Readonly<Record<string, string>>;
    readonly workDir: string;
  };
}

export interface WorkContext {
  readonly engine: Engine;
  readonly sources: (uri: string) => SourceConnector;
  readonly signal: AbortSignal;
}

const STREAMS_MAX = 1000;

export async function feedingWork(op: string, input: unknown, context: WorkContext): Promise<unknown> {
  const { engine } = context;
  const as = <K extends keyof FeedingWork>(_op: K) => input as FeedingWork[K];
  switch (op as keyof FeedingWork) {
    case 'rows':
      return readRows(as('rows'), engine);
    case 'query':
      return runQuery(as('query'), engine);
    case 'export':
      return exportQuery(as('export'), engine);
    case 'diff':
      return diffSnapshots(as('diff'), engine);
    case 'split':
      return proveSplit(as('split'), engine);
    case 'join':
      return pointInTimeJoin(as('join'), engine);
    case 'trial':
      return tryContract(as('trial'), engine);
    case 'measure':
      return measure(as('measure'), engine);
    case 'compact':
      return compact(as('compact'), engine);
    case 'check':
      return check(as('check'), context);
  }
}

async function measure({ path, schema, workDir }: FeedingWork['measure'], engine: Engine): Promise<unknown> {
  const session = await engine.open({ workDir, threads: 1 });
  try {
    return await measurePart(session, path, schema);
  } finally {
    await session.close();
  }
}

/** All parts of a snapshot as one file, in their order. */
async function compact({ source, path, workDir }: FeedingWork['compact'], engine: Engine): Promise<unknown> {
  const session = await engine.open({ workDir, threads: 1 });
  try {
    await session.run(copySql(sourceSql(source), path));
    return await measurePart(session, path, source.schema);
  } finally {
    await session.close();
  }
}

async function check(
  { spec, secrets, workDir }: FeedingWork['check'],
  { sources, signal }: WorkContext,
): Promise<unknown> {
  refuseCredentials(spec.uri);
  const connector = sources(spec.uri);
  const context: SourceContext = { secrets, workDir, position: null, signal, onProgress: () => undefined };
  const { message } = await connector.check(spec, context);
  return { message, streams: await connector.discover(spec, context, STREAMS_MAX) };
}
