import type { Page } from '../../contracts/common.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';

/** Position after the last item of a page: its sort time and id, so that inserts never shift what follows. */
export interface Cursor {
  readonly at: number;
  readonly id: string;
}

export function readCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  try {
    const [at, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown];
    if (typeof at === 'number' && typeof id === 'string') return { at, id };
  } catch {
    // Falls through to the one error for every unreadable cursor.
  }
  throw new SlipwayError('USAGE', {
    message: 'the cursor is not one of ours',
    fix: 'Send nextCursor of the page before, unchanged.',
  });
}

export function pageLimit(limit: number | undefined): number {
  return Math.min(limit ?? LIMITS.pageItemsDefault, LIMITS.pageItemsMax);
}

/** A page from `limit + 1` rows in order: the extra row only says that there is more. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  shape: { readonly item: (row: Row) => T; readonly cursor: (row: Row) => Cursor },
): Page<T> {
  const items = rows.slice(0, limit).map(shape.item);
  if (rows.length <= limit) return { items };
  const { at, id } = shape.cursor(rows[limit - 1]!);
  return { items, nextCursor: Buffer.from(JSON.stringify([at, id])).toString('base64url') };
}
