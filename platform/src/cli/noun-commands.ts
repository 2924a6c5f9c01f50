import { systemClock } from '../kernel/clock.ts';
import { LIMITS } from '../kernel/limits.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { connect } from './connect.ts';
import { usageError } from './failure.ts';
import { NOUNS } from './nouns.ts';
import { tableLines } from './table.ts';

interface ListOptions extends CommonOptions {
  readonly limit?: string;
  readonly cursor?: string;
}

export function list(word: string): CommandRun {
  return async ({ options, io }) => {
    const { limit, cursor, ...common } = options as ListOptions;
    const query = { limit: readLimit(limit), ...(cursor === undefined ? {} : { cursor }) };
    const { client } = await connect(common);
    const noun = NOUNS[word]!;
    const page = await noun.list(client, query);
    if (common.json) {
      io.out(JSON.stringify(page));
      return 0;
    }
    for (const line of tableLines(page.items, noun.columns(systemClock.now()), io)) io.out(line);
    if (page.items.length === 0) io.say('none yet');
    if (page.nextCursor !== undefined) io.say(`more: --cursor ${page.nextCursor}`);
    return 0;
  };
}

export function show(word: string): CommandRun {
  return async ({ args, options, io }) => {
    const { client } = await connect(options as CommonOptions);
    const { detail, lines } = await NOUNS[word]!.show(client, args[0]!, io);
    if (options['json'] === true) io.out(JSON.stringify(detail));
    else for (const line of lines) io.out(line);
    return 0;
  };
}

export function remove(word: string): CommandRun {
  return async ({ args, options, io }) => {
    const { client } = await connect(options as CommonOptions);
    const removed = await NOUNS[word]!.remove!(client, args[0]!);
    if (options['json'] === true) io.out(JSON.stringify(removed));
    else io.say(`removed ${removed.removed}`);
    return 0;
  };
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return LIMITS.pageItemsDefault;
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= LIMITS.pageItemsMax) return limit;
  throw usageError(
    `--limit '${text}' is not a number from 1 to ${LIMITS.pageItemsMax}`,
    'Write e.g. --limit 50.',
  );
}
