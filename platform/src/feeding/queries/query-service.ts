import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  DerivedResult,
  ExportRequest,
  JoinRequest,
  QueryReply,
  QueryRequest,
} from '../../contracts/data-query.ts';
import type { RowsPreview, RowsQuery } from '../../contracts/datasets.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { requireName } from '../../kernel/names.ts';
import type { TableSchema } from '../../tables/table.ts';
import {
  currentContract,
  type FeedingContext,
  findVersion,
  headOf,
  inChild,
  inFolder,
  requireDataset,
  sourceOf,
} from '../context.ts';
import { inferContract } from '../contracts/contract.ts';
import type { NewPart } from '../loads/job.ts';
import { keepOutcome, publishLoad } from '../loads/load-service.ts';
import { MAIN_BRANCH, type SnapshotRow } from '../types.ts';
import { findTables } from './names.ts';
import type { SnapshotSource } from './snapshot-source.ts';

const LIMIT_DEFAULT = 1000;
const SECONDS_DEFAULT = 30;
const EXPORT_SECONDS_DEFAULT = 600;

export async function previewRows(
  deps: FeedingContext,
  dataset: string,
  query: RowsQuery,
): Promise<RowsPreview> {
  const source = await sourceOf(deps, await findVersion(deps, dataset, query.version));
  return inFolder(deps, 'rows', (workDir) => inChild<RowsPreview>(deps, 'rows', { source, query, workDir }));
}

interface Prepared {
  readonly sql: string;
  readonly tables: { name: string; source: SnapshotSource }[];
  readonly snapshots: QueryReply['snapshots'];
}

async function prepare(deps: FeedingContext, sql: string): Promise<Prepared> {
  const known = new Set(await deps.store.names());
  const found = findTables(sql, known);
  const tables: { name: string; source: SnapshotSource }[] = [];
  const snapshots: QueryReply['snapshots'] = [];
  for (const { name, dataset, ref } of found.tables) {
    const row = await findVersion(deps, dataset, ref);
    tables.push({ name, source: await sourceOf(deps, row) });
    snapshots.push({ dataset, version: row.version, snapshot: row.id });
  }
  return { sql: found.sql.replace(/[;\s]+$/, ''), tables, snapshots };
}

/** Answers a query in a child process with its own memory and time. @throws QUERY_INVALID, QUERY_NOT_ALLOWED, TIMED_OUT */
export async function query(
  deps: FeedingContext,
  request: QueryRequest,
  signal?: AbortSignal,
): Promise<QueryReply> {
  const began = deps.clock.elapsed();
  const { sql, tables, snapshots } = await prepare(deps, request.sql);
  const limit = request.limit ?? LIMIT_DEFAULT;
  const timeoutMs = (request.timeoutSeconds ?? SECONDS_DEFAULT) * 1000;
  const reply = await inFolder(deps, 'query', (workDir) =>
    inChild<Omit<QueryReply, 'snapshots' | 'seconds'>>(
      deps,
      'query',
      { sql, tables, limit, workDir },
      { timeoutMs, ...(signal === undefined ? {} : { signal }) },
    ),
  ).catch((error: unknown) => nameTheDataset(deps, error));
  return { ...reply, snapshots, seconds: (deps.clock.elapsed() - began) / 1000 };
}

const NO_TABLE = /Table with name "?([^\s"!]+)"? does not exist/;

/** A table that the engine does not know is a data set that does not exist: told with the nearest name instead of the engine's. */
async function nameTheDataset(deps: FeedingContext, error: unknown): Promise<never> {
  const match =
    error instanceof SlipwayError && error.code === 'QUERY_INVALID' ? NO_TABLE.exec(error.message) : null;
  if (match !== null) await requireDataset(deps, match[1]!.split('@')[0]!);
  throw error;
}

/** A query's result as a file; the caller reads the stream to its end, then the file is gone. */
export async function exportRows(
  deps: FeedingContext,
  request: ExportRequest,
): Promise<{ stream: NodeJS.ReadableStream; rows: number; close: () => Promise<void> }> {
  const { sql, tables } = await prepare(deps, request.sql);
  const workDir = join(deps.workRoot, `export-${deps.ids()}`);
  await mkdir(workDir, { recursive: true });
  const close = () => rm(workDir, { recursive: true, force: true });
  try {
    const timeoutMs = (request.timeoutSeconds ?? EXPORT_SECONDS_DEFAULT) * 1000;
    const input = { sql, tables, limit: 0, workDir, format: request.format };
    const { path, rows } = await inChild<{ path: string; rows: number }>(deps, 'export', input, {
      timeoutMs,
    }).catch((error: unknown) => nameTheDataset(deps, error));
    return { stream: createReadStream(path), rows, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `name@ref` or `name`. */
function findReference(deps: FeedingContext, text: string): Promise<SnapshotRow> {
  const at = text.indexOf('@');
  return at < 0 ? findVersion(deps, text) : findVersion(deps, text.slice(0, at), text.slice(at + 1));
}

/** A point-in-time join of two snapshots as a data set of its own, with both as parents. */
export async function joinDatasets(deps: FeedingContext, request: JoinRequest): Promise<DerivedResult> {
  const { name, left, right, ...rest } = request;
  requireName('data set', name);
  const [l, r] = [await findReference(deps, left), await findReference(deps, right)];
  const sources = { left: await sourceOf(deps, l), right: await sourceOf(deps, r) };
  return deps.locks.run(name, () =>
    inFolder(deps, 'join', async (workDir) => {
      const joined = await inChild<{ part: NewPart; schema: TableSchema; unmatched: number }>(deps, 'join', {
        ...sources,
        ...{ request: rest, workDir },
      });
      const head = await headOf(deps, name, MAIN_BRANCH);
      const contract = await currentContract(deps, name);
      const rows = joined.part.rows;
      const staged = await keepOutcome(deps, {
        ...{ head, contract, mode: 'replace', branch: MAIN_BRANCH, parents: [l.id, r.id] },
        command: { dataset: name, input: { kind: 'files', files: [] }, options: {}, operation: 'join' },
        outcome: {
          ...{ unchanged: false, position: null, parts: [joined.part], replaced: [], quarantine: [] },
          ...{ sourceRows: rows, loaded: rows, superseded: 0, quarantined: 0, quarantinedValues: 0 },
          ...{ quarantineReasons: [], quarantineSample: [], schema: joined.schema },
          contract: contract?.body ?? inferContract(joined.schema),
          ...{ changes: contract === undefined ? ['inferred from a join'] : [], warnings: [] },
          source: {
            ...{ uri: `${left} ⋈ ${right}`, format: 'rows', compression: 'none', digest: '0'.repeat(64) },
            ...{ bytes: 0, header: false, delimiter: null },
          },
          lineage: { join: { ...rest, left: l.id, right: r.id, unmatched: joined.unmatched } },
        },
      });
      const { version } = await deps.transactor.transaction((tx) => publishLoad(deps, tx, staged));
      const columns = joined.schema.columns.map((column) => ({ name: column.name, type: column.type }));
      return {
        dataset: name,
        version: version!,
        snapshot: staged.id,
        rows,
        unmatched: joined.unmatched,
        columns,
      };
    }),
  );
}
