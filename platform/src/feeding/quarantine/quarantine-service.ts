import type {
  QuarantineAction,
  QuarantineFix,
  QuarantineItem,
  QuarantinePage,
  QuarantineQuery,
  QuarantineResult,
} from '../../contracts/data-loads.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { type FeedingContext, inFolder, requireDataset } from '../context.ts';
import { publishLoad } from '../loads/load-service.ts';
import type { RecordShape } from '../types.ts';
import { type HeldItem, heldItems, statusOf } from './held-items.ts';
import { stageHeld } from './stage-held.ts';

const TEXT_CHARS = 20_000;
const PAGE_DEFAULT = 50;
/** Rows that one action takes; more are done in several. */
export const ACTION_ROWS_MAX = 100_000;

export async function listQuarantine(
  deps: FeedingContext,
  dataset: string,
  query: QuarantineQuery,
): Promise<QuarantinePage> {
  await requireDataset(deps, dataset);
  const limit = query.limit ?? PAGE_DEFAULT;
  const from = query.cursor === undefined ? 0 : Number(query.cursor);
  if (!Number.isSafeInteger(from) || from < 0) {
    throw new SlipwayError('USAGE', {
      message: `'${query.cursor}' is not a cursor of this list`,
      fix: 'Send nextCursor of the page before, unchanged.',
    });
  }
  const items: QuarantineItem[] = [];
  const reasons = new Map<string, number>();
  let total = 0;
  for await (const item of heldItems(deps, dataset)) {
    if (query.version !== undefined && item.part.version !== query.version) continue;
    if (query.status !== undefined && statusOf(item) !== query.status) continue;
    if (query.column !== undefined && item.record.column !== query.column) continue;
    reasons.set(item.record.reason, (reasons.get(item.record.reason) ?? 0) + 1);
    if (query.reason !== undefined && item.record.reason !== query.reason) continue;
    if (total >= from && items.length < limit) items.push(itemOf(item));
    total++;
  }
  return {
    items,
    total,
    ...(from + items.length < total ? { nextCursor: String(from + items.length) } : {}),
    reasons: [...reasons]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1)),
  };
}

export function itemOf(item: HeldItem): QuarantineItem {
  const { part, record, position, mark } = item;
  const shape = JSON.parse(part.source) as RecordShape;
  return {
    id: `${part.digest}:${position}`,
    version: part.version,
    record: record.record,
    byteOffset: record.byteOffset,
    reason: record.reason,
    message: record.message,
    ...(record.column === undefined ? {} : { column: record.column }),
    contractVersion: part.contractVersion,
    source: record.source ?? shape.uri,
    status: statusOf(item),
    text: record.bytes.toString('utf8', 0, TEXT_CHARS * 4).slice(0, TEXT_CHARS),
    ...(mark?.fixed == null ? {} : { fixedText: mark.fixed }),
  };
}

/** Stores what people made of rows. A row that went in already is not changed any more. */
export async function fixQuarantine(
  deps: FeedingContext,
  dataset: string,
  { fixes }: QuarantineFix,
): Promise<{ fixed: number }> {
  const texts = new Map(fixes.map(({ id, text }) => [id, text]));
  const found = await pick(deps, dataset, { ids: [...texts.keys()] });
  const marks = found.map(({ part, position }) => ({
    ...{ digest: part.digest, position, status: 'fixed' as const, version: null },
    fixed: texts.get(`${part.digest}:${position}`)!,
  }));
  await deps.transactor.transaction(async (tx) => {
    await deps.quarantine.mark(tx, dataset, marks, deps.clock.now());
    const data = { rows: marks.length };
    await deps.events.append(tx, { type: 'quarantine.fixed', subject: `datasets/${dataset}`, data });
  });
  return { fixed: marks.length };
}

/** Rows still held, by id or by reason. Naming a row that is not there is an error; one that went in already is passed over. */
async function pick(
  deps: FeedingContext,
  dataset: string,
  which: { readonly ids?: readonly string[]; readonly reason?: string },
): Promise<HeldItem[]> {
  await requireDataset(deps, dataset);
  const wanted = which.ids === undefined ? undefined : new Set(which.ids);
  const found: HeldItem[] = [];
  for await (const item of heldItems(deps, dataset)) {
    const named = wanted?.delete(`${item.part.digest}:${item.position}`) ?? false;
    if (wanted !== undefined && !named) continue;
    if (which.reason !== undefined && item.record.reason !== which.reason) continue;
    const status = statusOf(item);
    if ((status === 'held' || status === 'fixed') && found.length < ACTION_ROWS_MAX) found.push(item);
  }
  const [unknown] = wanted ?? [];
  if (unknown !== undefined) {
    throw new SlipwayError('QUARANTINE_NOT_FOUND', {
      message: `${dataset} has no kept-back row '${unknown.slice(0, 100)}'`,
      fix: `List them: \`slipway data quarantine ${dataset}\`.`,
      details: { id: unknown },
    });
  }
  return found;
}

/**
 * Replays, releases or discards rows. Replaying twice loads nothing twice: what went in is marked in the transaction that publishes
 * it.
 */
export async function actOnQuarantine(
  deps: FeedingContext,
  dataset: string,
  action: QuarantineAction,
): Promise<QuarantineResult> {
  return deps.locks.run(dataset, async () => {
    const items = await pick(deps, dataset, action);
    const how = action.action;
    if (how === 'discard') return discard(deps, dataset, items);
    if (items.length === 0) return { version: null, loaded: 0, stillHeld: 0, discarded: 0 };
    return inFolder(deps, 'held', async (folder) => {
      const staged = await stageHeld(deps, { dataset, items, action: how, folder });
      const version = await deps.transactor.transaction(async (tx) => {
        if (staged.load === undefined) return null;
        const published = await publishLoad(deps, tx, staged.load);
        const marks = staged.taken.map(({ part, position, mark }) => ({
          ...{ digest: part.digest, position, fixed: mark?.fixed ?? null, version: published.version },
          status: how === 'replay' ? ('replayed' as const) : ('released' as const),
        }));
        await deps.quarantine.mark(tx, dataset, marks, deps.clock.now());
        const data = { rows: marks.length, version: published.version };
        await deps.events.append(tx, {
          type: `quarantine.${how === 'replay' ? 'replayed' : 'released'}`,
          subject: `datasets/${dataset}`,
          data,
        });
        return published.version;
      });
      const loaded = staged.taken.length;
      return { version, loaded, stillHeld: items.length - loaded, discarded: 0 };
    });
  });
}

async function discard(
  deps: FeedingContext,
  dataset: string,
  items: readonly HeldItem[],
): Promise<QuarantineResult> {
  const marks = items.map(({ part, position, mark }) => ({
    ...{
      digest: part.digest,
      position,
      status: 'discarded' as const,
      fixed: mark?.fixed ?? null,
      version: null,
    },
  }));
  await deps.transactor.transaction(async (tx) => {
    await deps.quarantine.mark(tx, dataset, marks, deps.clock.now());
    const data = { rows: marks.length };
    await deps.events.append(tx, { type: 'quarantine.discarded', subject: `datasets/${dataset}`, data });
  });
  return { version: null, loaded: 0, stillHeld: 0, discarded: marks.length };
}
