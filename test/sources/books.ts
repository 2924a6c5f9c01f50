import { expect } from 'vitest';
import type { FeedingHarness } from '../feeding-harness.ts';

/** The books of a data set's newest version: loaded + quarantined = rows of the source, and so many of them. */
export async function expectBooks(
  h: FeedingHarness,
  dataset: string,
  expected: { sourceRows: number; quarantined?: number },
): Promise<void> {
  const { version } = await h.feeding.get(dataset);
  const { loaded, quarantined, sourceRows } = await h.feeding.snapshot(dataset, version);
  const kept = expected.quarantined ?? 0;
  expect({ loaded, quarantined, sourceRows }).toEqual({
    loaded: expected.sourceRows - kept,
    quarantined: kept,
    sourceRows: expected.sourceRows,
  });
}
