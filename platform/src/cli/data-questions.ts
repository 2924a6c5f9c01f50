import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ExportFormat, SplitDetail, SplitRule } from '../contracts/data-query.ts';
import { EXPORT_PATH } from '../contracts/routes.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { connect } from './connect.ts';
import { splitList } from './data-load.ts';
import { sendRaw } from './data-raw.ts';
import { readVersion } from './data-versions.ts';
import { usageError } from './failure.ts';
import { countText, secondsText } from './format.ts';
import type { Io } from './io.ts';
import { readSeconds, readWhole } from './launch-options.ts';
import { tableLines } from './table.ts';

/** `slipway data query <sql>`. */
export const query: CommandRun = async ({ args, options, io }) => {
  const { limit, timeout, json, ...common } = options as CommonOptions & { limit?: string; timeout?: string };
  const body = {
    sql: args[0]!,
    ...(limit === undefined ? {} : { limit: readWhole('--limit', limit, 1) }),
    ...(timeout === undefined
      ? {}
      : { timeoutSeconds: Math.max(1, Math.round(readSeconds('--timeout', timeout))) }),
  };
  const { client } = await connect(common);
  const reply = await client.call('queryData', { body });
  if (json) {
    io.out(JSON.stringify(reply));
    return 0;
  }
  const columns = reply.columns.map(({ name }, i) => ({
    title: name,
    value: (row: unknown[]) => (row[i] === null ? '' : String(row[i])),
    align: reply.rows.some((row) => typeof row[i] === 'number') ? ('right' as const) : ('left' as const),
  }));
  for (const line of tableLines(reply.rows, columns, io)) io.out(line);
  const versions = reply.snapshots.map(({ dataset, version }) => `${dataset}@v${version}`).join(', ');
  io.say(
    `${countText(reply.rows.length)} rows${reply.truncated ? ' and more (--limit)' : ''} in ${secondsText(reply.seconds)}${versions === '' ? '' : ` from ${versions}`}`,
  );
  return 0;
};

const FORMATS: Readonly<Record<string, ExportFormat>> = {
  parquet: 'parquet',
  pq: 'parquet',
  csv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  arrow: 'arrow',
  feather: 'arrow',
};

/** `slipway data export <what> <file>`: the file appears when it is whole. */
export const exportRows: CommandRun = async ({ args, options, io }) => {
  const [what, file] = args as [string, string];
  const format = FORMATS[file.split('.').at(-1)!.toLowerCase()];
  if (format === undefined)
    throw usageError(`'${file}' does not say a format`, 'End it with .parquet, .csv, .ndjson or .arrow.');
  const sql = /\s/.test(what.trim()) ? what : `SELECT * FROM "${what.replaceAll('"', '')}"`;
  const connection = await connect(options as CommonOptions);
  const reply = await sendRaw(connection, EXPORT_PATH, {
    body: JSON.stringify({ sql, format }),
    headers: { 'content-type': 'application/json' },
  });
  const partial = `${file}.partial`;
  try {
    await pipeline(Readable.fromWeb(reply.body as never), createWriteStream(partial));
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  const rows = Number(reply.headers.get('x-slipway-rows') ?? 0);
  if (options['json'] === true) io.out(JSON.stringify({ file, format, rows }));
  else io.say(`wrote ${countText(rows)} rows to ${file}`);
  return 0;
};

interface SplitOptions extends CommonOptions {
  readonly method?: SplitRule['method'];
  readonly parts?: string;
  readonly column?: string;
  readonly identity?: string;
  readonly gap?: string;
  readonly seed?: string;
  readonly version?: string;
  readonly remove?: boolean;
}

/** `slipway data split <name> [split]`. */
export const split: CommandRun = async ({ args, options, io }) => {
  const [name, wanted] = args as [string, string?];
  const given = options as SplitOptions;
  const rule = ruleOf(given);
  const { client } = await connect(given);
  if (wanted === undefined) {
    const { items } = await client.call('listSplits', { params: { name } });
    if (given.json) io.out(JSON.stringify(items));
    else for (const item of items) showSplit(item, io);
    return 0;
  }
  if (given.remove) {
    const removed = await client.call('removeSplit', { params: { name, split: wanted } });
    if (given.json) io.out(JSON.stringify(removed));
    else io.say(`removed ${wanted}`);
    return 0;
  }
  const body = {
    name: wanted,
    rule,
    ...(given.version === undefined ? {} : { version: readVersion(given.version) }),
  };
  const detail = await client.call('createSplit', { params: { name }, body });
  if (given.json) io.out(JSON.stringify(detail));
  else showSplit(detail, io);
  return detail.proofs[0]?.verdict === 'fail' ? 6 : 0;
};

function ruleOf(given: SplitOptions): SplitRule {
  const parts = Object.fromEntries(
    splitList(given.parts ?? 'train=0.8,test=0.2').map((entry) => {
      const [part, share] = entry.split('=') as [string, string?];
      if (share === undefined || !(Number(share) > 0))
        throw usageError(`--parts '${entry}' is no part=share`, 'Write e.g. train=0.8,test=0.2.');
      return [part, Number(share)];
    }),
  );
  return {
    method: given.method ?? 'random',
    parts,
    ...(given.column === undefined ? {} : { column: given.column }),
    ...(given.identity === undefined ? {} : { identity: splitList(given.identity) }),
    ...(given.gap === undefined ? {} : { gapSeconds: readSeconds('--gap', given.gap) }),
    ...(given.seed === undefined ? {} : { seed: readWhole('--seed', given.seed, 0) }),
  };
}

function showSplit(detail: SplitDetail, io: Io): void {
  const [proof] = detail.proofs;
  io.out(
    `${io.paint('bold', detail.name)}  ${detail.rule.method}${detail.rule.column === undefined ? '' : ` by ${detail.rule.column}`}`,
  );
  if (proof === undefined) return;
  const lines = tableLines(
    proof.parts,
    [
      { title: 'PART', value: (row) => row.part },
      { title: 'ROWS', value: (row) => countText(row.rows), align: 'right' },
      { title: 'SHARE', value: (row) => `${(row.share * 100).toFixed(1)} %`, align: 'right' },
      { title: 'FINGERPRINT', value: (row) => row.fingerprint },
    ],
    io,
  );
  for (const line of lines) io.out(line);
  const { exactDuplicates, nearDuplicates, groupsAcross, leftOut } = proof;
  io.out(
    `v${proof.version}: ${proof.verdict}; equal rows across ${countText(exactDuplicates)}, nearly equal pairs across ${countText(nearDuplicates.pairs)}${groupsAcross === null ? '' : `, groups across ${countText(groupsAcross)}`}, left out ${countText(leftOut)}`,
  );
  for (const reason of proof.reasons) io.say(reason);
}

/** `slipway data join <name> <left> <right>`. */
export const join: CommandRun = async ({ args, options, io }) => {
  const [name, left, right] = args as [string, string, string];
  const given = options as unknown as CommonOptions & {
    on: string;
    leftTime: string;
    rightTime: string;
    rightKnown?: string;
    maxAge?: string;
  };
  const { client } = await connect(given);
  const body = {
    ...{ name, left, right, on: splitList(given.on), leftTime: given.leftTime, rightTime: given.rightTime },
    ...(given.rightKnown === undefined ? {} : { rightKnown: given.rightKnown }),
    ...(given.maxAge === undefined ? {} : { maxAgeSeconds: readSeconds('--max-age', given.maxAge) }),
  };
  const made = await client.call('joinDatasets', { body });
  if (given.json) io.out(JSON.stringify(made));
  else
    io.out(
      `${made.dataset} v${made.version}  ${countText(made.rows)} rows, ${countText(made.unmatched)} without a match, ${made.columns.length} columns`,
    );
  return 0;
};

/** `slipway secrets set <name>`: the value never stands on a command line, where others can read it. */
export const setSecret: CommandRun = async ({ args, options, io }) => {
  if (process.stdin.isTTY) io.say('Type the value, end with Ctrl-D:');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const value = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (value === '')
    throw usageError(
      'no value came on stdin',
      'Pipe it in: printf %s "$VALUE" | slipway secrets set <name>.',
    );
  const { client } = await connect({ ...(options as CommonOptions), start: { anyPort: true } });
  const stored = await client.call('setSecret', { body: { name: args[0]!, value } });
  if (options['json'] === true) io.out(JSON.stringify(stored));
  else io.say(`stored; refer to it as store:${stored.name}`);
  return 0;
};

/** `slipway secrets ls`. */
export const listSecrets: CommandRun = async ({ options, io }) => {
  const { client } = await connect(options as CommonOptions);
  const { items } = await client.call('listSecrets');
  if (options['json'] === true) io.out(JSON.stringify(items));
  else for (const { name } of items) io.out(name);
  return 0;
};

/** `slipway secrets rm <name>`. */
export const removeSecret: CommandRun = async ({ args, options, io }) => {
  const { client } = await connect(options as CommonOptions);
  const removed = await client.call('removeSecret', { params: { name: args[0]! } });
  if (options['json'] === true) io.out(JSON.stringify(removed));
  else io.say(`removed ${removed.removed}`);
  return 0;
};
