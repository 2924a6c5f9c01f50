import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type {
  QuarantineItem,
  QuarantinePage,
  QuarantineStatus,
} from '../../../../platform/src/contracts/data-loads.ts';
import { client, useOperation } from '../../api/api.ts';

export type Wanted = 'waiting' | 'all' | QuarantineStatus;

export const isWaiting = ({ status }: QuarantineItem) => status === 'held' || status === 'fixed';

/** What replaying, releasing or discarding rows makes stale. */
export const CHANGED_BY_ACTION = ['listQuarantine', 'getDataset', 'listDatasets'] as const;

const PAGE_ITEMS = 200;

export interface QuarantineList {
  readonly items: readonly QuarantineItem[];
  readonly total: number;
  readonly more: (() => void) | undefined;
  readonly error: Error | null;
  readonly isLoading: boolean;
  readonly refetch: () => void;
}

/**
 * Rows that were kept back. Those that wait (held, or fixed and not yet replayed) are picked here out of all of them, so that a row
 * keeps its place when it is fixed.
 */
export function useQuarantine(name: string, wanted: Wanted, reason: string | undefined): QuarantineList {
  const query = {
    ...(wanted === 'waiting' || wanted === 'all' ? {} : { status: wanted }),
    ...(reason === undefined ? {} : { reason }),
  };
  const pages = useInfiniteQuery({
    queryKey: ['listQuarantine', name, query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }): Promise<QuarantinePage> =>
      client.call(
        'listQuarantine',
        {
          params: { name },
          query: { ...query, limit: PAGE_ITEMS, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        },
        { signal },
      ),
    getNextPageParam: (last) => last.nextCursor,
  });
  const all = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const items = wanted === 'waiting' ? all.filter(isWaiting) : all;
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  // A page of rows that all went in already shows nothing: the next one may.
  useEffect(() => {
    if (items.length < PAGE_ITEMS / 4 && hasNextPage && !isFetching) void fetchNextPage();
  }, [items.length, hasNextPage, isFetching, fetchNextPage]);
  return {
    items,
    total: pages.data?.pages[0]?.total ?? 0,
    more: hasNextPage ? () => void fetchNextPage() : undefined,
    error: pages.error,
    isLoading: pages.data === undefined,
    refetch: () => void pages.refetch(),
  };
}

/** How many rows wait, by reason. */
export function useReasons(name: string): readonly { readonly reason: string; readonly count: number }[] {
  const held = useOperation('listQuarantine', { params: { name }, query: { status: 'held', limit: 1 } });
  const fixed = useOperation('listQuarantine', { params: { name }, query: { status: 'fixed', limit: 1 } });
  const sums = new Map<string, number>();
  for (const { reason, count } of [...(held.data?.reasons ?? []), ...(fixed.data?.reasons ?? [])])
    sums.set(reason, (sums.get(reason) ?? 0) + count);
  return [...sums].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
