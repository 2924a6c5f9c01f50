import { join } from 'node:path';
import type { ContractBody } from '../../contracts/data-contracts.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import type { Engine, EngineSession } from '../../ports/engine.ts';
import { snapshotSql } from '../../ports/snapshot-part.ts';
import type { TableSchema } from '../../tables/table.ts';
import { inferContract, schemaOf } from '../contracts/contract.ts';
import '../errors.ts';
import { copySql } from '../part-file.ts';
import type { FetchedFile, FetchedSource } from '../ports.ts';
import { refuseCredentials } from '../source-address.ts';
import { measurePart } from '../statistics.ts';
import type { LoadedSource, SourceFacts } from '../types.ts';
import { gatherInputs } from './gather.ts';
import type { LoadJob, LoadOutcome, NewPart } from './job.ts';
import { LoadLedger } from './ledger.ts';
import { mergeByKey } from './merge-keys.ts';
import { readInput } from './read-input.ts';
import type { RunLoadContext } from './run-context.ts';

/**
 * A whole load, for child processes: fetch → read each input into a part → check it by the contract → merge by key. Publishes nothing.
 * Loaded + quarantined = rows in the source, or it fails.
 *
 * @throws what the connector or the reader says; CONTRACT_VIOLATED, REJECT_BUDGET_EXCEEDED, LOAD_EMPTY, ROWS_UNACCOUNTED
 */
export async function runLoad(job: LoadJob, context: RunLoadContext): Promise<LoadOutcome> {
  const sessions = lazySession(job, context.engine);
  try {
    const fetched = await fetchInput(job, context);
    const ledger = new LoadLedger(job);
    if (fetched.files.length > 0) {
      const inputs = await gatherInputs(fetched.files, { ...job, session: sessions.open });
      for (const [index, input] of inputs.entries()) {
        context.signal.throwIfAborted();
        await readInput({ job, context, input, index, of: inputs.length, ledger, session: sessions.open });
      }
    }
    const empty = ledger.sourceRows === 0;
    if (empty && unchangedIsFine(job, fetched)) return nothingNew(job, fetched);
    if (empty && (job.contract?.rowsRequired ?? true)) throw emptyLoad(job);
    requireCount(fetched, ledger);
    ledger.requireBudget();
    return await finish({ job, fetched, ledger, session: sessions.open });
  } finally {
    await sessions.close();
  }
}

async function fetchInput(job: LoadJob, context: RunLoadContext): Promise<FetchedSource> {
  if (job.input.kind === 'files') return { files: job.input.files, position: null, lineage: {} };
  const { spec, secrets, position } = job.input;
  refuseCredentials(spec.uri);
  return context.sources(spec.uri).fetch(spec, {
    secrets,
    position,
    workDir: job.fetchDir,
    signal: context.signal,
    onProgress: ({ message, bytes, bytesTotal }) =>
      context.onProgress({ message, rows: 0, bytes, bytesTotal }),
  });
}

/** A source that is read on from a position may have nothing new; so may an append of nothing. */
function unchangedIsFine(job: LoadJob, fetched: FetchedSource): boolean {
  if (job.input.kind === 'source' && job.input.position !== null) return true;
  return job.mode !== 'replace' && fetched.files.length === 0;
}

function nothingNew(job: LoadJob, fetched: FetchedSource): LoadOutcome {
  return {
    unchanged: true,
    position: fetched.position,
    ...{ parts: [], replaced: [], quarantine: [], quarantineReasons: [], quarantineSample: [] },
    ...{ sourceRows: 0, loaded: 0, superseded: 0, quarantined: 0, quarantinedValues: 0 },
    schema: job.parent?.schema ?? { columns: [] },
    contract: job.contract ?? inferContract({ columns: [] }),
    ...{ changes: [], warnings: [] },
    source: emptyFacts(job),
    lineage: fetched.lineage,
  };
}

function emptyLoad(job: LoadJob): SlipwayError {
  return new SlipwayError('LOAD_EMPTY', {
    message: `the source has no rows for ${job.dataset}`,
    fix: 'Check the source. When no rows are as they should be, set rowsRequired to false in the contract.',
    details: { dataset: job.dataset },
  });
}

/** A source that counts what it sends is a second witness. */
function requireCount(fetched: FetchedSource, ledger: LoadLedger): void {
  if (fetched.rows === undefined || fetched.rows === ledger.sourceRows) return;
  throw new SlipwayError('ROWS_UNACCOUNTED', {
    message: `the source sent ${fetched.rows} rows, and ${ledger.sourceRows} were read`,
    fix: 'Nothing was published. Run it again; report this if it happens again.',
    details: { sent: fetched.rows, read: ledger.sourceRows },
  });
}

async function finish(work: {
  readonly job: LoadJob;
  readonly fetched: FetchedSource;
  readonly ledger: LoadLedger;
  readonly session: () => Promise<EngineSession>;
}): Promise<LoadOutcome> {
  const { job, fetched, ledger } = work;
  const contract = keyed(ledger.contract ?? inferContract({ columns: [] }), job, ledger);
  const schema = schemaOf(contract, ledger.readSchema, job.parent?.schema ?? null);
  let parts: readonly NewPart[] = await conform(ledger.parts, schema, work);
  let replaced: LoadOutcome['replaced'] = [];
  let superseded = 0;
  if (job.mode === 'merge' && parts.length > 0) {
    const session = await work.session();
    const merged = await mergeByKey(session, {
      ...{ workDir: job.workDir, key: job.key, schema, fresh: parts, parent: job.parent?.parts ?? [] },
    });
    parts = [merged.fresh];
    replaced = merged.replaced;
    superseded = merged.superseded;
  }
  const facts = await ledger.close();
  return {
    unchanged: false,
    position: fetched.position,
    parts: parts.filter((part) => part.rows > 0),
    replaced,
    superseded,
    ...facts,
    schema,
    contract,
    changes: ledger.changes,
    warnings: ledger.warnings,
    source: sourceFacts(job, fetched.files, ledger.sources),
    lineage: {
      ...fetched.lineage,
      ...(job.input.kind === 'source' ? { source: job.input.spec.uri } : {}),
      files: fetched.files.slice(0, FILES_TOLD).map(({ uri, bytes, etag }) => ({ uri, bytes, etag })),
      fileCount: fetched.files.length,
      ...(ledger.warnings.length === 0 ? {} : { warnings: ledger.warnings }),
    },
  };
}

/** What a first merge names as the key is the data set's key from then on: a later merge and a diff need not be told again. */
function keyed(contract: ContractBody, job: LoadJob, ledger: LoadLedger): ContractBody {
  if (job.mode !== 'merge' || contract.key.length > 0) return contract;
  ledger.changes.push(`key: ${job.key.join(', ')}`);
  return { ...contract, key: [...job.key] };
}

/** Inputs of one load may have had other columns or narrower types: their parts are written anew under the schema that holds for all. */
async function conform(
  parts: readonly NewPart[],
  schema: TableSchema,
  { job, session }: { readonly job: LoadJob; readonly session: () => Promise<EngineSession> },
): Promise<NewPart[]> {
  const wanted = JSON.stringify(schema.columns.map(({ name, type }) => [name, type]));
  const conformed: NewPart[] = [];
  for (const [index, part] of parts.entries()) {
    const has = JSON.stringify(part.statistics.columns.map(({ name, type }) => [name, type]));
    if (has === wanted) {
      conformed.push(part);
      continue;
    }
    const path = join(job.workDir, `conformed-${index}.parquet`);
    const opened = await session();
    await opened.run(copySql(snapshotSql([part.path], schema), path));
    const statistics = await measurePart(opened, path, schema);
    conformed.push({ path, rows: statistics.rows, statistics });
  }
  return conformed;
}

/** Files named one by one in the lineage. */
const FILES_TOLD = 100;

function emptyFacts(job: LoadJob): SourceFacts {
  const uri = job.input.kind === 'source' ? job.input.spec.uri : '';
  return {
    uri,
    format: 'rows',
    compression: 'none',
    digest: '0'.repeat(64),
    bytes: 0,
    header: false,
    delimiter: null,
  };
}

function sourceFacts(
  job: LoadJob,
  files: readonly FetchedFile[],
  sources: readonly LoadedSource['source'][],
): SourceFacts {
  const [first] = sources;
  if (first === undefined) return emptyFacts(job);
  const uri = job.input.kind === 'source' ? describeSource(job.input.spec) : first.uri;
  if (sources.length === 1) return { ...first, uri: files.length === 1 ? uri : first.uri };
  const bytes = sources.reduce((sum, source) => sum + source.bytes, 0);
  return { ...first, uri: `${uri} (${files.length} files)`, bytes };
}

function describeSource(spec: {
  readonly uri: string;
  readonly table?: string;
  readonly query?: string;
}): string {
  if (spec.table !== undefined) return `${spec.uri} ${spec.table}`;
  return spec.query === undefined ? spec.uri : `${spec.uri} (query)`;
}

/** DuckDB is opened when it is needed, once. */
function lazySession(job: LoadJob, engine: Engine) {
  let opened: Promise<EngineSession> | undefined;
  return {
    open: () => {
      opened ??= engine.open({ workDir: join(job.workDir), threads: 1 });
      return opened;
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}
