import { createReadStream } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  LoadOptions,
  LoadRequestBody,
  LoadResult,
  PushReply,
  SourceSpec,
} from '../contracts/data-loads.ts';
import { PUSH_PATH, pathOf } from '../contracts/routes.ts';
import type { CommandInput, CommandRun, CommonOptions } from './command.ts';
import { type Connection, connect } from './connect.ts';
import { sendRaw } from './data-raw.ts';
import { CommandError, usageError } from './failure.ts';
import { countText, secondsText } from './format.ts';
import { readSeconds, readTypes, readWhole } from './launch-options.ts';
import { findFile, sourceFor } from './source.ts';

export interface AddOptions extends CommonOptions {
  readonly mode?: 'replace' | 'append' | 'merge';
  readonly key?: string;
  readonly branch?: string;
  readonly table?: string;
  readonly query?: string;
  readonly cursor?: string;
  readonly secret?: readonly string[];
  readonly endpoint?: string;
  readonly region?: string;
  readonly allowPrivate?: boolean;
  readonly header?: 'auto' | 'yes' | 'no';
  readonly types?: readonly string[];
  readonly full?: boolean;
  readonly every?: string;
  readonly watch?: boolean;
  readonly once?: boolean;
  readonly check?: boolean;
}

const WATCH_SECONDS = 2;
const POLL_MS = 150;

/** `slipway data add <name> [source]`: starts the load, shows it, ends with how it went. */
export const add: CommandRun = async ({ args, options, io }) => {
  const [name, source] = args as [string, string?];
  const given = options as AddOptions;
  const isUri = source !== undefined && /^[a-z0-9+]+:\/\//i.test(source);
  const isGlob = source !== undefined && !isUri && /[*?{]/.test(source);
  const connection = await connect({ home: given.home, url: given.url, start: { anyPort: true } });
  if (given.check) return check({ io, options, args }, connection, specOf(source, given));
  const body = await requestOf({ source, isUri: isUri || isGlob, given, connection, io });
  const accepted = await connection.client.call('loadDataset', { params: { name }, body });
  const result = await follow(connection, accepted.runId, io);
  if (given.json) io.out(JSON.stringify(result));
  else for (const line of resultLines(result, io)) io.out(line);
  if (result.error !== undefined) throw new CommandError(result.error, await exitOf(connection, result));
  return 0;
};

async function requestOf(work: {
  source: string | undefined;
  isUri: boolean;
  given: AddOptions;
  connection: Connection;
  io: CommandInput['io'];
}): Promise<LoadRequestBody> {
  const { source, given, connection, io } = work;
  const loadOptions = optionsOf(given);
  const schedule = scheduleOf(given);
  if (source === undefined) return { options: loadOptions };
  const remembered = given.every !== undefined || given.watch === true;
  if (!work.isUri && !remembered) {
    const file = await sourceFor(await findFile(source), {
      client: connection.client,
      remote: connection.remote,
      io,
    });
    return { file, options: loadOptions };
  }
  return {
    source: specOf(source, given),
    options: given.watch ? { mode: 'append', ...loadOptions } : loadOptions,
    ...(given.once ? { remember: false } : {}),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

function optionsOf(given: AddOptions): LoadOptions {
  return {
    ...(given.mode === undefined ? {} : { mode: given.mode }),
    ...(given.key === undefined ? {} : { key: splitList(given.key) }),
    ...(given.branch === undefined ? {} : { branch: given.branch }),
    ...(given.header === undefined ? {} : { header: given.header }),
    ...(given.types === undefined ? {} : { types: readTypes(given.types) }),
    ...(given.full ? { full: true } : {}),
  };
}

function scheduleOf(given: AddOptions): LoadRequestBody['schedule'] {
  if (given.watch && given.every === undefined) return { everySeconds: WATCH_SECONDS };
  if (given.every === undefined) return undefined;
  const everySeconds = readSeconds('--every', given.every);
  return everySeconds === 0 ? null : { everySeconds: Math.max(1, Math.round(everySeconds)) };
}

function specOf(source: string | undefined, given: AddOptions): SourceSpec {
  if (source === undefined) throw usageError('no source is named', 'Name a file, a glob or a URI.');
  const isUri = /^[a-z0-9+]+:\/\//i.test(source);
  const credentials = Object.fromEntries((given.secret ?? []).map(readSecret));
  const optional = Object.fromEntries(
    Object.entries({
      ...{ table: given.table, query: given.query, cursor: given.cursor },
      ...{ endpoint: given.endpoint, region: given.region, allowPrivate: given.allowPrivate },
    }).filter(([, value]) => value !== undefined),
  );
  return {
    uri: isUri ? source : isAbsolute(source) ? source : resolve(source),
    ...optional,
    ...(Object.keys(credentials).length === 0 ? {} : { credentials }),
  };
}

function readSecret(text: string): [string, string] {
  const at = text.indexOf('=');
  const reference = text.slice(at + 1);
  if (at > 0 && /^(env|file|store):./.test(reference)) return [text.slice(0, at), reference];
  throw usageError(
    `--secret '${at > 0 ? text.slice(0, at) : text}' is no reference`,
    'Write name=env:VARIABLE, name=file:/path or name=store:name; never the value itself.',
  );
}

export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

async function check({ io, options }: CommandInput, { client }: Connection, spec: SourceSpec): Promise<0> {
  const found = await client.call('checkSource', { body: spec });
  if (options['json'] === true) io.out(JSON.stringify(found));
  else {
    io.say(found.message);
    for (const { name, rows, bytes, columns } of found.streams)
      io.out(
        [
          name,
          rows ?? '',
          bytes ?? '',
          (columns ?? []).map((column) => `${column.name} ${column.type}`).join(', '),
        ].join('\t'),
      );
  }
  return 0;
}

async function follow({ client }: Connection, runId: string, io: CommandInput['io']): Promise<LoadResult> {
  for (;;) {
    const result = await client.call('getLoad', { params: { id: runId } });
    if (!['queued', 'pending', 'running'].includes(result.status)) {
      io.status('');
      return result;
    }
    io.status(
      `loading ${result.dataset}: ${result.message ?? result.status} (${secondsText(result.seconds)})`,
    );
    await sleep(POLL_MS);
  }
}

async function exitOf({ client }: Connection, result: LoadResult): Promise<1 | 2 | 3 | 4 | 5 | 6> {
  const { exit } = await client.call('getLoad', { params: { id: result.runId } });
  return (exit ?? 1) as 1;
}

function resultLines(result: LoadResult, io: CommandInput['io']): string[] {
  if (result.error !== undefined) return [];
  if (result.unchanged) return [`${result.dataset} v${result.version ?? '–'}: nothing new in the source`];
  const kept = result.reasons.map(({ reason, count }) => `  ${reason}  ${countText(count)}`);
  return [
    `${io.paint('bold', `${result.dataset} v${result.version}`)}  ${countText(result.loaded)} loaded + ${countText(result.quarantined)} quarantined = ${countText(result.sourceRows)} in the source  (${secondsText(result.seconds)})`,
    ...kept,
  ];
}

/** `slipway data schedule <name> --every 5m`. */
export const schedule: CommandRun = async ({ args, options, io }) => {
  const { every, json, ...common } = options as unknown as CommonOptions & { every: string };
  const everySeconds = readSeconds('--every', every);
  const { client } = await connect(common);
  const feed = await client.call('setSchedule', {
    params: { name: args[0]! },
    body: { schedule: everySeconds === 0 ? null : { everySeconds: Math.max(1, Math.round(everySeconds)) } },
  });
  if (json) io.out(JSON.stringify(feed));
  else
    io.say(
      feed.schedule === null
        ? 'it feeds no more by itself'
        : `every ${secondsText(feed.schedule.everySeconds)}`,
    );
  return 0;
};

/** `slipway data push <name> [file]`: batches with idempotency keys, so that a repeated command after a broken connection adds nothing twice. */
export const push: CommandRun = async ({ args, options, io }) => {
  const { batch, flush, json, ...common } = options as CommonOptions & { batch?: string; flush?: boolean };
  const [name, file] = args as [string, string?];
  const size = batch === undefined ? 500 : readWhole('--batch', batch, 1);
  const input = file === undefined ? process.stdin : createReadStream((await findFile(file)).path);
  const connection = await connect({ ...common, start: { anyPort: true } });
  const session = crypto.randomUUID();
  let rows = 0;
  let sent = 0;
  let lines: string[] = [];
  const send = async () => {
    if (lines.length === 0) return;
    const reply = await sendRaw(connection, pathOf(PUSH_PATH, { name }), {
      body: `${lines.join('\n')}\n`,
      headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': `${session}-${sent++}` },
    });
    rows += ((await reply.json()) as PushReply).rows;
    lines = [];
    io.status(`pushed ${countText(rows)} rows`);
  };
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') lines.push(line);
    if (lines.length >= size) await send();
  }
  await send();
  io.status('');
  const version = flush ? (await connection.client.call('flushPushed', { params: { name } })).version : null;
  if (json) io.out(JSON.stringify({ dataset: name, rows, version }));
  else io.say(`${countText(rows)} rows are on disk${version === null ? '' : `, in version ${version}`}`);
  return 0;
};
