import {
  QueryClient,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { ApiError, createClient } from '../../../platform/src/contracts/client.ts';
import type { InputOf, QueryOf, ReplyOf } from '../../../platform/src/contracts/operations.ts';
import type { OperationId } from '../../../platform/src/contracts/routes.ts';

export { ApiError };

export const client = createClient({ baseUrl: '' });

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays a refusal; only what may pass is asked again.
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
    },
  },
});

/** What a panel needs to know of a query to show it as it stands. */
export interface Shown<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly dataUpdatedAt: number;
  readonly refetch: () => unknown;
}

type LooseCall = (operation: OperationId, input: unknown, options: unknown) => Promise<never>;
const call = client.call as LooseCall;

/** A query of one operation; live events invalidate it by the operation's name. */
export function useOperation<Id extends OperationId>(
  operation: Id,
  input: InputOf<Id>,
  options: { readonly refetchMs?: number; readonly enabled?: boolean } = {},
): UseQueryResult<ReplyOf<Id>, Error> {
  return useQuery<ReplyOf<Id>, Error>({
    queryKey: [operation, input],
    queryFn: ({ signal }) => call(operation, input, { signal }),
    ...(options.refetchMs === undefined ? {} : { refetchInterval: options.refetchMs }),
    enabled: options.enabled ?? true,
  });
}

/** Operations that answer in pages. */
type PagedId = {
  [Id in OperationId]: QueryOf<Id> extends { cursor?: string } | undefined
    ? undefined extends QueryOf<Id>
      ? never
      : Id
    : never;
}[OperationId];
type ItemOf<Id extends PagedId> = ReplyOf<Id> extends { items: (infer T)[] } ? T : never;

export interface List<T> {
  readonly items: readonly T[];
  /** Fetches the next page; absent when all items are here. */
  readonly more?: () => void;
}

const PAGE_ITEMS = 200;

/** A list, newest first, page by page: nothing is left out silently, and what has not come yet is asked for by `more`. */
export function useList<Id extends PagedId>(
  operation: Id,
  query: Omit<QueryOf<Id> & object, 'cursor' | 'limit'>,
  options: { readonly refetchMs?: number } = {},
): Shown<List<ItemOf<Id>>> {
  const pages = useInfiniteQuery({
    queryKey: [operation, query, 'pages'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }): Promise<{ items: ItemOf<Id>[]; nextCursor?: string }> =>
      call(operation, { query: { ...query, limit: PAGE_ITEMS, cursor: pageParam } }, { signal }),
    getNextPageParam: (last) => last.nextCursor,
    ...(options.refetchMs === undefined ? {} : { refetchInterval: options.refetchMs }),
  });
  return {
    data:
      pages.data === undefined
        ? undefined
        : {
            items: pages.data.pages.flatMap((page) => page.items),
            ...(pages.hasNextPage ? { more: () => void pages.fetchNextPage() } : {}),
          },
    error: pages.error,
    dataUpdatedAt: pages.dataUpdatedAt,
    refetch: pages.refetch,
  };
}

/** Fetches one operation's answers again, wherever they are shown. */
export function useRefresh(): (operation: OperationId) => void {
  const queries = useQueryClient();
  return (operation) => void queries.invalidateQueries({ queryKey: [operation] });
}
