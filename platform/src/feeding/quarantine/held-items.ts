import type { QuarantineItem } from '../../contracts/data-loads.ts';
import type { FeedingContext } from '../context.ts';
import { type HeldRecord, readHeld } from '../loads/held-records.ts';
import type { QuarantineMark, QuarantinePart } from '../ports.ts';

/** A kept-back row, and what became of it. */
export interface HeldItem {
  readonly part: QuarantinePart;
  readonly position: number;
  readonly record: HeldRecord;
  readonly mark: QuarantineMark | undefined;
}

export function statusOf(item: HeldItem): QuarantineItem['status'] {
  return item.mark?.status ?? 'held';
}

/** All rows that were ever kept back, newest version first, one part's file at a time. */
export async function* heldItems(deps: FeedingContext, dataset: string): AsyncIterable<HeldItem> {
  const marks = new Map(
    (await deps.quarantine.marks(dataset)).map((mark) => [`${mark.digest}:${mark.position}`, mark]),
  );
  for (const part of await deps.quarantine.parts(dataset)) {
    let position = 0;
    for await (const record of readHeld(await deps.blobs.localPath(part.digest))) {
      yield { part, position, record, mark: marks.get(`${part.digest}:${position}`) };
      position++;
    }
  }
}
