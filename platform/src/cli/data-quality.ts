import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ContractBody } from '../contracts/data-contracts.ts';
import type { QuarantineItem } from '../contracts/data-loads.ts';
import { pathOf, QUARANTINE_EXPORT_PATH } from '../contracts/routes.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { connect } from './connect.ts';
import { getRaw } from './data-raw.ts';
import { usageError } from './failure.ts';
import { countText } from './format.ts';
import { readWhole } from './launch-options.ts';
import { tableLines } from './table.ts';

interface QuarantineOptions extends CommonOptions {
  readonly reason?: string;
  readonly column?: string;
  readonly status?: QuarantineItem['status'];
  readonly id?: readonly string[];
  readonly fix?: string;
  readonly replay?: boolean;
  readonly release?: boolean;
  readonly discard?: boolean;
  readonly export?: string;
  readonly limit?: string;
}

/** `slipway data quarantine <name>`. */
export const quarantine: CommandRun = async ({ args, options, io }) => {
  const given = options as QuarantineOptions;
  const params = { name: args[0]! };
  const acts = (['replay', 'release', 'discard'] as const).filter((act) => given[act] === true);
  if (acts.length > 1)
    throw usageError(`--${acts.join(' and --')} contradict each other`, 'Give one of them.');
  if (given.fix !== undefined && given.id?.length !== 1)
    throw usageError('--fix needs the one row it is about', 'Name it with --id; the list shows ids.');
  const connection = await connect(given);
  const { client } = connection;
  if (given.export !== undefined) {
    const reply = await getRaw(connection, pathOf(QUARANTINE_EXPORT_PATH, params));
    await pipeline(Readable.fromWeb(reply.body as never), createWriteStream(given.export));
    io.say(`wrote ${given.export}`);
    return 0;
  }
  if (given.fix !== undefined) {
    await client.call('fixQuarantine', { params, body: { fixes: [{ id: given.id![0]!, text: given.fix }] } });
    if (acts.length === 0) {
      io.say('fixed; --replay loads it');
      return 0;
    }
  }
  const [action] = acts;
  if (action !== undefined) {
    const which = {
      ...(given.id === undefined ? {} : { ids: [...given.id] }),
      ...(given.reason === undefined ? {} : { reason: given.reason }),
    };
    const result = await client.call('actOnQuarantine', { params, body: { action, ...which } });
    if (given.json) io.out(JSON.stringify(result));
    else
      io.out(
        action === 'discard'
          ? `${countText(result.discarded)} rows discarded`
          : `${countText(result.loaded)} rows went into ${result.version === null ? 'no version' : `v${result.version}`}, ${countText(result.stillHeld)} are still held`,
      );
    return 0;
  }
  const query = {
    limit: given.limit === undefined ? 50 : readWhole('--limit', given.limit, 1),
    ...(given.reason === undefined ? {} : { reason: given.reason }),
    ...(given.column === undefined ? {} : { column: given.column }),
    ...(given.status === undefined ? {} : { status: given.status }),
  };
  const page = await client.call('listQuarantine', { params, query });
  if (given.json) {
    io.out(JSON.stringify(page));
    return 0;
  }
  const columns = [
    { title: 'ID', value: (row: QuarantineItem) => row.id },
    { title: 'STATUS', value: (row: QuarantineItem) => row.status },
    { title: 'RECORD', value: (row: QuarantineItem) => row.record, align: 'right' as const },
    { title: 'REASON', value: (row: QuarantineItem) => row.reason },
    { title: 'COLUMN', value: (row: QuarantineItem) => row.column },
    { title: 'MESSAGE', value: (row: QuarantineItem) => row.message },
    { title: 'TEXT', value: (row: QuarantineItem) => (row.fixedText ?? row.text).trimEnd().slice(0, 120) },
  ];
  for (const line of tableLines(page.items, columns, io)) io.out(line);
  io.say(
    page.total === 0
      ? 'nothing was kept back'
      : `${countText(page.items.length)} of ${countText(page.total)}`,
  );
  return 0;
};

/** `slipway data contract <name>`: prints what --set takes. */
export const contract: CommandRun = async ({ args, options, io }) => {
  const {
    set,
    try: only,
    history,
    json,
    ...common
  } = options as CommonOptions & { set?: string; try?: boolean; history?: boolean };
  const params = { name: args[0]! };
  const { client } = await connect(common);
  const detail = await client.call('getContract', { params });
  if (set === undefined) {
    if (history && !json)
      for (const { version, origin, changes } of detail.history)
        io.out(`v${version}\t${origin}\t${changes.join('; ')}`);
    else
      io.out(
        history ? JSON.stringify(detail.history) : JSON.stringify(detail.current.body, null, json ? 0 : 2),
      );
    return 0;
  }
  const body = await readContract(set);
  if (only) {
    const trial = await client.call('tryContract', { params, body });
    if (json) io.out(JSON.stringify(trial));
    else {
      for (const { column, rule, rows, examples } of trial.violations)
        io.out([column, rule, countText(rows), examples.join(' · ')].join('\t'));
      io.say(
        trial.violations.length === 0 ? `all ${countText(trial.rows)} rows keep it` : 'nothing was changed',
      );
    }
    return 0;
  }
  const changed = await client.call('editContract', {
    params,
    body: { body, basedOn: detail.current.version },
  });
  if (json) io.out(JSON.stringify(changed));
  else if (changed.version === detail.current.version) io.say('nothing changed');
  else for (const change of changed.changes) io.out(change);
  return 0;
};

async function readContract(path: string): Promise<ContractBody> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ContractBody;
  } catch (error) {
    throw usageError(
      `${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
      'Write it with `slipway data contract <name> > contract.json`.',
    );
  }
}
