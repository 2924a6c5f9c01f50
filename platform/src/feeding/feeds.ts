import type { DatasetSource, LoadOptions, ScheduleSpec, SourceSpec } from '../contracts/data-loads.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { Tx } from '../ports/transaction.ts';
import { type FeedingContext, requireDataset } from './context.ts';
import type { Feed } from './feed.ts';
import { refuseCredentials } from './source-address.ts';

const NO_FEED: Feed = {
  ...{ spec: null, options: {}, schedule: null, position: null },
  ...{ lastLoadAt: null, nextLoadAt: null, failures: 0, lastError: null },
};
const NAME = 'source';
const BACKOFF_SECONDS_MAX = 3600;

export async function feedOf(deps: FeedingContext, dataset: string): Promise<Feed | undefined> {
  return (await deps.records.get<Feed>('feed', dataset, NAME))?.body;
}

/** Changes a feed inside a transaction; the read before it is safe because one load of a data set runs at a time. */
export async function saveFeed(
  deps: FeedingContext,
  tx: Tx,
  dataset: string,
  change: (feed: Feed) => Feed,
): Promise<void> {
  const body = change(deps.feedCache.get(dataset) ?? NO_FEED);
  await deps.records.put(tx, 'feed', { dataset, name: NAME, body, at: deps.clock.now() });
}

/** After a transaction that saved a feed: what is remembered is what was committed. */
export async function refreshFeed(deps: FeedingContext, dataset: string): Promise<void> {
  const feed = await feedOf(deps, dataset);
  if (feed === undefined) deps.feedCache.delete(dataset);
  else deps.feedCache.set(dataset, feed);
}

async function changeFeed(
  deps: FeedingContext,
  dataset: string,
  work: (tx: Tx) => Promise<void>,
): Promise<void> {
  await deps.transactor.transaction(work);
  await refreshFeed(deps, dataset);
}

/** Feeds of all data sets, read once at the start: the schedule asks every second. */
export async function openFeeds(deps: FeedingContext): Promise<void> {
  for (const { dataset, body } of await deps.records.list<Feed>('feed')) deps.feedCache.set(dataset, body);
}

export function feedDetail(feed: Feed | undefined): DatasetSource | null {
  if (feed === undefined || feed.spec === null) return null;
  return { ...feed, spec: feed.spec, position: feed.position as DatasetSource['position'] };
}

/** Where a data set is to feed from. */
export interface RememberedSource {
  readonly spec: SourceSpec;
  readonly options: LoadOptions;
  /** Undefined: as it was. */
  readonly schedule?: ScheduleSpec | null;
}

/** The feed with another source; how far it was read stays only when it is the same source. */
export function feedFrom(deps: FeedingContext, feed: Feed, source: RememberedSource): Feed {
  const { spec, options } = source;
  refuseCredentials(spec.uri);
  const schedule = source.schedule === undefined ? feed.schedule : source.schedule;
  const position = positionOf(feed, spec);
  return { ...feed, spec, options, schedule, position, nextLoadAt: nextAt(deps, schedule, 0) };
}

/** How far a source was read; null when another one was. */
export function positionOf(feed: Feed | undefined, spec: SourceSpec): Feed['position'] {
  return JSON.stringify(feed?.spec) === JSON.stringify(spec) ? (feed?.position ?? null) : null;
}

export async function setSchedule(
  deps: FeedingContext,
  dataset: string,
  schedule: ScheduleSpec | null,
): Promise<DatasetSource> {
  await requireDataset(deps, dataset);
  const feed = deps.feedCache.get(dataset);
  if (feed?.spec == null) {
    throw new SlipwayError('SOURCE_NOT_STORED', {
      message: `${dataset} has no stored source to feed from`,
      fix: `Load it from one: \`slipway data add ${dataset} <source> --every 1h\`.`,
      details: { dataset },
    });
  }
  await changeFeed(deps, dataset, async (tx) => {
    await saveFeed(deps, tx, dataset, (known) => ({
      ...known,
      ...{ schedule, failures: 0, nextLoadAt: nextAt(deps, schedule, 0) },
    }));
    const data = { everySeconds: schedule?.everySeconds ?? null, paused: schedule?.paused ?? false };
    await deps.events.append(tx, { type: 'dataset.schedule', subject: `datasets/${dataset}`, data });
  });
  return feedDetail(deps.feedCache.get(dataset))!;
}

/** Data sets whose time has come. */
export function dueFeeds(deps: FeedingContext): string[] {
  const now = deps.clock.now();
  return [...deps.feedCache]
    .filter(([, { nextLoadAt, spec }]) => spec !== null && nextLoadAt !== null && nextLoadAt <= now)
    .map(([dataset]) => dataset);
}

/** Records how a load from the stored source ended, and when the next is due: later after each failure in a row, up to an hour. */
export async function noteLoad(deps: FeedingContext, dataset: string, error: string | null): Promise<void> {
  if (!deps.feedCache.has(dataset)) return;
  await changeFeed(deps, dataset, (tx) =>
    saveFeed(deps, tx, dataset, (feed) => {
      const failures = error === null ? 0 : feed.failures + 1;
      return {
        ...feed,
        ...{ failures, lastError: error, lastLoadAt: deps.clock.now() },
        nextLoadAt: nextAt(deps, feed.schedule, failures),
      };
    }),
  );
}

/** A load that failed is an event of its data set, that pipelines and people can act on. */
export async function tellFailure(deps: FeedingContext, dataset: string, message: string): Promise<void> {
  await deps.transactor.transaction((tx) =>
    deps.events.append(tx, { type: 'load.failed', subject: `datasets/${dataset}`, data: { message } }),
  );
}

function nextAt(deps: FeedingContext, schedule: ScheduleSpec | null, failures: number): number | null {
  if (schedule === null || schedule.paused === true) return null;
  const wait = Math.max(
    schedule.everySeconds,
    Math.min(BACKOFF_SECONDS_MAX, schedule.everySeconds * 2 ** Math.min(20, failures)),
  );
  return deps.clock.now() + wait * 1000;
}
