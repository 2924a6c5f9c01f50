import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PushReply } from '../../contracts/data-loads.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { requireName } from '../../kernel/names.ts';
import { type FeedingContext, inFolder } from '../context.ts';
import { publishLoad, stageLoad } from '../loads/load-service.ts';
import type { FetchedFile } from '../ports.ts';
import { PushLog } from './push-log.ts';
import { readSegment } from './segment.ts';

/** A version is made of pushed rows when so many wait, or the oldest waits this long. */
const FLUSH_ROWS = 100_000;
const FLUSH_MS = 10_000;
const TICK_MS = 1000;
/** Bytes of one flush; the rest goes into the next. */
const FLUSH_BYTES = 512 * 1024 * 1024;
const KEY_CHARS_MAX = 200;

export interface PushService {
  push(
    dataset: string,
    rows: { readonly body: Buffer; readonly format: 'ndjson' | 'arrow'; readonly key: string },
  ): Promise<PushReply>;
  /** Makes a version of what was acknowledged so far. */
  flush(dataset: string): Promise<{ version: number | null; rows: number }>;
  pendingRows(dataset: string): number;
  /** At server start: logs with rows that are in no version yet are opened. */
  restore(datasets: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface PushPosition {
  readonly loaded: number;
}

export function createPush(deps: FeedingContext): PushService {
  const logs = new Map<string, Promise<PushLog>>();
  const opened = new Map<string, PushLog>();
  const logOf = (dataset: string): Promise<PushLog> => {
    let log = logs.get(dataset);
    if (log === undefined) {
      log = openLog(deps, dataset).then((found) => {
        opened.set(dataset, found);
        return found;
      });
      log.catch(() => logs.delete(dataset));
      logs.set(dataset, log);
    }
    return log;
  };
  const flush = (dataset: string) =>
    deps.locks.run(dataset, async () => flushLog(deps, dataset, await logOf(dataset)));
  const flushing = new Set<string>();
  const tick = () => {
    for (const [dataset, log] of opened) {
      const { pendingSince, pendingRows } = log;
      if (pendingSince === undefined || flushing.has(dataset)) continue;
      if (pendingRows < FLUSH_ROWS && deps.clock.now() - pendingSince < FLUSH_MS) continue;
      flushing.add(dataset);
      flush(dataset)
        .catch((error: unknown) => noteFailure(deps, dataset, error))
        .finally(() => flushing.delete(dataset));
    }
  };
  const timer = setInterval(tick, TICK_MS);
  timer.unref();
  return {
    push: async (dataset, { body, format, key }) => {
      requireName('data set', dataset);
      if (key.length > KEY_CHARS_MAX)
        throw invalid(`the idempotency key is longer than ${KEY_CHARS_MAX} characters`);
      const log = await logOf(dataset);
      const known = log.known(key);
      if (known !== undefined) return { dataset, offset: known.offset, rows: known.rows, repeated: true };
      const rows = format === 'ndjson' ? countLines(body) : await countArrowRows(body);
      const before = log.next;
      const offset = await log.append({ rows, key, format }, withLineEnd(body, format));
      return { dataset, offset, rows, repeated: offset < before && key !== '' };
    },
    flush,
    pendingRows: (dataset) => opened.get(dataset)?.pendingRows ?? 0,
    restore: async (datasets) => {
      for (const dataset of datasets) await logOf(dataset);
    },
    close: async () => {
      clearInterval(timer);
      for (const log of opened.values()) await log.close();
    },
  };
}

async function openLog(deps: FeedingContext, dataset: string): Promise<PushLog> {
  const position = await deps.records.get<PushPosition>('push', dataset, 'log');
  return PushLog.open(join(deps.pushRoot, dataset), position?.body.loaded ?? 0, deps.clock.now);
}

async function noteFailure(deps: FeedingContext, dataset: string, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  await deps.transactor
    .transaction((tx) =>
      deps.events.append(tx, {
        type: 'load.failed',
        subject: `datasets/${dataset}`,
        data: { push: true, message },
      }),
    )
    .catch(() => undefined);
}

/**
 * Loads sealed segments as one append. How far the log is loaded is committed with the version, so a kill at any moment loses nothing
 * and loads nothing twice.
 */
async function flushLog(
  deps: FeedingContext,
  dataset: string,
  log: PushLog,
): Promise<{ version: number | null; rows: number }> {
  const sealed = await log.seal();
  const taken: typeof sealed = [];
  let bytes = 0;
  for (const segment of sealed) {
    if (taken.length > 0 && bytes + segment.bytes > FLUSH_BYTES) break;
    taken.push(segment);
    bytes += segment.bytes;
  }
  if (taken.length === 0) return { version: null, rows: 0 };
  const upTo = taken.at(-1)!.to;
  return inFolder(deps, 'push', async (workDir) => {
    const files: FetchedFile[] = [];
    for (const segment of taken) files.push(...(await filesOf(segment.path, workDir, files.length)));
    const staged = await stageLoad(
      deps,
      {
        dataset,
        input: { kind: 'files', files },
        options: { mode: 'append' },
        operation: 'push',
        mayRefuseAll: true,
      },
      {},
      workDir,
    );
    const { version } = await deps.transactor.transaction(async (tx) => {
      const published = await publishLoad(deps, tx, staged);
      const body: PushPosition = { loaded: upTo };
      await deps.records.put(tx, 'push', { dataset, name: 'log', body, at: deps.clock.now() });
      return published;
    });
    const rows = upTo - log.loaded;
    await log.release(upTo);
    return { version, rows };
  });
}

/** The rows of a segment as files that the readers know: all NDJSON together, each Arrow message by itself. */
async function filesOf(segment: string, workDir: string, from: number): Promise<FetchedFile[]> {
  const { entries } = await readSegment(segment);
  const files: FetchedFile[] = [];
  const add = async (body: Buffer, format: 'ndjson' | 'arrow', offset: number) => {
    const fileName = `pushed-${offset}.${format}`;
    const path = join(workDir, `${from + files.length}-${fileName}`);
    await writeFile(path, body, { mode: 0o600 });
    files.push({ path, fileName, uri: `push@${offset}`, bytes: body.length, temporary: true });
  };
  const lines = entries.filter(({ format }) => format === 'ndjson');
  if (lines.length > 0) await add(Buffer.concat(lines.map(({ body }) => body)), 'ndjson', lines[0]!.offset);
  for (const { body, format, offset } of entries) if (format === 'arrow') await add(body, 'arrow', offset);
  return files;
}

function withLineEnd(body: Buffer, format: 'ndjson' | 'arrow'): Buffer {
  return format === 'arrow' || body.at(-1) === 0x0a ? body : Buffer.concat([body, Buffer.from('\n')]);
}

/** Lines that are not blank. The first must be an object: anything else is a mistake of the caller, not a bad row. */
function countLines(body: Buffer): number {
  let rows = 0;
  let checked = false;
  for (let at = 0; at < body.length; ) {
    const found = body.indexOf(0x0a, at);
    const end = found < 0 ? body.length : found;
    if (!isBlank(body, at, end)) {
      rows++;
      if (!checked) requireObject(body.toString('utf8', at, end));
      checked = true;
    }
    at = end + 1;
  }
  if (rows === 0) throw invalid('the body has no rows');
  return rows;
}

function isBlank(body: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (body[at]! > 0x20) return false;
  return true;
}

function requireObject(line: string): void {
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return;
  } catch {
    // Told below, like every first line that is no object.
  }
  throw invalid(`the first line is no JSON object: ${line.slice(0, 100)}`);
}

async function countArrowRows(body: Buffer): Promise<number> {
  try {
    const { tableFromIPC } = await import('apache-arrow');
    return tableFromIPC(body).numRows;
  } catch (error) {
    throw invalid(
      `the body is no Arrow IPC stream: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function invalid(message: string): SlipwayError {
  return new SlipwayError('PUSH_INVALID', {
    message,
    fix: 'Send NDJSON, one JSON object a line, or an Arrow IPC stream with content-type application/vnd.apache.arrow.stream.',
  });
}
