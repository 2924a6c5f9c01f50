import { QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { ApiError, createClient } from '../../../platform/src/contracts/client.ts';
import type { InputOf, ReplyOf } from '../../../platform/src/contracts/operations.ts';
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

/** A query of one operation; live events invalidate it by the operation's name. */
export function useOperation<Id extends OperationId>(
  operation: Id,
  input: InputOf<Id>,
  options: { readonly refetchMs?: number; readonly enabled?: boolean } = {},
): UseQueryResult<ReplyOf<Id>, Error> {
  return useQuery<ReplyOf<Id>, Error>({
    queryKey: [operation, input],
    queryFn: ({ signal }) =>
      (client.call as (id: Id, input: unknown, options: unknown) => Promise<ReplyOf<Id>>)(operation, input, {
        signal,
      }),
    ...(options.refetchMs === undefined ? {} : { refetchInterval: options.refetchMs }),
    enabled: options.enabled ?? true,
  });
}
